//! JSON lines: a file cut into its objects, and everything that is wrong with them told at once.

use serde_json::{Map, Value, json};

use crate::base::{Error, Result, text};

/// The most bad lines that an error lists; it counts them all.
const MOST_LISTED: usize = 20;

/// Returns the objects of a file, each with the number of its line, or what is wrong with the line.
///
/// Empty lines, a byte order mark and CR are passed over.
pub fn objects(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<Map<String, Value>, String>)> {
    bytes.split(|&byte| byte == b'\n').enumerate().filter_map(|(index, line)| {
        // Files that were joined with `cat` have the mark in their middle.
        let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line).trim_ascii();
        (!line.is_empty()).then(|| (index + 1, object(line)))
    })
}

fn object(line: &[u8]) -> Result<Map<String, Value>, String> {
    let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    match serde_json::from_str(line) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("it is not a JSON object".to_owned()),
        Err(error) => {
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            Err(format!("it is not JSON: {what} (column {})", error.column()))
        }
    }
}

/// The lines of a file that cannot be taken, with what is wrong with each.
#[derive(Debug, Default)]
pub struct BadLines {
    lines: Vec<(usize, String)>,
    total: usize,
    items: bool,
}

impl BadLines {
    /// Says that they are no lines but the items of an array.
    pub fn are_items(&mut self) {
        self.items = true;
    }

    /// Adds a line.
    pub fn add(&mut self, line: usize, message: impl Into<String>) {
        self.total += 1;
        self.lines.push((line, message.into()));
        // A fault may be found late in a line that stands early.
        self.lines.sort_by_key(|(line, _)| *line);
        self.lines.truncate(MOST_LISTED);
    }

    /// Refuses the file where there are any.
    ///
    /// # Errors
    /// `bad_line`, with the details `lines` (the first of them) and `total`.
    pub fn finish(self, doing: &str) -> Result<()> {
        let Some((line, message)) = self.lines.first() else { return Ok(()) };
        let unit = if self.items { "item" } else { "line" };
        let count = if self.total == 1 { format!("1 bad {unit}") } else { format!("{} bad {unit}s", self.total) };
        let shown = text::excerpt(message, 200);
        let list: Vec<Value> =
            self.lines.iter().map(|(line, message)| json!({ "line": line, "message": message })).collect();
        Err(Error::invalid("bad_line", format!("cannot {doing}: {count}, the first is {unit} {line}: {shown}"))
            .detail("lines", list)
            .detail("total", self.total)
            .hint("nothing was written; mend the lines and try again"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let file = "\u{feff}{\"a\":1}\r\n\r\n  \n{\"b\":2}\n[1]\nnope\n{\"c\":\"\u{1F980}\"}";
        let read: Vec<_> = objects(file.as_bytes()).map(|(line, object)| (line, object.is_ok())).collect();
        assert_eq!(read, [(1, true), (4, true), (5, false), (6, false), (7, true)]);
    }

    #[test]
    fn all_bad_lines_are_counted_and_the_first_ones_named() {
        let mut bad = BadLines::default();
        for line in (1..=30).rev() {
            bad.add(line, "odd");
        }
        let error = bad.finish("x").expect_err("bad");
        assert_eq!((error.code(), error.details()["total"].as_u64()), ("bad_line", Some(30)));
        let lines = error.details()["lines"].as_array().expect("a list");
        assert_eq!((lines.len(), lines[0]["line"].as_u64()), (MOST_LISTED, Some(1)));
        assert!(BadLines::default().finish("x").is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told_without_the_parsers_line_number() {
        let faults: Vec<_> =
            objects(b"{\"a\" 1}\n{\"a\":\"\xff\"}\n7\n").map(|(_, object)| object.expect_err("bad")).collect();
        assert_eq!(faults[0], "it is not JSON: expected `:` (column 6)");
        assert_eq!(faults[1..], ["it is not UTF-8", "it is not a JSON object"]);
    }
}
