//! What a sync of this clone has fetched and is about to bring in: `coord/coming`, for the other commands that run meanwhile.
//!
//! They would each merge it into what is here, and again after each lost race, and none of these merges would be published.
//! What a plain fetch has brought is not noted here. The note counts only while its writer has its turn to sync: what a
//! killed one leaves says nothing.

use std::fs;
use std::time::Duration;

use crate::session::Session;
use crate::store::Oid;

/// The name of the note in the common dir.
const NOTE: &str = "coming";

/// Notes what our turn brings in. Without the note others bring it in too, which only makes history longer.
pub(super) fn note(session: &Session, remote: &str, tip: Oid) {
    let _ = session.store().write_note(NOTE, line(remote, tip).as_bytes());
}

/// Forgets it, when it is in, or will not be by us.
pub(super) fn forget(session: &Session) {
    if session.store().coord_dir().join(NOTE).exists() {
        session.store().remove_note(NOTE);
    }
}

/// Returns whether another process is about to bring in what a remote has.
pub(super) fn is_coming(session: &Session, remote: &str, tip: Oid) -> bool {
    let path = session.store().coord_dir().join(NOTE);
    fs::read_to_string(path).is_ok_and(|text| text == line(remote, tip))
        && session.store().sync_turn(Duration::ZERO).is_none()
}

fn line(remote: &str, tip: Oid) -> String {
    format!("{tip} {remote}\n")
}
