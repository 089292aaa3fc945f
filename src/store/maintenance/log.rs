//! What the last maintenance came to: `coord/maintenance.log`, begun by who starts it, ended by the shell that does it.
//!
//! Between its first line and its last stands what git said. A log without a last line is one of a run that still goes
//! on, or was cut off; the lock tells which.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;

use super::super::{Store, fault};
use super::pile::Pile;
use super::read_small;
use crate::base::{Result, Timestamp, text};

/// The file.
const NAME: &str = "maintenance.log";

/// How the first line begins.
const STARTED: &str = "git-coord 1 started ";

/// How much of git's words is repeated.
const LONGEST_SAID: usize = 300;

/// The last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Last {
    pub(super) started: Timestamp,
    pub(super) end: End,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// Well, and this is what it has left.
    Done(Pile),
    /// Badly; git's last words.
    Failed(String),
    /// Not at all: it runs, or was cut off.
    CutOff,
}

/// Returns where the log is.
pub(super) fn path(store: &Store) -> PathBuf {
    store.coord_dir().join(NAME)
}

/// Returns what the last run came to; nothing where there was none.
pub(super) fn last(store: &Store) -> Option<Last> {
    parse(&read_small(&path(store))?)
}

/// Begins the log of a new run, and returns it, open at its end.
pub(super) fn begin(store: &Store, now: Timestamp) -> Result<File> {
    store.write_note(NAME, format!("{STARTED}{now}\n").as_bytes())?;
    let path = path(store);
    let opened = OpenOptions::new().append(true).open(&path);
    opened.map_err(|err| fault::io(format!("open {}", path.display()), err))
}

fn parse(log: &str) -> Option<Last> {
    let mut lines = log.lines();
    let started = lines.next()?.strip_prefix(STARTED)?.parse().ok()?;
    let mut said: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
    let last = said.pop().unwrap_or_default();
    let end = match last.split(' ').collect::<Vec<_>>()[..] {
        ["done", packs, loose] => {
            End::Done(Pile { loose: loose.parse().unwrap_or_default(), packs: packs.parse().unwrap_or_default() })
        }
        ["failed", code] => {
            let words = said.last().map_or_else(|| format!("it ended with code {code}"), |words| (*words).to_owned());
            End::Failed(text::excerpt(&words, LONGEST_SAID))
        }
        _ => End::CutOff,
    };
    Some(Last { started, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_says_how_it_ended() {
        let of = |rest: &str| parse(&format!("{STARTED}2026-01-02T03:04:05.000Z\n{rest}")).expect("a log").end;
        assert_eq!(of(""), End::CutOff);
        assert_eq!(of("warning: x\n"), End::CutOff);
        assert_eq!(of("warning: x\ndone 3 17\n"), End::Done(Pile { loose: 17, packs: 3 }));
        assert_eq!(of("one\nfatal: no room\nfailed 128\n"), End::Failed("fatal: no room".to_owned()));
        assert_eq!(of("failed 128\n"), End::Failed("it ended with code 128".to_owned()));
        assert_eq!(parse("nonsense\n"), None);
        assert_eq!(parse(""), None);
    }
}
