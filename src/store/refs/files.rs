//! Refs kept as files, read and moved by git's own protocol.
//!
//! A value is looked for as a loose file, then in `packed-refs`, each time anew: a remembered `packed-refs` is how
//! updates get lost. A move holds `<ref>.lock` from before it reads the old value until the lock file becomes the ref.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::lock::{Lock, Next, Taken};
use super::{Move, Outcome, Refs, reflog};
use crate::base::{Error, Result};
use crate::store::queue::Queue;
use crate::store::rescue::Seen;
use crate::store::{Oid, Store, fault, waiters};

/// The files backend of a repository.
pub(super) struct Files<'s> {
    pub(super) store: &'s Store,
}

impl Refs for Files<'_> {
    fn read(&self, name: &str) -> Result<Option<Oid>> {
        // The second look at the loose file: a ref that was packed, and was moved after we had looked for it loose
        // and before we looked into the pack, is loose again.
        for _ in 0..2 {
            if let Some(id) = self.read_loose(name)? {
                return Ok(Some(id));
            }
            if let Some(id) = self.read_packed(name)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    fn update(&self, change: &Move<'_>, queue: &mut Queue) -> Result<Outcome> {
        let (store, Some(next)) = (self.store, change.next) else { return Ok(Outcome::Unable) };
        // Crash after this: `<ref>.lock` is there, noted in the queue's file; the next holder of the queue removes it.
        let lock = match Lock::take(store, change.name, next, queue)? {
            Taken::Held(lock) => lock,
            Taken::Unable => return Ok(Outcome::Unable),
        };
        let landed = self.update_locked(change, &lock);
        match landed {
            // Crash after the rename and before the acknowledgement: the commit is there, nobody was told, the
            // note names a file that is now the ref itself and fits no lock that git will make.
            Ok(true) => Ok(Outcome::Landed),
            Ok(false) => lock.release(queue).map(|()| Outcome::Moved),
            Err(err) => {
                let _ = lock.release(queue);
                Err(err)
            }
        }
    }
}

impl Files<'_> {
    /// Returns what a ref holds.
    pub(super) fn look(&self, name: &str) -> Result<Seen> {
        match self.read(name) {
            Ok(Some(id)) => Ok(Seen::Names(id)),
            Ok(None) => Ok(Seen::Absent),
            Err(error) if error.code() == "damaged" => {
                Ok(Seen::Broken { bytes: self.bytes(name), why: error.message().to_owned() })
            }
            Err(error) => Err(error),
        }
    }

    /// Puts a value in the place of what names nothing. The steps are those of any move.
    pub(super) fn overwrite(&self, change: &Move<'_>, seen: &[u8], queue: &mut Queue) -> Result<Outcome> {
        let next = Next::write(self.store, change.new)?;
        let Taken::Held(lock) = Lock::take(self.store, change.name, &next, queue)? else { return Ok(Outcome::Unable) };
        let moved = self.look(change.name).and_then(|now| match now {
            Seen::Broken { bytes, .. } if bytes == seen => self.become_it(change, &lock).map(|()| true),
            _ => Ok(false),
        });
        match moved {
            Ok(true) => Ok(Outcome::Landed),
            Ok(false) => lock.release(queue).map(|()| Outcome::Moved),
            Err(err) => {
                let _ = lock.release(queue);
                Err(err)
            }
        }
    }

    /// Returns the very bytes of a ref's file; of a symbolic link, where it leads; of a packed ref, nothing.
    fn bytes(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        match std::fs::read_link(&path) {
            Ok(to) => format!("symbolic link to {}", to.display()).into_bytes(),
            Err(_) => std::fs::read(&path).unwrap_or_default(),
        }
    }

    fn update_locked(&self, change: &Move<'_>, lock: &Lock<'_>) -> Result<bool> {
        let present = self.read(change.name)?;
        if present != change.expected {
            return Ok(false);
        }
        if present.is_none() {
            self.check_clash(change.name)?;
        }
        self.become_it(change, lock).map(|()| true)
    }

    fn become_it(&self, change: &Move<'_>, lock: &Lock<'_>) -> Result<()> {
        // Everything that the new value needs is durable from here on. Until here there was something to do meanwhile.
        waiters::check(self.store.waiters.finish())?;
        // Crash after this: the log has a line for a move that did not happen; git shows it as a gap and reads on. It
        // looks into whatever a log names, so nothing is named there that a power cut could take a part of.
        reflog::append(self.store, change)?;
        // Crash after this: the move is done.
        lock.become_ref()
    }

    fn read_loose(&self, name: &str) -> Result<Option<Oid>> {
        let path = self.path(name);
        let bytes = match read_start(&path) {
            Ok(bytes) => bytes,
            Err(err) if is_absent(&err) => return Ok(None),
            Err(_) if path.is_symlink() => return Err(broken(name, "it is a symbolic link")),
            Err(err) => return Err(fault::io(format!("read the ref {name}"), err)),
        };
        if bytes.starts_with(b"ref:") {
            return Err(broken(name, "it is a symbolic ref"));
        }
        self.parse(name, &bytes).map(Some)
    }

    fn read_packed(&self, name: &str) -> Result<Option<Oid>> {
        let text = self.packed()?;
        let wanted = format!(" {name}\n");
        let Some(at) = find(&text, wanted.as_bytes()) else { return Ok(None) };
        let start = text[..at].iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
        self.parse(name, &text[start..=at]).map(Some)
    }

    fn packed(&self) -> Result<Vec<u8>> {
        match std::fs::read(self.store.places.common_dir.join("packed-refs")) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read.map_err(|err| fault::io("read packed-refs", err)),
        }
    }

    /// Reads a value as git does: an id, then nothing or white space.
    fn parse(&self, name: &str, bytes: &[u8]) -> Result<Oid> {
        let digits = bytes.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let is_ended = bytes.get(digits).is_none_or(u8::is_ascii_whitespace);
        let id = Oid::from_hex(&bytes[..digits]).filter(|id| is_ended && id.format() == self.store.format);
        id.filter(|id| !id.0.is_null())
            .ok_or_else(|| broken(name, if bytes.is_empty() { "it is empty" } else { "it holds no object id" }))
    }

    /// Refuses a new ref below another one, or above others.
    fn check_clash(&self, name: &str) -> Result<()> {
        let text = self.packed()?;
        let below = format!(" {name}/");
        let above = name.match_indices('/').map(|(at, _)| format!(" {}\n", &name[..at]));
        let found = above.chain([below]).find(|piece| find(&text, piece.as_bytes()).is_some());
        match found {
            Some(piece) => Err(clash(name, piece.trim())),
            None => Ok(()),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.store.places.common_dir.join(name)
    }
}

/// Returns the start of a file that is no symbolic link, which is more than a ref has.
pub(super) fn read_start(path: &Path) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let mut bytes = vec![0; 1024];
    let length = file.read(&mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

fn is_absent(err: &io::Error) -> bool {
    matches!(err.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory)
}

fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    gix::bstr::ByteSlice::find(text, piece)
}

pub(super) fn broken(name: &str, why: &str) -> Error {
    fault::damaged(format!("the ref {name} cannot be read: {why}")).detail("ref", name)
}

pub(super) fn clash(name: &str, other: &str) -> Error {
    Error::fatal("ref_clash", format!("cannot make the ref {name}: it and the ref {other} cannot both exist"))
        .hint(format!("see `git for-each-ref {other}`"))
}
