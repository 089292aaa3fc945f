//! The note that a group is about to land: which tip, and the answers to those who have asked for its commits.
//!
//! It is written before the ref moves and goes when all answers have been given. Whoever finds it holds the lock, so its
//! writer is dead: the ref says whether the group has landed. Nothing of it is synced: after a power cut all who
//! have asked are dead too.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::crowd::{self, Request};
use super::fault;
use super::frame::{frame, unframe, unframe_first};
use super::queue::Queue;
use super::{Oid, Store, class, commit, history};
use crate::base::Result;

/// What the name of such a note ends in, behind the class.
pub(super) const ENDING: &str = ".landing";

/// A note that was written.
pub(super) struct Landing<'s> {
    store: &'s Store,
    path: PathBuf,
}

impl<'s> Landing<'s> {
    /// Writes down what is about to land.
    ///
    /// Crash after this: the next holder of the lock gives the answers if the tip is in the ref's history, and else has
    /// the requests before it, as if they had never been taken.
    pub(super) fn write(store: &'s Store, new: Oid, answers: &[(&Request, Vec<u8>)]) -> Result<Landing<'s>> {
        let path = path(store, &class::of(store)?);
        let mut bytes = frame("landing", new.to_string().as_bytes());
        for (request, answer) in answers {
            bytes.extend(frame("to", request.name().as_bytes()));
            bytes.extend(frame("answer", answer));
        }
        bytes.extend(frame("end", b""));
        let write = || -> io::Result<()> {
            let _ = std::fs::remove_file(&path);
            let mut file = store.files.create_private("landing-create", &path)?;
            store.files.write("landing-write", &path, &mut file, &bytes)
        };
        match write() {
            Ok(()) => Ok(Landing { store, path }),
            Err(err) => {
                let _ = std::fs::remove_file(&path);
                Err(fault::io(format!("write {}", path.display()), err))
            }
        }
    }

    /// Removes the note: all answers have been given, or nothing has landed.
    pub(super) fn remove(self) -> Result<()> {
        remove(self.store, &self.path)
    }
}

/// Brings to its end what a dead holder of the lock had begun: where its group has landed, gives the answers that it
/// has not given any more.
pub(super) fn settle(store: &Store, names: &[String], queue: &mut Queue) -> Result<()> {
    if !names.iter().any(|name| name.ends_with(ENDING)) {
        return Ok(());
    }
    let (path, tip) = (path(store, &class::of(store)?), store.tip()?);
    let opened = crowd::open_own(&path);
    let Some((_, bytes)) = opened.or_else(absent).map_err(|err| fault::io(format!("read {}", path.display()), err))?
    else {
        return Ok(());
    };
    if let (Some((new, answers)), Some(tip)) = (parse(&bytes), tip)
        && has_landed(store, new, tip)?
    {
        // The ref is on the disk by now: whoever has entered the queue has seen to that.
        if new == tip {
            queue.acknowledge(tip)?;
        }
        for (name, answer) in answers {
            give(store, name, answer)?;
        }
    }
    remove(store, &path)
}

fn has_landed(store: &Store, new: Oid, tip: Oid) -> Result<bool> {
    // After a power cut the commit may be missing; then it has not landed.
    Ok(new == tip || (commit::read(&store.objects, new).is_ok() && history::is_ancestor(store, new, tip)?))
}

/// Gives an answer to one who has asked and may wait for it still, unless it was given.
fn give(store: &Store, name: &str, answer: &[u8]) -> Result<()> {
    let path = crowd::taken(store, name);
    let opened = crowd::open_own(&path).or_else(absent);
    let opened = opened.map_err(|err| fault::io(format!("read {}", path.display()), err))?;
    match opened.and_then(|(file, bytes)| Request::read(store, name, file, &bytes)) {
        Some(request) => request.answer(answer),
        None => Ok(()),
    }
}

fn absent<T>(err: io::Error) -> io::Result<Option<T>> {
    if err.kind() == ErrorKind::NotFound { Ok(None) } else { Err(err) }
}

fn remove(store: &Store, path: &std::path::Path) -> Result<()> {
    let removed = store.files.unlink("landing-drop", path);
    removed.map_err(|err| fault::io(format!("remove {}", path.display()), err))
}

fn path(store: &Store, class: &str) -> PathBuf {
    store.queue_dir().join(format!("{class}{ENDING}"))
}

type Answers<'b> = Vec<(&'b str, &'b [u8])>;

/// Returns tip and answers of a note; nothing where it is not whole: then nothing has landed.
fn parse(bytes: &[u8]) -> Option<(Oid, Answers<'_>)> {
    let (new, mut rest) = unframe_first("landing", bytes)?;
    let new = Oid::from_hex(new)?;
    let mut answers = Vec::new();
    while let Some((name, after)) = unframe_first("to", rest) {
        let (answer, after) = unframe_first("answer", after)?;
        answers.push((std::str::from_utf8(name).ok().filter(|name| is_name(name))?, answer));
        rest = after;
    }
    unframe("end", rest).map(|_| (new, answers))
}

/// A name that leads nowhere else.
fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ObjectFormat;

    #[test]
    fn half_a_note_is_none() {
        let new = ObjectFormat::Sha1.zero();
        let whole = [
            frame("landing", new.to_string().as_bytes()),
            frame("to", b"12-34"),
            frame("answer", b"yes"),
            frame("to", b"12-35"),
            frame("answer", b"no\n"),
            frame("end", b""),
        ]
        .concat();
        assert_eq!(parse(&whole), Some((new, vec![("12-34", &b"yes"[..]), ("12-35", b"no\n")])));
        for end in 0..whole.len() {
            assert_eq!(parse(&whole[..end]), None, "{end}");
        }
        let away = [frame("landing", new.to_string().as_bytes()), frame("to", b"../x"), frame("answer", b"")];
        assert_eq!(parse(&[away.concat(), frame("end", b"")].concat()), None);
    }
}
