//! Everything of a repository that no verb may touch, to be compared before and after.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Repo;

/// The files of the work tree and of the git dir, and all refs but the state's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// Path → mode, time of the last write and content.
    files: BTreeMap<String, String>,
    refs: Vec<String>,
}

impl Surroundings {
    /// Looks at everything but objects, the state's ref with its reflog, and the folder for what is not in git.
    #[track_caller]
    pub(crate) fn of(repo: &Repo) -> Self {
        let mut files = BTreeMap::new();
        walk(&repo.path, &repo.path, &mut files);
        let common = repo.common_dir().canonicalize().expect("a git dir");
        if !common.starts_with(&repo.path) {
            walk(&common, &common, &mut files);
        }
        let refs = repo.git(&["for-each-ref", "--format=%(refname) %(objectname) %(symref)"]);
        let refs = refs.lines().filter(|line| !line.starts_with("refs/coord/main ")).map(str::to_owned).collect();
        Surroundings { files, refs }
    }

    /// Returns what differs, a line for each file.
    pub(crate) fn differences(&self, later: &Surroundings) -> Vec<String> {
        let mut lines = Vec::new();
        for (path, before) in &self.files {
            match later.files.get(path) {
                None => lines.push(format!("{path} is gone")),
                Some(after) if after != before => lines.push(format!("{path}: {before} → {after}")),
                Some(_) => {}
            }
        }
        let added = later.files.keys().filter(|path| !self.files.contains_key(*path));
        lines.extend(added.map(|path| format!("{path} is new")));
        if self.refs != later.refs {
            lines.push(format!("refs: {:?} → {:?}", self.refs, later.refs));
        }
        lines
    }
}

fn walk(top: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    for entry in entries {
        let path = entry.expect("a readable entry").path();
        let name = path.strip_prefix(top).expect("below the top").to_string_lossy().into_owned();
        if is_ours(name.strip_prefix(".git/").unwrap_or(&name)) {
            continue;
        }
        let meta = path.symlink_metadata().expect("a file");
        if meta.is_dir() {
            walk(top, &path, files);
        } else {
            let content = std::fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let facts = format!("{:o} {}.{}", meta.mode(), meta.mtime(), meta.mtime_nsec());
            files.insert(name, format!("{facts} {:?}", content.unwrap_or_default()));
        }
    }
}

/// Returns whether verbs may write here, the path being below the git dir.
fn is_ours(path: &str) -> bool {
    let folders = ["objects", "coord", "reftable"];
    folders.contains(&path) || path == "refs/coord/main" || path == "logs/refs/coord/main"
}
