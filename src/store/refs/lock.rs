//! The lock of a ref: the file `<ref>.lock`, which only one process can make, ours or git's.
//!
//! Ours is written complete under another name, noted in the queue's file, and then linked into place. It keeps its
//! first name until it is a lock no longer, so that at any moment the next holder of the queue can say whether a lock it
//! finds was left by a dead process of ours: it is the very file that the first name stands for, also after a power cut,
//! of which the note may know nothing. It is never judged by its age: a git that sleeps in a hook holds its lock for as
//! long as it likes.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::files::{clash, read_start};
use crate::base::{Error, Result};
use crate::store::queue::{self, LockFile, Queue};
use crate::store::rescue::Left;
use crate::store::waiters::{self, Job};
use crate::store::{Oid, Store, fault};

/// How often a folder that git removes under our hands is made again.
const PATIENCE: u32 = 100;

/// A ref's lock that we hold.
pub(super) struct Lock<'s> {
    store: &'s Store,
    name: String,
    path: PathBuf,
    /// Its first name, which goes last.
    next: PathBuf,
    identity: LockFile,
}

/// The file that is to become the ref's lock, and then the ref: `coord/next`, with the new value in it.
pub(in crate::store) struct Next {
    path: PathBuf,
    identity: LockFile,
}

impl Next {
    /// Writes the file and waits for it. Only the holder of the queue may do so.
    ///
    /// Crash after this: as [`begin`](Self::begin).
    pub(super) fn write(store: &Store, value: Oid) -> Result<Next> {
        let next = Next::begin(store, value)?;
        waiters::check(store.waiters.finish())?;
        Ok(next)
    }

    /// Writes the file, and has it waited for. Before it is linked the waiters must have finished once: a power cut could
    /// leave the lock, and not the name by which it is known.
    ///
    /// Crash after this: `coord/next` is left, which the next writer replaces.
    pub(super) fn begin(store: &Store, value: Oid) -> Result<Next> {
        let (files, path) = (store.files, store.coord_dir.join("next"));
        let write = || -> io::Result<(File, LockFile)> {
            // What a dead process left; no lock of ours is without it, as that was removed when the queue was entered.
            files.unlink("next-unlink", &path)?;
            let mut file = files.create("next-create", &path, 0o666)?;
            files.write("next-write", &path, &mut file, format!("{value}\n").as_bytes())?;
            let identity = LockFile::new(&file.metadata()?, value);
            Ok((file, identity))
        };
        let (file, identity) = write().map_err(|err| fault::io(format!("write {}", path.display()), err))?;
        // The value, and the name by which a lock that is left would be known.
        store.waiters.add(Job::Bytes { step: "next-sync", file, path: path.clone() });
        store.waiters.add(Job::Names { step: "next-sync", path: store.coord_dir.clone() });
        Ok(Next { path, identity })
    }
}

/// What became of the wish for a lock.
pub(super) enum Taken<'s> {
    Held(Lock<'s>),
    /// The file system has no hard links.
    Unable,
}

/// Removes the lock that a dead process of ours left: the very file that was noted, or that has our name too.
///
/// Called with the queue held, so that its maker cannot be alive.
pub(in crate::store) fn recover(store: &Store, name: &str, queue: &mut Queue) -> Result<()> {
    let path = lock_path(store, name);
    let is_noted = queue.notes.lock.as_ref().is_some_and(|noted| noted.is_at(&path));
    if is_noted || is_one_file(&path, &store.coord_dir.join("next")) {
        let removed = store.files.unlink("ref-unlock", &path);
        removed.map_err(|err| fault::io(format!("remove {}, which a killed process left", path.display()), err))?;
    }
    queue.record(None)
}

/// Returns whose lock of a ref stands there.
pub(in crate::store) fn left(store: &Store, name: &str) -> Left {
    let path = lock_path(store, name);
    let is_ours = || {
        let noted = queue::noted_lock(store).is_some_and(|noted| noted.is_at(&path));
        noted || is_one_file(&path, &store.coord_dir.join("next"))
    };
    if path.symlink_metadata().is_err() {
        Left::None
    } else if is_ours() {
        if queue::is_empty(store) { Left::Ours } else { Left::None }
    } else if path.symlink_metadata().is_err() {
        // A living one has let go of it meanwhile.
        Left::None
    } else {
        Left::Foreign
    }
}

/// Waits until the ref as it is now is on the disk, where it is not what a writer of ours was told last: one that died
/// between its move and the end of its wait, or a git, which waits for no folder, has moved it. Who finds what it wants
/// there, and says so without a commit of its own, promises it all the same.
pub(in crate::store) fn vouch_for(store: &Store, name: &str, queue: &Queue) -> Result<()> {
    let path = store.places.common_dir.join(name);
    let acknowledged = queue.notes.acknowledged.map(|tip| format!("{tip}\n").into_bytes());
    match read_start(&path) {
        // Packed, and so on the disk; or not there; or what a reader will complain about.
        Err(_) => Ok(()),
        Ok(present) if Some(&present) == acknowledged.as_ref() => Ok(()),
        Ok(_) => {
            let wait = || -> io::Result<()> {
                store.files.sync("next-sync", &path, &File::open(&path)?)?;
                store.files.sync_dir("ref-syncdir", path.parent().unwrap_or(&path))
            };
            match wait() {
                Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done.map_err(|err| fault::io(format!("sync {}", path.display()), err)),
            }
        }
    }
}

