//! The reflog: one line per move, so that git can show and undo what was done to the ref.

use std::collections::BTreeSet;
use std::io;

use super::Move;
use super::files::clash;
use super::lock::clear_folders;
use crate::base::Result;
use crate::base::text::one_line;
use crate::store::commit::stamp;
use crate::store::{Oid, Store, fault};

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

/// Returns whether the log leads by its moves from one value to another.
///
/// Lines of moves that a crash kept from happening may stand between; they lead nowhere and do no harm.
pub(in crate::store) fn leads(store: &Store, name: &str, from: Oid, to: Oid) -> Result<bool> {
    let path = store.places.common_dir.join("logs").join(name);
    let text = match std::fs::read(&path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(false),
        read => read.map_err(|err| fault::io(format!("read {}", path.display()), err))?,
    };
    let mut reached = BTreeSet::from([from]);
    for line in text.split(|&b| b == b'\n') {
        let mut words = line.splitn(3, |&b| b == b' ').map(Oid::from_hex);
        if let (Some(Some(old)), Some(Some(new))) = (words.next(), words.next())
            && reached.contains(&old)
        {
            reached.insert(new);
        }
    }
    Ok(reached.contains(&to))
}
