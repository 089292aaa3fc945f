//! The queue of writers on one machine: a kernel lock on `<common dir>/coord/lock`, and two notes inside that file.
//!
//! The kernel lets go of the lock when its holder dies. Only fairness depends on it: correctness rests on the
//! compare-and-swap of the ref. The notes say which tip was last acknowledged to a caller, and which file this
//! program has made, or is about to make, the ref's `.lock`, so that the next holder can tell a dead one of ours
//! from a live one of git's.

use std::fs::{File, Metadata, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use super::fault;
use super::files;
use super::{ObjectFormat, Oid, Store};
use crate::base::{Error, Result};

/// The most bytes that the notes take.
const SIZE: usize = 1024;

/// The kernel lock, held. Dropping it lets the next writer in.
pub(super) struct Queue {
    file: File,
    path: PathBuf,
    pub(super) notes: Notes,
}

/// What one holder leaves for the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// The last tip that a writer of ours was told had landed.
    pub(super) acknowledged: Option<Oid>,
    /// The file that is, or was about to be, linked as the ref's lock.
    pub(super) lock: Option<LockFile>,
}

/// Tells one file from all others, also from a later one that got the same inode number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LockFile {
    device: u64,
    inode: u64,
    /// Linking and renaming leave the time of the last write alone.
    modified: (i64, i64),
    boot: String,
    /// The value that was written into it.
    value: Oid,
}

impl Queue {
    /// Waits for the lock, no longer than `wait`.
    pub(super) fn enter(store: &Store, wait: Duration) -> Result<Queue> {
        let path = store.coord_dir.join("lock");
        let file = store.open_lock("queue-open", &path)?;
        let file = files::run("queue-lock", "lock", &path, || wait_for(file, wait));
        let file = file.map_err(|err| fault::io(format!("lock {}", path.display()), err))?;
        let file = file.ok_or_else(|| full(&path, wait))?;
        let notes = read(&file, store.format).map_err(|err| fault::io(format!("read {}", path.display()), err))?;
        Ok(Queue { file, path, notes })
    }

    /// Writes down which file is about to become the ref's lock.
    pub(super) fn record(&mut self, lock: Option<LockFile>) -> Result<()> {
        let notes = Notes { lock, ..self.notes.clone() };
        self.store("queue-record", notes)
    }

    /// Writes down the tip that the caller is about to be told of; no lock of ours is left.
    pub(super) fn acknowledge(&mut self, tip: Oid) -> Result<()> {
        self.store("queue-acknowledge", Notes { acknowledged: Some(tip), lock: None })
    }

    /// The notes are one small write, so a killed process leaves the old ones or the new ones. After a power cut
    /// they may be old or gone: the acknowledged tip is then not checked once, and the ref's lock counts as foreign
    /// unless inode, time and content all fit.
    fn store(&mut self, step: &'static str, notes: Notes) -> Result<()> {
        if notes == self.notes {
            return Ok(());
        }
        // What an earlier note has left behind the end of this one is passed over.
        let text = notes.to_text();
        files::run(step, "note", &self.path, || self.file.write_all_at(text.as_bytes(), 0))
            .map_err(|err| fault::io(format!("write {}", self.path.display()), err))?;
        self.notes = notes;
        Ok(())
    }
}

impl Store {
    /// Opens a file whose lock is wanted, and makes it, and the folder it is in, where it is not there.
    pub(super) fn open_lock(&self, step: &'static str, path: &Path) -> Result<File> {
        let (files, dir) = (self.files, &self.coord_dir);
        let mut opened = files.open(step, path);
        if opened.as_ref().is_err_and(|err| err.kind() == io::ErrorKind::NotFound) {
            let made = files.make_dir("coord-mkdir", dir);
            made.map_err(|err| fault::io(format!("make the folder {}", dir.display()), err))?;
            opened = files.open(step, path);
        }
        opened.map_err(|err| fault::io(format!("open the lock file {}", path.display()), err))
    }
}

/// The code of [`full`].
pub(super) const FULL: &str = "queue_full";

/// Makes the error of a turn that did not come in time.
pub(super) fn full(path: &Path, wait: Duration) -> Error {
    fault::busy(FULL, format!("cannot write: other writers have kept the lock for {wait:?}"))
        .hint("try again in a moment")
        .detail("file", path.display().to_string())
}

impl Notes {
    fn to_text(&self) -> String {
        let mut text = String::from("git-coord 1\n");
        if let Some(tip) = self.acknowledged {
            text.push_str(&format!("acknowledged {tip}\n"));
        }
        if let Some(lock) = &self.lock {
            let LockFile { device, inode, modified: (seconds, nanos), boot, value } = lock;
            text.push_str(&format!("lock {device} {inode} {seconds}.{nanos} {boot} {value}\n"));
        }
        text.push_str("end\n");
        text
    }

    /// Reads notes. What is cut or not understood counts as nothing noted, which only makes the reader more careful.
    fn parse(text: &str, format: ObjectFormat) -> Notes {
        let mut notes = Notes::default();
        let mut lines = text.lines();
        if lines.next() != Some("git-coord 1") {
            return notes;
        }
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["end"] => return notes,
                ["acknowledged", tip] => notes.acknowledged = oid(tip, format),
                ["lock", device, inode, time, boot, value] => {
                    notes.lock = LockFile::parse([device, inode, time, boot], oid(value, format));
                }
                _ => {}
            }
        }
        Notes::default()
    }
}

