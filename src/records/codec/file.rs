//! A file taken apart into front matter and body, and put together again.

use super::Fault;

const BOM: &str = "\u{feff}";

/// The two parts of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// The YAML between the two marker lines.
    pub(super) front: &'a str,
    /// What stands behind the second marker line, without the LF that ends the file.
    pub(super) body: &'a str,
}

/// Takes a file apart.
///
/// A marker line is `---`, with blanks or a CR behind it at most. Exactly one LF at the end is not part of the body;
/// where it is missing, the body is all that is there.
pub(super) fn split(text: &str) -> Result<Parts<'_>, Fault> {
    let text = text.strip_prefix(BOM).unwrap_or(text);
    let (first, rest) = line(text);
    if !is_marker(first) {
        return Err(Fault::at(1, "a record begins with a line `---`"));
    }
    let mut end = 0;
    while end < rest.len() {
        let (next, below) = line(&rest[end..]);
        if is_marker(next) {
            return Ok(Parts { front: &rest[..end], body: below.strip_suffix('\n').unwrap_or(below) });
        }
        end = rest.len() - below.len();
    }
    Err(Fault::new("a line `---` must end the front matter"))
}

/// Puts a file together.
pub(super) fn join(front: &str, body: &str) -> String {
    let mut file = String::with_capacity(front.len() + body.len() + 9);
    for part in ["---\n", front, "---\n", body, "\n"] {
        file.push_str(part);
    }
    file
}

/// The first line of a text without its LF, and what is below it.
fn line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

fn is_marker(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(file: &str) -> &str {
        split(file).expect(file).body
    }

    #[test]
    fn a_body_is_kept_byte_for_byte() {
        let hostile =
            ["", "\n", "\n\n", "x", "x\n", "---\n", "---\nkind: y\n---\n", "a\r\nb\r", " ", "\u{feff}x", "\0"];
        for text in hostile {
            let file = join("kind: x\n", text);
            assert_eq!(split(&file), Ok(Parts { front: "kind: x\n", body: text }), "{text:?}");
        }
    }

    #[test]
    fn one_final_newline_is_not_part_of_the_body_and_may_be_missing() {
        assert_eq!(body("---\na: b\n---\nx\n\n"), "x\n");
        assert_eq!(body("---\na: b\n---\nx\n"), "x");
        assert_eq!(body("---\na: b\n---\nx"), "x");
        assert_eq!(body("---\na: b\n---\n\n"), "");
        assert_eq!(body("---\na: b\n---\n"), "");
        assert_eq!(body("---\na: b\n---"), "");
        assert_eq!(body("---\r\na: b\r\n---\r\nx\r\n"), "x\r");
    }

    #[test]
    fn markers_may_have_a_bom_before_and_blanks_behind() {
        assert_eq!(split("\u{feff}---  \na: b\n--- \t\nx\n"), Ok(Parts { front: "a: b\n", body: "x" }));
        assert_eq!(split("---\n---\n"), Ok(Parts { front: "", body: "" }));
    }

    #[test]
    fn a_file_without_both_markers_is_no_record() {
        for file in
            ["", "a: b\n", "---", "---\na: b\n", "--- a\n---\n", "----\n---\n", "\n---\na: b\n---\n", " ---\n---\n"]
        {
            assert!(split(file).is_err(), "{file:?}");
        }
    }
}
