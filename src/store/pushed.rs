//! What is about to be pushed: commits that a remote does not have, with their trailers and the files that they change.

use super::git::Call;
use super::{Oid, STATE_REF, Store};
use crate::base::text::one_line;
use crate::base::{Error, Result};

/// The most commits that are looked at, the latest first.
const MOST: usize = 5_000;

/// A commit that a remote does not have yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct New {
    /// Its name.
    pub id: String,
    /// The values of the first trailer asked for.
    pub tasks: Vec<String>,
    /// Those of the second.
    pub claims: Vec<String>,
    /// The files that it changes; of a merge those in which it differs from all of its parents.
    pub paths: Vec<String>,
}

impl Store {
    /// Returns the commits behind some and not behind others, nor behind what is known of a remote: of all where none is
    /// named. With them come the values of two trailers. What is not here is passed over.
    ///
    /// # Errors
    /// `git_failed` where git cannot tell.
    pub fn new_commits(&self, to: &[Oid], from: &[Oid], remote: Option<&str>, trailers: [&str; 2]) -> Result<Vec<New>> {
        let values = trailers.map(|key| format!("%(trailers:key={key},valueonly,separator=%x03)"));
        let format = format!("--format=%x01%H%x02{}%x02{}%x02", values[0], values[1]);
        let (most, known) = (format!("--max-count={MOST}"), remote.map_or(String::new(), |name| format!("={name}")));
        let known = format!("--remotes{known}");
        let words = ["log", "-z", "--name-only", "-c", "--no-renames", "--ignore-missing", &format, &most];
        let words = [&words[..], &["--stdin", "--not", &known]].concat();
        let input: String =
            to.iter().map(|id| format!("{id}\n")).chain(from.iter().map(|id| format!("^{id}\n"))).collect();
        let answer = Call::new(&words).input(input).plain().run(self)?;
        if !answer.is_success() {
            return Err(failed("tell which commits are pushed", &answer.errors));
        }
        Ok(answer.output.split('\u{1}').filter_map(read).collect())
    }

    /// Returns the commit of the state that last added or took away a line like this in a file; nothing where none has.
    ///
    /// # Errors
    /// `git_failed` where git cannot tell.
    pub fn last_change_of(&self, path: &str, line: &str) -> Result<Option<Oid>> {
        let wanted = format!("-G{line}");
        let words = ["log", "--max-count=1", "--format=%H", &wanted, STATE_REF, "--", path];
        let answer = Call::new(&words).plain().run(self)?;
        if !answer.is_success() {
            return Err(failed("look into the history of the state", &answer.errors));
        }
        answer.output.lines().next().map(str::parse).transpose()
    }
}

fn failed(what: &str, words: &str) -> Error {
    Error::fatal("git_failed", format!("cannot {what}")).because(one_line(words))
}

/// Reads what git says of a commit: its name, two lists of values, and the files behind them.
fn read(text: &str) -> Option<New> {
    let mut parts = text.splitn(4, '\u{2}');
    let (id, tasks, claims, files) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let list = |text: &str| text.split('\u{3}').map(one_line).filter(|value| !value.is_empty()).collect();
    let paths = files.split('\0').map(|path| path.trim_start_matches('\n')).filter(|path| !path.is_empty());
    Some(New { id: id.to_owned(), tasks: list(tasks), claims: list(claims), paths: paths.map(str::to_owned).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_of_a_commit_is_read() {
        let text = "12ab\u{2}T-1\u{3}T-2\u{2}c1\u{2}\0\nsrc/a b.rs\0docs\0\0";
        let wanted = New {
            id: "12ab".into(),
            tasks: vec!["T-1".into(), "T-2".into()],
            claims: vec!["c1".into()],
            paths: vec!["src/a b.rs".into(), "docs".into()],
        };
        assert_eq!(read(text), Some(wanted));
        assert_eq!(read("34cd\u{2}\u{2}\u{2}\0").expect("a commit").paths.len(), 0);
        assert_eq!(read(""), None);
    }
}
