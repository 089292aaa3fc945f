//! All tasks of a state in one commit, against `git fast-import` of the same tree.
//!
//! Each run has a repository of its own, which is made before the clock starts. What git gets is ready to be stored: a
//! stream of the files that our import makes, in the order of their paths, and one commit.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use crate::aims::Aim;
use crate::fill;
use crate::pairs::Row;
use crate::place::{Bench, Repo, STATE};

/// The fewest tasks whose import is more than the start of a process.
pub(crate) const FEWEST: usize = 1_000;

const REF: &str = "refs/bench/import";

/// The same state as a file of ours and as a stream of git.
pub(crate) struct Import<'b> {
    bench: &'b Bench,
    size: usize,
    stream: PathBuf,
}

impl<'b> Import<'b> {
    /// Makes the stream from a state that was imported, and sees that both ways lead to the very tree of that state.
    pub(crate) fn prepare(bench: &'b Bench, template: &Repo<'b>, size: usize) -> Import<'b> {
        let stream = bench.folder.join(format!("tasks-{size}.fast-import"));
        let repo = template.copy("streamed");
        let tree = tree(&repo, STATE);
        let commit = repo.run(repo.git(["commit-tree", "-m", "Import the tasks", &tree]));
        repo.run(repo.git(["update-ref", REF, &commit]));
        let mut export = repo.git(["fast-export", REF]);
        let status = export.stdout(File::create(&stream).expect("the stream can be written")).status();
        assert!(status.is_ok_and(|status| status.success()), "{export:?}");
        let import = Import { bench, size, stream };
        let (ours, command) = import.ours();
        ours.run(command);
        let (theirs, command) = import.theirs();
        theirs.run(command);
        assert_eq!(self::tree(&ours, STATE), tree, "an import makes the same tree each time");
        assert_eq!(self::tree(&theirs, REF), tree, "git makes the tree that we make");
        import
    }

    pub(crate) fn row(&self) -> Row<'_> {
        Row {
            work: "import",
            against: "git fast-import",
            aim: Some(Aim::Import),
            command: Box::new(|_| self.ours().1),
            reference: Box::new(|_| self.theirs().1),
        }
    }

    /// Makes a repository, and returns the command of ours that has yet to be started in it.
    pub(crate) fn ours(&self) -> (Repo<'b>, Command) {
        let repo = self.bench.repository("imported");
        repo.run(repo.coord(["init"]));
        let command = fill::import(self.bench, &repo, self.size);
        (repo, command)
    }

    /// Makes a repository, and returns the command of git that has yet to be started in it.
    pub(crate) fn theirs(&self) -> (Repo<'b>, Command) {
        let repo = self.bench.repository("fast-imported");
        let mut command = repo.git(["fast-import", "--quiet"]);
        command.stdin(self.stream());
        (repo, command)
    }

    /// Opens what the command of git reads.
    pub(crate) fn stream(&self) -> File {
        File::open(&self.stream).expect("the stream is there")
    }
}

fn tree(repo: &Repo<'_>, name: &str) -> String {
    repo.run(repo.git(["rev-parse", &format!("{name}^{{tree}}")]))
}
