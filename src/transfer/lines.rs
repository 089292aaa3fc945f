//! JSON lines: a file cut into its objects, and everything that is wrong with them told at once.

use std::io::{self, Read};

use serde_json::{Map, Value, json};

use crate::base::{Error, Result, text};

/// How many bytes are read at a time.
const PIECE: usize = 256 << 10;

/// The most bytes of a line. No record needs so many, and a file without line ends must not fill the memory.
const LONGEST: usize = 64 << 20;

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

/// Whole lines of a file, one after the other.
#[derive(Debug)]
pub struct Piece {
    /// How many lines stand before it in the file.
    pub before: usize,
    /// Its lines; nothing of one that is too long.
    pub bytes: Vec<u8>,
    /// Whether it is one line that is too long.
    pub is_too_long: bool,
}

impl Piece {
    /// Returns the objects of its lines, as [`objects`] does, with the numbers that the lines have in the file.
    pub fn objects(&self) -> impl Iterator<Item = (usize, Result<Map<String, Value>, String>)> {
        let too_long = self.is_too_long.then(|| (1, Err(format!("it is longer than {LONGEST} bytes"))));
        too_long.into_iter().chain(objects(&self.bytes)).map(|(line, object)| (self.before + line, object))
    }
}

/// A file cut into pieces of whole lines, however long it is.
pub struct Pieces<R> {
    from: R,
    rest: Vec<u8>,
    lines: usize,
}

impl<R: Read> Pieces<R> {
    /// Begins at the first line.
    pub fn new(from: R) -> Self {
        Pieces { from, rest: Vec::new(), lines: 0 }
    }

    /// Returns the next piece; nothing at the end.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        let mut is_too_long = false;
        loop {
            let old = self.rest.len();
            let read = (&mut self.from).take(PIECE as u64).read_to_end(&mut self.rest)?;
            let end = self.rest[old..].iter().rposition(|&byte| byte == b'\n').map(|at| old + at + 1);
            match end {
                // Of a line that is too long this is the end, and behind it may stand others.
                Some(_) if is_too_long => {
                    let end = self.rest.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
                    self.rest.drain(..end);
                    return Ok(Some(self.piece(Vec::new(), true)));
                }
                Some(end) => {
                    let rest = self.rest.split_off(end);
                    let bytes = std::mem::replace(&mut self.rest, rest);
                    return Ok(Some(self.piece(bytes, false)));
                }
                None if read == 0 && is_too_long => {
                    self.rest.clear();
                    return Ok(Some(self.piece(Vec::new(), true)));
                }
                None if read == 0 && self.rest.is_empty() => return Ok(None),
                None if read == 0 => {
                    let bytes = std::mem::take(&mut self.rest);
                    return Ok(Some(self.piece(bytes, false)));
                }
                None if is_too_long || self.rest.len() > LONGEST => {
                    is_too_long = true;
                    self.rest.clear();
                }
                None => {}
            }
        }
    }

    fn piece(&mut self, bytes: Vec<u8>, is_too_long: bool) -> Piece {
        let before = self.lines;
        self.lines += if is_too_long { 1 } else { bytes.iter().filter(|&&byte| byte == b'\n').count() };
        Piece { before, bytes, is_too_long }
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
    fn a_file_is_read_in_pieces_of_whole_lines() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(PIECE));
        let too_long = format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST + PIECE));
        let file = format!("{long}\n{{}}\n\n{too_long}\n{{}}\n{}{long}", "{}\n".repeat(PIECE));
        let mut pieces = Pieces::new(file.as_bytes());
        let mut found = Vec::new();
        while let Some(piece) = pieces.next_piece().expect("read") {
            assert!(piece.bytes.len() < 3 * PIECE, "{}", piece.bytes.len());
            found.extend(piece.objects().map(|(line, object)| (line, object.is_ok())));
        }
        let wanted = [1, 2].into_iter().chain(4..6 + PIECE + 1).map(|line| (line, line != 4));
        assert!(found.into_iter().eq(wanted));
        let mut ends_long = Pieces::new(too_long.as_bytes());
        assert!(ends_long.next_piece().expect("read").expect("a piece").is_too_long);
        assert!(ends_long.next_piece().expect("read").is_none());
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