impl<'s> Lock<'s> {
    /// Makes the lock file, with the new value in it already.
    pub(super) fn take(store: &'s Store, name: &str, next: &Next, queue: &mut Queue) -> Result<Taken<'s>> {
        let path = lock_path(store, name);
        let Next { path: next, identity, .. } = next;
        // Crash after this: the note names a file that is no lock yet; it fits nothing, and the next writer drops it.
        queue.record(Some(identity.clone()))?;
        let linked = link(store, name, next, &path);
        let lock = Lock { store, name: name.to_owned(), path, next: next.clone(), identity: identity.clone() };
        match linked {
            Ok(true) => Ok(Taken::Held(lock)),
            Ok(false) => lock.release(queue).map(|()| Taken::Unable),
            Err(err) => {
                // Also right where the link was made and the answer was lost.
                let _ = lock.release(queue);
                Err(err)
            }
        }
    }

    /// Renames the lock onto the ref, and makes that durable.
    pub(super) fn become_ref(&self) -> Result<()> {
        let target = self.store.places.common_dir.join(&self.name);
        if !self.identity.has_inode_of(&self.path) {
            return Err(fault::busy(
                "ref_locked",
                format!("cannot move {}: its lock was taken away meanwhile", self.name),
            ));
        }
        for _ in 0..PATIENCE {
            match self.store.files.rename("ref-rename", &self.path, &target) {
                Ok(()) => {
                    self.sync(&target)?;
                    return self.drop_first_name();
                }
                Err(err) if is_folder(&err) => {
                    clear_folders(&target).map_err(|_| clash(&self.name, &format!("{}/", self.name)))?
                }
                Err(err) => return Err(fault::io(format!("move the ref {}", self.name), err)),
            }
        }
        Err(clash(&self.name, &format!("{}/", self.name)))
    }

    fn sync(&self, target: &Path) -> Result<()> {
        let Some(folder) = target.parent() else { return Ok(()) };
        // Not acknowledged before this: a power cut may bring the old value back.
        let synced = self.store.files.sync_dir("ref-syncdir", folder);
        synced.map_err(|err| fault::io(format!("sync {}", folder.display()), err))
    }

    /// Crash after this: nothing is left of the lock.
    fn drop_first_name(&self) -> Result<()> {
        let dropped = self.store.files.unlink("next-drop", &self.next);
        dropped.map_err(|err| fault::io(format!("remove {}", self.next.display()), err))
    }

    /// Gives the lock up. What tells that it is ours goes after the file itself: the other way round it could be left
    /// for ever.
    pub(super) fn release(self, queue: &mut Queue) -> Result<()> {
        if self.identity.is_at(&self.path) {
            let removed = self.store.files.unlink("ref-unlock", &self.path);
            removed.map_err(|err| fault::io(format!("remove {}", self.path.display()), err))?;
        }
        self.drop_first_name()?;
        queue.record(None)
    }
}

/// Returns whether two paths are names of one file.
fn is_one_file(a: &Path, b: &Path) -> bool {
    let file = |path: &Path| path.symlink_metadata().ok().map(|meta| (meta.dev(), meta.ino()));
    file(a).is_some_and(|a| Some(a) == file(b))
}

/// Links the prepared file into place; false where the file system cannot. A lock of somebody else is waited for as
/// long as git would wait.
fn link(store: &Store, name: &str, next: &Path, path: &Path) -> Result<bool> {
    let patience = lock_timeout(store)?;
    let started = Instant::now();
    let mut pause = Duration::from_millis(1);
    let mut folders = 0;
    loop {
        let Err(err) = store.files.link("ref-lock", next, path) else { return Ok(true) };
        match Errno::from_io_error(&err) {
            Some(Errno::EXIST) => {
                if patience.is_some_and(|patience| started.elapsed() >= patience) {
                    return Err(held(name, path));
                }
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            // Git removes folders of refs that have become empty, also the one we have just made.
            Some(Errno::NOENT) if folders < PATIENCE => {
                folders += 1;
                make_folder(store, name, path)?;
            }
            Some(Errno::NOTDIR) => return Err(blocked(store, name)),
            Some(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::XDEV) => return Ok(false),
            _ => return Err(fault::io(format!("make {}", path.display()), err)),
        }
    }
}

fn make_folder(store: &Store, name: &str, path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    match store.files.make_dir("ref-mkdir", folder) {
        Err(err) if matches!(err.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists) => {
            Err(blocked(store, name))
        }
        done => done.map_err(|err| fault::io(format!("make the folder {}", folder.display()), err)),
    }
}

/// Names the ref that stands where a folder is needed.
fn blocked(store: &Store, name: &str) -> Error {
    let common_dir = &store.places.common_dir;
    let other = name.match_indices('/').map(|(at, _)| &name[..at]).find(|part| common_dir.join(part).is_file());
    clash(name, other.unwrap_or("above it"))
}

/// Returns how long git would wait for a ref's lock; nothing means for ever.
fn lock_timeout(store: &Store) -> Result<Option<Duration>> {
    let millis = store.config.integer("core.filesRefLockTimeout")?.unwrap_or(100);
    Ok(u64::try_from(millis).ok().map(Duration::from_millis))
}

fn held(name: &str, path: &Path) -> Error {
    let path = path.display().to_string();
    fault::busy("ref_locked", format!("cannot move {name}: another git process holds {path}"))
        .hint("try again when that process has finished")
        .detail("file", path)
}

fn is_folder(err: &io::Error) -> bool {
    matches!(Errno::from_io_error(err), Some(Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST))
}

/// Removes empty folders where the ref has to stand, as git does; what is not empty stays and is an error.
pub(super) fn clear_folders(path: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        clear_folders(&entry?.path())?;
    }
    std::fs::remove_dir(path)
}

fn lock_path(store: &Store, name: &str) -> PathBuf {
    store.places.common_dir.join(format!("{name}.lock"))
}
