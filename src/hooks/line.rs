//! What git says is to be pushed: a ref in a line.

use crate::base::{Error, Result};
use crate::store::Oid;

/// A ref that is to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its name where it is moved.
    pub(super) name: String,
    /// Where it is; nothing where there is no such ref yet.
    pub(super) old: Option<Oid>,
    /// Where it is to be; nothing where it is to go.
    pub(super) new: Option<Oid>,
}

impl Line {
    /// Reads what `pre-push` is told: local name, local id, remote name, remote id. What is no such line is passed over.
    pub(super) fn of_push(input: &[u8]) -> Vec<Line> {
        let text = String::from_utf8_lossy(input).into_owned();
        let read = |line: &str| {
            // A name has no blanks, but what is pushed may be told in words that have.
            let mut words = line.rsplitn(4, ' ');
            let (old, name, new) = (words.next()?, words.next()?, words.next()?);
            Some(Line { name: name.to_owned(), old: id(old)?, new: id(new)? })
        };
        text.lines().filter_map(read).collect()
    }

    /// Reads what `pre-receive` is told: old id, new id, name.
    ///
    /// # Errors
    /// `bad_input` for what is no such line: nobody can judge it.
    pub(super) fn of_receive(input: &[u8]) -> Result<Vec<Line>> {
        let odd = || Error::invalid("bad_input", "cannot understand what is to be pushed");
        let text = String::from_utf8_lossy(input).into_owned();
        let read = |line: &str| {
            let mut words = line.splitn(3, ' ');
            let (old, new, name) = (words.next()?, words.next()?, words.next()?);
            Some(Line { name: name.to_owned(), old: id(old)?, new: id(new)? })
        };
        text.lines().map(|line| read(line).ok_or_else(odd)).collect()
    }
}

/// Returns an id, or nothing for the zeros that stand for none.
fn id(text: &str) -> Option<Option<Oid>> {
    let is_none = !text.is_empty() && text.bytes().all(|byte| byte == b'0');
    if is_none { Some(None) } else { text.parse().ok().map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_push_are_read() {
        let (one, two, none) = ("1".repeat(40), "2".repeat(40), "0".repeat(40));
        let oid = |text: &str| text.parse::<Oid>().ok();
        let input = format!(
            "refs/heads/main {one} refs/heads/main {two}\n(delete) {none} refs/heads/x {two}\nHEAD~1 {one} refs/heads/y {none}\nodd\n"
        );
        let lines = Line::of_push(input.as_bytes());
        let line = |name: &str, old: Option<Oid>, new: Option<Oid>| Line { name: name.into(), old, new };
        let wanted = [
            line("refs/heads/main", oid(&two), oid(&one)),
            line("refs/heads/x", oid(&two), None),
            line("refs/heads/y", None, oid(&one)),
        ];
        assert_eq!(lines, wanted);
    }
}
