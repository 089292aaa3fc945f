//! The derived index: made from nothing, against `git cat-file --batch` of the same blobs; and brought over many commits.
//!
//! The file of the index is put into the state that is wanted before the clock starts.

use std::fs::{self, File};
use std::path::PathBuf;

use crate::aims::Aim;
use crate::pairs::Row;
use crate::place::{Repo, STATE};

/// How many commits the index is brought over.
const COMMITS: usize = 1_000;

/// The fewest tasks of which an index is more than the start of a process.
pub(crate) const FEWEST: usize = 1_000;

/// Returns where the index of a repository lies.
pub(crate) fn file(repo: &Repo<'_>) -> PathBuf {
    repo.path.join(".git/coord/index.sqlite")
}

/// Returns the row of an index that is made from nothing.
pub(crate) fn from_nothing<'r>(repo: &'r Repo<'_>) -> Row<'r> {
    let blobs = repo.path.join("blobs");
    let listed = repo.run(repo.git(["ls-tree", "-r", "--format=%(objectname)", STATE]));
    fs::write(&blobs, listed + "\n").expect("the list can be written");
    Row {
        work: "ready, index from nothing",
        against: "git cat-file --batch",
        aim: Some(Aim::Index),
        command: Box::new(move |_| {
            let _ = fs::remove_file(file(repo));
            repo.coord(["ready", "--limit", "50"])
        }),
        reference: Box::new(move |_| {
            let mut command = repo.git(["cat-file", "--batch"]);
            command.stdin(File::open(&blobs).expect("the list is there"));
            command
        }),
    }
}

/// Returns the row of an index that is so many commits behind.
pub(crate) fn behind<'r>(repo: &'r Repo<'_>) -> Row<'r> {
    let _ = repo.try_run(repo.coord(["ready", "--limit", "50"]));
    let old = repo.path.join("old-index");
    fs::copy(file(repo), &old).expect("the index is there");
    for n in 0..COMMITS {
        repo.run(repo.coord(["task", "new", &format!("Later {n}"), "--id", &format!("later-{n}"), "-q"]));
    }
    Row {
        work: "ready, index 1,000 commits behind",
        against: "git version",
        aim: None,
        command: Box::new(move |_| {
            fs::copy(&old, file(repo)).expect("the index can be put back");
            repo.coord(["ready", "--limit", "50"])
        }),
        reference: Box::new(|_| repo.git(["version"])),
    }
}
