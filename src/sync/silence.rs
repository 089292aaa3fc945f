//! A remote that did not answer: `coord/silence`, for those of this clone who wait for their turn to ask it.
//!
//! Each would wait as long in vain, one after the other. Who began to wait before somebody gave up takes its word.

use std::fs;

use crate::base::{Error, Timestamp, time};
use crate::session::Session;

/// The name of the note in the common dir.
const NOTE: &str = "silence";

/// Notes that a remote did not answer, where that is what the error says.
pub(super) fn note(session: &Session, remote: &str, error: &Error) {
    if error.code() == "remote_timeout" {
        let _ = session.store().write_note(NOTE, format!("{} {remote}\n", time::now()).as_bytes());
    }
}

/// Returns whether somebody gave up on a remote at a moment or after it.
pub(super) fn is_known_since(session: &Session, remote: &str, moment: Timestamp) -> bool {
    let text = fs::read_to_string(session.store().coord_dir().join(NOTE)).unwrap_or_default();
    let noted = text.trim_end().split_once(' ').filter(|(_, name)| *name == remote);
    // A clock that went back says nothing: a note of the future is none.
    let at = noted.and_then(|(at, _)| at.parse::<Timestamp>().ok());
    at.is_some_and(|at| at >= moment && at <= time::now())
}
