//! What the program did to the disk, read from the log that it keeps under the feature `testing`.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

/// One thing done, with paths relative to the git dir.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// A file holds these bytes now; it was made where it was not there.
    Holds { path: String, file: Holding },
    /// A new file was put in the place of another by a program that syncs nothing.
    Replaced { path: String, file: Holding },
    /// A file has another name now.
    Rename { from: String, to: String },
    /// A file has a second name.
    Link { from: String, to: String },
    /// A name is gone, if it was there.
    Unlink { path: String },
    /// A folder was made.
    Mkdir { path: String },
    /// Somebody began to wait for a file or a folder.
    Begin { path: String, sync: String },
    /// What was so when that wait began is on the disk.
    Synced { sync: String },
    /// Nothing that a disk would know of.
    Nothing,
}

impl Op {
    /// Returns whether it is about the file of a single object.
    pub(super) fn is_of_an_object(&self) -> bool {
        let path = match self {
            Op::Holds { path, .. } | Op::Unlink { path } | Op::Mkdir { path } | Op::Begin { path, .. } => path,
            Op::Rename { to, .. } => to,
            Op::Synced { .. } => return true,
            Op::Replaced { .. } | Op::Link { .. } | Op::Nothing => return false,
        };
        path.starts_with("objects/")
    }
}

/// A file and what is in it.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    pub(super) inode: u64,
    pub(super) modified: (i64, i64),
    pub(super) bytes: Arc<[u8]>,
}

/// Reads a log of operations below a folder, from a line on.
pub(super) fn read(log: &Path, top: &Path, from: usize) -> Vec<Op> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().skip(from).map(|line| parse(&serde_json::from_str(line).expect("a line of the log"), top)).collect()
}

/// Returns how many operations a log has by now.
pub(super) fn length(log: &Path) -> usize {
    std::fs::read(log).map(|bytes| bytes.iter().filter(|byte| **byte == b'\n').count()).unwrap_or_default()
}

fn parse(line: &Value, top: &Path) -> Op {
    let path_of = |name: &str| {
        let path = Path::new(line[name].as_str().unwrap_or_else(|| panic!("no {name}: {line}")));
        let below = path.strip_prefix(top).unwrap_or_else(|_| panic!("nothing of the git dir: {line}"));
        below.to_str().expect("UTF-8").to_owned()
    };
    let sync = || line["sync"].as_str().unwrap_or_else(|| panic!("no sync: {line}")).to_owned();
    match line["what"].as_str().unwrap_or_default() {
        "rename" => Op::Rename { from: path_of("from"), to: path_of("path") },
        "link" => Op::Link { from: path_of("from"), to: path_of("path") },
        "unlink" => Op::Unlink { path: path_of("path") },
        "mkdir" => Op::Mkdir { path: path_of("path") },
        "begin" => Op::Begin { path: path_of("path"), sync: sync() },
        "sync" | "sync_dir" => Op::Synced { sync: sync() },
        "replace" => Op::Replaced { path: path_of("path"), file: holding(line) },
        // The second is git's, and what it has written is told file by file.
        "lock" | "update-ref" => Op::Nothing,
        // Whatever else is done to a file leaves something in it.
        _ => Op::Holds { path: path_of("path"), file: holding(line) },
    }
}

fn holding(line: &Value) -> Holding {
    let hex = line["bytes"].as_str().unwrap_or_else(|| panic!("an operation that cannot be done again: {line}"));
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("a byte");
    let modified = |at: usize| line["modified"][at].as_i64().expect("a time");
    Holding {
        inode: line["inode"].as_u64().expect("an inode"),
        modified: (modified(0), modified(1)),
        bytes: (0..hex.len()).step_by(2).map(byte).collect(),
    }
}
