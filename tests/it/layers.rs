//! Who may import whom: the table of `docs/architecture.md`, held against the `crate::` paths of every source file.
//!
//! Paths that climb with `super::` stay inside a module or reach its own parents, and are not looked at. The tests
//! inside a file may import what they need.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A module of the top level, and those it may import besides itself.
pub(crate) const TABLE: &[(&str, &str)] = &[
    ("base", ""),
    ("records", "base"),
    ("state", "base records"),
    ("query", "base records state"),
    ("ops", "base records state query"),
    ("merge", "base records state"),
    ("store", "base"),
    ("index", "base records state query store"),
    ("session", "base records state query ops merge store index"),
    ("sync", "base records state query ops merge store session"),
    ("transfer", "base records state query ops"),
    ("integrations", "base records state query ops"),
    ("dispatch", "base records state query ops session sync"),
    ("hooks", "base records state query ops store session sync"),
    ("commands", "base records state query ops merge store index session sync transfer integrations dispatch hooks"),
    ("render", "base records state query commands"),
    ("cli", "base commands render session"),
    ("mcp", "base commands render session"),
    ("web", "base commands render session"),
    ("tui", "base commands render session"),
];

/// Libraries that one module wraps, so that nothing of theirs is named anywhere else.
const WRAPPED: &[(&str, &str)] = &[
    ("gix", "store"),
    ("rusqlite", "index"),
    ("serde_yaml", "records"),
    ("clap", "commands cli"),
    ("globset", "base"),
    ("indicatif", "render"),
];

#[test]
fn each_module_imports_only_those_below_it() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(module) = file.module() else { continue };
        let allowed = TABLE.iter().find(|(name, _)| *name == module);
        let Some((_, allowed)) = allowed else {
            wrong.push(format!("{}: the module {module} is not in the table", file.name));
            continue;
        };
        let allowed: BTreeSet<&str> = allowed.split(' ').chain([module.as_str()]).collect();
        let names = imported(&file.code);
        let odd = names.iter().filter(|name| !allowed.contains(name.as_str()));
        wrong.extend(odd.map(|name| format!("{} imports {name}", file.name)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn wrapped_libraries_are_named_in_one_place() {
    let mut wrong = Vec::new();
    for file in sources() {
        let module = file.module().unwrap_or_default();
        for (library, wrappers) in WRAPPED {
            let is_named = words(&file.code).any(|(word, next)| word == *library && next.starts_with("::"));
            if is_named && !wrappers.split(' ').any(|wrapper| wrapper == module) {
                wrong.push(format!("{} names {library}", file.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn git_is_started_by_the_store_and_only_render_prints() {
    let mut wrong = Vec::new();
    for file in sources() {
        let module = file.module().unwrap_or_default();
        if file.code.contains("(\"git\")") && module != "store" {
            wrong.push(format!("{} starts git", file.name));
        }
        let prints = ["println!(", "eprintln!(", "print!(", "eprint!("].iter().any(|print| file.code.contains(print));
        if prints && module != "render" {
            wrong.push(format!("{} prints", file.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn paths_are_found_in_every_form_of_import() {
    let code =
        "use crate::base::Id;\nuse crate::{records, state::{Event, query}, ops as o};\nlet x = crate::store::open();";
    assert_eq!(imported(code).into_iter().collect::<Vec<_>>(), ["base", "ops", "records", "state", "store"]);
    assert!(imported(&without_comments("//! See crate::nothing.\nlet crates = 1;")).is_empty());
}

/// A source file, without its tests and without comments.
pub(crate) struct Source {
    /// The path below `src`.
    pub(crate) name: String,
    pub(crate) code: String,
}

impl Source {
    /// Returns the module of the top level that the file belongs to; nothing for `lib.rs` and `main.rs`.
    fn module(&self) -> Option<String> {
        let first = self.name.split('/').next()?;
        let is_root = ["lib.rs", "main.rs"].contains(&first);
        (!is_root).then(|| first.trim_end_matches(".rs").to_owned())
    }
}

/// Returns all files of the program.
pub(crate) fn sources() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&top, &mut paths);
    assert!(paths.len() > 50, "where is the source? {}", top.display());
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a readable source file");
        let name = path.strip_prefix(&top).expect("below src").to_string_lossy().into_owned();
        Source { name, code: without_comments(without_tests(&text)) }
    };
    paths.into_iter().map(read).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|end| end == "rs") {
            paths.push(path);
        }
    }
}

/// The tests stand at the end of a file.
fn without_tests(text: &str) -> &str {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    &text[..end]
}

/// Drops whole-line comments: their words are no imports. A line stays a line.
fn without_comments(text: &str) -> String {
    let is_comment = |line: &str| line.trim_start().starts_with("//");
    text.lines().map(|line| if is_comment(line) { "\n".to_owned() } else { format!("{line}\n") }).collect()
}

/// Returns the modules of the top level that `crate::` paths name, also in `crate::{a, b::c}`.
fn imported(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + found.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(of_group(group)),
            None => {
                names.insert(first_word(rest));
            }
        }
    }
    names
}

/// Returns the first word of each item of a group, up to its closing brace.
fn of_group(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut is_start) = (1, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => is_start = true,
            c if is_start && !c.is_whitespace() => {
                names.push(first_word(&group[at..]));
                is_start = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Returns each word with what follows it.
fn words(code: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = code;
    std::iter::from_fn(move || {
        let start = rest.find(is_word)?;
        let word = &rest[start..];
        let end = word.find(|c| !is_word(c)).unwrap_or(word.len());
        rest = &word[end..];
        Some((&word[..end], rest))
    })
}
