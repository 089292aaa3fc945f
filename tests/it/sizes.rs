//! Files and functions stay small enough to be read at one go.
//!
//! What is counted is code: the tests at the end of a file and whole-line comments are not. Functions are found by the
//! shape that rustfmt gives them: the line of the closing brace is indented as the line of `fn` is.

use crate::layers::sources;

const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 80;

#[test]
fn files_have_at_most_400_lines_of_code() {
    let long: Vec<String> = sources()
        .iter()
        .map(|file| (file.code.lines().filter(|line| !line.is_empty()).count(), &file.name))
        .filter(|(lines, _)| *lines > LONGEST_FILE)
        .map(|(lines, name)| format!("{name}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "split by idea: {long:#?}");
}

#[test]
fn functions_have_at_most_80_lines() {
    let mut long = Vec::new();
    for file in sources() {
        let functions = functions(&file.code);
        let too_long = functions.into_iter().filter(|(_, lines)| *lines > LONGEST_FUNCTION);
        long.extend(too_long.map(|(name, lines)| format!("{}: {name} has {lines} lines", file.name)));
    }
    assert!(long.is_empty(), "one level of thought per function: {long:#?}");
}

#[test]
fn functions_are_found_and_measured() {
    let code = "pub(crate) fn one() {}\nimpl X {\n    fn two(\n        a: u8,\n    ) -> u8 {\n        a\n    }\n    \
                fn declared(&self);\n}\nasync fn three() {\n    if x {\n    }\n}\n";
    let found: Vec<_> = functions(code).into_iter().map(|(name, lines)| format!("{name} {lines}")).collect();
    assert_eq!(found, ["one 1", "two 5", "declared 1", "three 4"]);
}

/// Returns the functions with the lines they take, from `fn` to the closing brace.
fn functions(code: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let measure = |(at, line): (usize, &&str)| {
        let name = name_of(line)?;
        let indent = line.len() - line.trim_start().len();
        let ends = |line: &str| {
            let is_as_deep = line.len() - line.trim_start().len() == indent && !line.trim().is_empty();
            is_as_deep && (line.trim_end().ends_with('}') || line.trim_end().ends_with(';'))
        };
        let length = lines[at..].iter().position(|line| ends(line))? + 1;
        Some((name, lines[at..at + length].iter().filter(|line| !line.is_empty()).count()))
    };
    lines.iter().enumerate().filter_map(measure).collect()
}

/// Returns the name of the function that a line begins.
fn name_of(line: &str) -> Option<String> {
    let mut rest = line.trim_start();
    if let Some(after) = rest.strip_prefix("pub") {
        rest = after.trim_start();
        if let Some(inside) = rest.strip_prefix('(') {
            rest = inside.split_once(')')?.1.trim_start();
        }
    }
    for word in ["const ", "async ", "extern \"C\" "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    Some(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}
