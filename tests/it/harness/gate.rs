//! The queue of writers, held closed by a test, and a look at who stands in it.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{PATIENCE, Repo, within};

/// The lock that writers wait for, held by the test.
pub(crate) struct Gate {
    lock: File,
    queue: PathBuf,
}

impl Gate {
    /// Closes the queue.
    #[track_caller]
    pub(crate) fn close(repo: &Repo) -> Gate {
        let coord = repo.common_dir().join("coord");
        let lock = File::options().read(true).write(true).open(coord.join("lock")).expect("the lock file");
        lock.lock().expect("the lock of the queue");
        Gate { lock, queue: coord.join("queue") }
    }

    /// Waits until so many stand in the queue: they wait for the lock, or have left word of what they want.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize) {
        within(PATIENCE, "all stand in the queue", || {
            waiters(&self.lock).is_none_or(|waiting| waiting + asked(&self.queue) >= count)
        });
    }

    /// Waits until so many wait for the lock itself.
    #[track_caller]
    pub(crate) fn wait_for_first(&self, count: usize) {
        within(PATIENCE, "somebody waits for the lock", || waiters(&self.lock).is_none_or(|waiting| waiting >= count));
    }

    /// Lets the writers in.
    pub(crate) fn open(self) {
        self.lock.unlock().expect("the queue opens");
    }
}

/// Returns how many wait for the lock of a file; nothing where the system does not tell.
fn waiters(file: &File) -> Option<usize> {
    let inode = format!(":{} ", file.metadata().ok()?.ino());
    let text = std::fs::read_to_string("/proc/locks").ok()?;
    text.contains(&inode).then(|| text.lines().filter(|line| line.contains(" -> ") && line.contains(&inode)).count())
}

/// Returns how many have left word, all of it.
fn asked(queue: &Path) -> usize {
    let entries = std::fs::read_dir(queue).into_iter().flatten().flatten();
    let asked = entries.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "ask"));
    asked.filter(|entry| std::fs::read(entry.path()).is_ok_and(|bytes| is_whole(&bytes))).count()
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else { return false };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let length = head.strip_prefix("request ").and_then(|length| length.parse::<usize>().ok());
    length.is_some_and(|length| bytes.len() == end + 1 + length + 1)
}
