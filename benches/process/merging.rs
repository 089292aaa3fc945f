//! Two lines that each changed a tenth of all tasks, folded in by the command that comes first, against the merge of the same
//! commits by git.
//!
//! Each run has a fresh repository with both lines, as after a fetch, made before the clock starts. What is told is the whole
//! process: the command reads one task besides.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use serde_json::json;

use crate::pairs::Row;
use crate::place::{Bench, Repo, STATE};
use crate::{fill, index};

/// The fewest tasks of which a merge is more than the start of a process.
pub(crate) const FEWEST: usize = 1_000;

/// One of so many tasks is changed on each side; half of them are changed on both.
const PART: usize = 10;

const OURS: &str = "refs/bench/ours";
const TRACKED: &str = "refs/coord-remotes/origin/main";

/// A repository with two lines of changes.
pub(crate) struct Lines<'b> {
    bench: &'b Bench,
    source: Repo<'b>,
    size: usize,
}

impl<'b> Lines<'b> {
    pub(crate) fn prepare(bench: &'b Bench, template: &Repo<'b>, size: usize) -> Lines<'b> {
        let (source, other) = (template.copy("lines"), template.copy("lines-other"));
        change(&source, size, 0, "title");
        source.run(source.git(["update-ref", OURS, STATE]));
        change(&other, size, size / PART / 2, "priority");
        let refspec = format!("{STATE}:{TRACKED}");
        source.run(source.git([OsStr::new("fetch"), "--quiet".as_ref(), other.path.as_ref(), refspec.as_ref()]));
        // The index is there, as in use: to make one from nothing takes longer than the merge, and has a row of its own.
        source.run(source.coord(["ready", "--limit", "50"]));
        let lines = Lines { bench, source, size };
        lines.check();
        lines
    }

    /// Sees that the command merges: it must not be fast because there was nothing to do.
    fn check(&self) {
        let (repo, command) = self.ready();
        repo.run(command);
        let parents = repo.run(repo.git(["rev-list", "--no-walk", "--parents", STATE]));
        assert_eq!(parents.split(' ').count(), 3, "two lines were merged");
    }

    pub(crate) fn row(&self) -> Row<'_> {
        Row {
            work: "fold in a tenth of all, changed on both sides",
            against: "git merge-tree",
            aim: None,
            command: Box::new(|_| self.ready().1),
            reference: Box::new(|_| self.by_git()),
        }
    }

    /// Returns the command that has git merge them. Its conflicts, exit code 1, are no failure.
    fn by_git(&self) -> Command {
        let script = self.source.path.join("merge-tree.sh");
        let text = format!("\"$1\" merge-tree --write-tree {OURS} {TRACKED}\ntest $? -le 1\n");
        std::fs::write(&script, text).expect("the script can be written");
        self.source.sh(&script, [self.source.git_program()])
    }

    /// Makes a repository with both lines, and the command that merges them.
    fn ready(&self) -> (Repo<'b>, Command) {
        let repo = self.bench.repository("merging");
        let refspecs = [format!("{OURS}:{STATE}"), format!("{TRACKED}:{TRACKED}")];
        let mut words: Vec<OsString> = vec!["fetch".into(), "--quiet".into(), self.source.path.clone().into()];
        words.extend(refspecs.map(OsString::from));
        repo.run(repo.git(words));
        repo.run(repo.git(["remote", "add", "origin", "/nowhere"]));
        repo.run(repo.git(["config", "coord.remote", "origin"]));
        let [known, index] = [&self.source, &repo].map(index::file);
        std::fs::create_dir_all(index.parent().expect("a folder")).expect("a new folder");
        std::fs::copy(known, index).expect("the index can be put there");
        let command = repo.coord(["show", &fill::task_name(self.size, 0)]);
        (repo, command)
    }
}

/// Changes a field of a tenth of all tasks in one commit, from the n-th on.
fn change(repo: &Repo<'_>, size: usize, first: usize, field: &str) {
    let value = if field == "title" { "Say what was expected" } else { "P0" };
    let ids = (first..first + size / PART).map(|number| fill::id(number % size));
    let lines: String = ids.map(|id| format!("{}\n", json!({"op": "task edit", "id": id, field: value}))).collect();
    let file = repo.path.join(format!("{field}.jsonl"));
    std::fs::write(&file, lines).expect("the plan can be written");
    repo.run(repo.coord(["apply".as_ref(), file.as_os_str()]));
}