impl LockFile {
    pub(super) fn new(meta: &Metadata, value: Oid) -> Self {
        let modified = (meta.mtime(), meta.mtime_nsec());
        LockFile { device: meta.dev(), inode: meta.ino(), modified, boot: boot_id().to_owned(), value }
    }

    /// Returns whether the file at `path` is this one. After a reboot the device may have another number.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        let Ok(meta) = path.symlink_metadata() else { return false };
        let is_same_file = meta.ino() == self.inode
            && (meta.mtime(), meta.mtime_nsec()) == self.modified
            && (meta.dev() == self.device || self.boot != boot_id());
        is_same_file && std::fs::read(path).is_ok_and(|bytes| bytes == format!("{}\n", self.value).into_bytes())
    }

    /// Returns whether the file at `path` has this inode. As long as this file has a name anywhere, no other one has.
    pub(super) fn has_inode_of(&self, path: &Path) -> bool {
        path.symlink_metadata().is_ok_and(|meta| meta.ino() == self.inode && meta.dev() == self.device)
    }

    fn parse([device, inode, time, boot]: [&str; 4], value: Option<Oid>) -> Option<LockFile> {
        let (seconds, nanos) = time.split_once('.')?;
        Some(LockFile {
            device: device.parse().ok()?,
            inode: inode.parse().ok()?,
            modified: (seconds.parse().ok()?, nanos.parse().ok()?),
            boot: boot.to_owned(),
            value: value?,
        })
    }
}

/// Returns the tip that was last acknowledged, read without waiting for anybody.
pub(super) fn acknowledged(store: &Store) -> Option<Oid> {
    peek(store)?.acknowledged
}

/// Returns the ref's lock that is noted, read without waiting for anybody.
pub(super) fn noted_lock(store: &Store) -> Option<LockFile> {
    peek(store)?.lock
}

/// Returns whether nobody is in the queue at this moment.
pub(super) fn is_empty(store: &Store) -> bool {
    // Let go of at once: who comes meanwhile waits that long.
    File::open(store.coord_dir.join("lock")).is_ok_and(|file| file.try_lock().is_ok())
}

fn peek(store: &Store) -> Option<Notes> {
    read(&File::open(store.coord_dir.join("lock")).ok()?, store.format).ok()
}

fn oid(hex: &str, format: ObjectFormat) -> Option<Oid> {
    Oid::from_hex(hex.as_bytes()).filter(|id| id.format() == format)
}

fn read(file: &File, format: ObjectFormat) -> io::Result<Notes> {
    let mut buffer = [0; SIZE];
    let length = file.read_at(&mut buffer, 0)?;
    Ok(Notes::parse(&String::from_utf8_lossy(&buffer[..length]), format))
}

/// Takes the lock at once where it is free. Otherwise a thread waits in the kernel's own queue, which is fair and
/// costs nothing; where it comes too late it gets the lock, sees that nobody wants it, and lets it go.
fn wait_for(file: File, wait: Duration) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => return Ok(Some(file)),
        Err(TryLockError::WouldBlock) if wait.is_zero() => return Ok(None),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(err)) => return Err(err),
    }
    let (send, receive) = mpsc::channel();
    std::thread::Builder::new().name("coord-queue".to_owned()).stack_size(64 << 10).spawn(move || {
        let locked = file.lock().map(|()| file);
        // Nobody listens any more: the file is dropped here and the lock with it.
        let _ = send.send(locked);
    })?;
    match receive.recv_timeout(wait) {
        Ok(locked) => locked.map(Some),
        Err(_) => Ok(None),
    }
}

/// Returns what names this run of the machine; `-` where the system does not say.
pub fn boot_id() -> &'static str {
    static BOOT: OnceLock<String> = OnceLock::new();
    BOOT.get_or_init(|| {
        let mut bytes = [0; 64];
        let length = File::open("/proc/sys/kernel/random/boot_id").and_then(|mut file| file.read(&mut bytes));
        let id = String::from_utf8_lossy(&bytes[..length.unwrap_or(0)]);
        let id = id.trim();
        if id.is_empty() || id.contains(' ') { "-".to_owned() } else { id.to_owned() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_back_and_cut_ones_count_for_nothing() {
        let value = ObjectFormat::Sha1.zero();
        let lock = LockFile { device: 1, inode: 2, modified: (3, 4), boot: "x-y".to_owned(), value };
        let notes = Notes { acknowledged: Some(value), lock: Some(lock) };
        let text = notes.to_text();
        assert_eq!(Notes::parse(&text, ObjectFormat::Sha1), notes);
        assert_eq!(Notes::parse(&format!("{text}left over\n"), ObjectFormat::Sha1), notes);
        assert_eq!(Notes::parse(&text[..text.len() - 4], ObjectFormat::Sha1), Notes::default());
        assert_eq!(Notes::parse(&text, ObjectFormat::Sha256), Notes::default());
    }
}
