//! The reflog: one line per move, so that git can show and undo what was done to the ref.

use std::io;

use super::Move;
use super::files::clash;
use super::lock::clear_folders;
use crate::base::Result;
use crate::base::text::one_line;
use crate::store::commit::stamp;
use crate::store::files::witnessed;
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

/// Takes the lines out whose commits are not good, and lets each of the others begin where the one before it ended. The
/// ref's lock is held, so that nobody adds a line meanwhile.
pub(super) fn filter(store: &Store, name: &str, is_good: &dyn Fn(&str) -> bool) -> Result<()> {
    let path = store.places.common_dir.join("logs").join(name);
    let rewrite = || -> io::Result<()> {
        let bytes = match std::fs::read(&path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read?,
        };
        let (mut kept, mut last) = (Vec::with_capacity(bytes.len()), None);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line);
            let mut words = text.splitn(3, ' ');
            let (Some(old), Some(new), Some(_)) = (words.next(), words.next(), words.next()) else { continue };
            if !is_good(new) {
                continue;
            }
            // Lines of two ids are alike in length, so the first id can be put in its place.
            let begin =
                last.take().unwrap_or_else(|| if is_good(old) { old.to_owned() } else { "0".repeat(old.len()) });
            kept.extend_from_slice(begin.as_bytes());
            kept.extend_from_slice(&line[old.len().min(line.len())..]);
            last = Some(new.to_owned());
        }
        if kept == bytes {
            return Ok(());
        }
        // Crash before the rename: a file that nobody reads.
        let temporary = store.coord_dir.join(".note-reflog");
        witnessed("write", &temporary, || std::fs::write(&temporary, &kept))?;
        store.files.modes.adjust(&temporary)?;
        witnessed("sync", &temporary, || std::fs::File::open(&temporary)?.sync_data())?;
        witnessed(&format!("rename {} to", temporary.display()), &path, || std::fs::rename(&temporary, &path))
    };
    rewrite().map_err(|err| fault::io(format!("write {}", path.display()), err))
}
