//! What the write path does to the disk, written down for tests: every operation, in its order.
//!
//! Two variables, looked at under the feature `testing` alone. `GIT_COORD_TEST_FILE_LOG` names a file that gets one line
//! per operation done: what, and where. `GIT_COORD_TEST_DISK_LOG` names one that gets what is needed to do all of it
//! again elsewhere: a JSON object per line, with the bytes that the file holds after the operation. Several processes
//! may write the same log: the order of its lines is the order of what they did. A sync has a line where it begins
//! too, as it vouches for no more than what was done by then. `GIT_COORD_TEST_DISK_STOP=n` kills the process once it has
//! done its n-th operation.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value, json};

/// A sync that has begun.
pub(super) struct Begun(Option<String>);

/// Writes down that an operation begins, where that matters.
pub(super) fn begin(what: &str, path: &Path) -> io::Result<Begun> {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    if !what.starts_with("sync") {
        return Ok(Begun(None));
    }
    let name = format!("{}:{}", std::process::id(), TURN.fetch_add(1, Ordering::Relaxed));
    detailed(|| Ok(json!({"what": "begin", "path": path, "sync": name})))?;
    Ok(Begun(Some(name)))
}

/// Writes down an operation that was done.
pub(super) fn done(what: &str, path: &Path, begun: Begun) -> io::Result<()> {
    written(what, path, begun)?;
    static DONE: AtomicUsize = AtomicUsize::new(0);
    let last = std::env::var("GIT_COORD_TEST_DISK_STOP").ok().and_then(|text| text.parse().ok());
    if Some(DONE.fetch_add(1, Ordering::Relaxed) + 1) == last {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)?;
    }
    Ok(())
}

fn written(what: &str, path: &Path, begun: Begun) -> io::Result<()> {
    append("GIT_COORD_TEST_FILE_LOG", || Ok(format!("{what} {}\n", path.display())))?;
    detailed(|| {
        let (what, from) = what.split_once(' ').unwrap_or((what, ""));
        let mut line = json!({"what": what, "path": path});
        if let (Some(from), Some(line)) = (from.strip_suffix(" to"), line.as_object_mut()) {
            line.insert("from".to_owned(), from.into());
        } else if let (Some(sync), Some(line)) = (begun.0, line.as_object_mut()) {
            line.insert("sync".to_owned(), sync.into());
        } else if let (Some(file), Some(line)) = (content(path)?, line.as_object_mut()) {
            line.extend(file);
        }
        Ok(line)
    })
}

/// Returns what a file is and holds; nothing where there is no plain file.
fn content(path: &Path) -> io::Result<Option<Map<String, Value>>> {
    let Ok(meta) = path.symlink_metadata() else { return Ok(None) };
    if !meta.is_file() {
        return Ok(None);
    }
    let hex: String = std::fs::read(path)?.iter().map(|byte| format!("{byte:02x}")).collect();
    let file = json!({"inode": meta.ino(), "modified": [meta.mtime(), meta.mtime_nsec()], "bytes": hex});
    Ok(file.as_object().cloned())
}

fn detailed(line: impl FnOnce() -> io::Result<Value>) -> io::Result<()> {
    append("GIT_COORD_TEST_DISK_LOG", || line().map(|line| format!("{line}\n")))
}

/// Adds a line in one write, so that those of several processes do not mix.
fn append(variable: &str, line: impl FnOnce() -> io::Result<String>) -> io::Result<()> {
    let Some(log) = std::env::var_os(variable) else { return Ok(()) };
    OpenOptions::new().append(true).create(true).open(log)?.write_all(line()?.as_bytes())
}
