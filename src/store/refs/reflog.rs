//! The reflog: one line per move, so that git can show and undo what was done to the ref.

use std::io;

use super::Move;
use super::files::clash;
use super::lock::clear_folders;
use crate::base::Result;
use crate::base::text::one_line;
use crate::store::commit::stamp;
use crate::store::{Store, fault};

/// Appends the line of a move. The log is made where it is not there: git makes none for refs outside its own folders.
pub(super) fn append(store: &Store, change: &Move<'_>) -> Result<()> {
    let path = store.places.common_dir.join("logs").join(change.name);
    let old = change.expected.unwrap_or_else(|| store.format.zero());
    let who = stamp(change.committer, change.time);
    let line = format!("{old} {} {who}\t{}\n", change.new, one_line(change.reason));
    for _ in 0..100 {
        match store.files.append("log-append", &path, line.as_bytes()) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => {
                let Some(folder) = path.parent() else { return Ok(()) };
                let made = store.files.make_dir("log-mkdir", folder);
                made.map_err(|err| fault::io(format!("make the folder {}", folder.display()), err))?;
            }
            // Logs of refs below this one that are long gone: empty folders go, logs with lines in them stay.
            Err(err) if err.kind() == io::ErrorKind::IsADirectory => {
                clear_folders(&path).map_err(|_| clash(change.name, &format!("{}/", change.name)))?;
            }
            done => return done.map_err(|err| fault::io(format!("write {}", path.display()), err)),
        }
    }
    Err(fault::io(format!("write {}", path.display()), io::ErrorKind::NotFound.into()))
}
