//! Every file operation of the write path, and nothing else: the one place where tests can watch, stop or break it.
//!
//! Each operation is a named step with a failpoint before and after it (`base::failpoint`). Under the `testing`
//! feature all of them can be written down (`file_log`).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

#[cfg(feature = "testing")]
use super::file_log;
use super::modes::Modes;
use crate::base::failpoint;

/// The file operations of one store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files {
    pub(super) modes: Modes,
    /// Whether what is acknowledged must survive a power cut.
    pub(super) is_durable: bool,
}

impl Files {
    /// Makes a new file that nobody else can have made.
    pub(super) fn create(self, step: &'static str, path: &Path, mode: u32) -> io::Result<File> {
        run(step, "create", path, || {
            let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
            self.modes.adjust(path)?;
            Ok(file)
        })
    }

    /// Makes a new file that nobody but this user can read or write, whoever shares the repository.
    pub(super) fn create_private(self, step: &'static str, path: &Path) -> io::Result<File> {
        run(step, "create", path, || OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path))
    }

    /// Opens a file that stays, and makes it where it is not there.
    pub(super) fn open(self, step: &'static str, path: &Path) -> io::Result<File> {
        run(step, "open", path, || match OpenOptions::new().read(true).write(true).open(path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => {
                let mut options = OpenOptions::new();
                let file = options.read(true).write(true).create(true).truncate(false).mode(0o666).open(path)?;
                self.modes.adjust(path)?;
                Ok(file)
            }
            opened => opened,
        })
    }

    /// Adds a line to a file, which is made where it is not there.
    pub(super) fn append(self, step: &'static str, path: &Path, line: &[u8]) -> io::Result<()> {
        run(step, "append", path, || {
            let mut file = match OpenOptions::new().append(true).open(path) {
                Err(err) if err.kind() == io::ErrorKind::NotFound => {
                    let file = OpenOptions::new().append(true).create(true).mode(0o666).open(path)?;
                    self.modes.adjust(path)?;
                    file
                }
                opened => opened?,
            };
            let length = file.metadata()?.len();
            file.write_all(line).inspect_err(|_| {
                // Half a line, from a disk that ran full, would spoil the next one too.
                let _ = file.set_len(length);
            })
        })
    }

    pub(super) fn write(self, step: &'static str, path: &Path, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        run(step, "write", path, || file.write_all(bytes))
    }

    /// Waits until the bytes of a file are on the disk.
    pub(super) fn sync(self, step: &'static str, path: &Path, file: &File) -> io::Result<()> {
        if !self.is_durable {
            return Ok(());
        }
        run(step, "sync", path, || file.sync_data())
    }

    /// Waits until the names in a folder are on the disk. A folder that is gone meanwhile has none.
    pub(super) fn sync_dir(self, step: &'static str, path: &Path) -> io::Result<()> {
        if !self.is_durable {
            return Ok(());
        }
        run(step, "sync_dir", path, || match File::open(path) {
            Ok(dir) => match dir.sync_all() {
                // Some file systems cannot sync a folder and say so; there is nothing more to be had from them.
                Err(err) if err.kind() == io::ErrorKind::InvalidInput => Ok(()),
                done => done,
            },
            Err(err) => Err(err),
        })
    }

    pub(super) fn rename(self, step: &'static str, from: &Path, to: &Path) -> io::Result<()> {
        run(step, &format!("rename {} to", from.display()), to, || fs::rename(from, to))
    }

    pub(super) fn link(self, step: &'static str, from: &Path, to: &Path) -> io::Result<()> {
        run(step, &format!("link {} to", from.display()), to, || fs::hard_link(from, to))
    }

    /// Removes a file; one that is not there is as good as removed.
    pub(super) fn unlink(self, step: &'static str, path: &Path) -> io::Result<()> {
        run(step, "unlink", path, || match fs::remove_file(path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        })
    }

    /// Makes a folder and those above it. New names are made durable from the top down.
    pub(super) fn make_dir(self, step: &'static str, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        match self.make_one(step, path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => {
                let Some(parent) = path.parent() else { return Err(err) };
                self.make_dir(step, parent)?;
                self.make_one(step, path)
            }
            done => done,
        }
    }

    /// Makes a folder in one that is there. Its name is not durable yet.
    pub(super) fn make_folder(self, step: &'static str, path: &Path) -> io::Result<()> {
        match self.make_unsynced(step, path) {
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            done => done,
        }
    }

    fn make_unsynced(self, step: &'static str, path: &Path) -> io::Result<()> {
        run(step, "mkdir", path, || {
            DirBuilder::new().mode(0o777).create(path)?;
            self.modes.adjust(path)
        })
    }

    fn make_one(self, step: &'static str, path: &Path) -> io::Result<()> {
        match self.make_unsynced(step, path) {
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            Err(err) => Err(err),
            Ok(()) => match path.parent() {
                Some(parent) => self.sync_dir(step, parent),
                None => Ok(()),
            },
        }
    }
}

/// Does one step between its two failpoints and writes it down for tests.
pub(super) fn run<T>(
    step: &'static str,
    what: &str,
    path: &Path,
    act: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    failpoint::before(step)?;
    let done = witnessed(what, path, act)?;
    failpoint::after(step)?;
    Ok(done)
}

/// Does something to the disk that is no step of the write path, and writes it down for tests.
#[cfg(not(feature = "testing"))]
#[inline]
pub(super) fn witnessed<T>(_what: &str, _path: &Path, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    act()
}

/// Does something to the disk that is no step of the write path, and writes it down for tests.
#[cfg(feature = "testing")]
pub(super) fn witnessed<T>(what: &str, path: &Path, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let begun = file_log::begin(what, path)?;
    let done = act()?;
    file_log::done(what, path, begun)?;
    Ok(done)
}
