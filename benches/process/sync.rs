//! `sync` with a remote on this disk, against the git commands that move the same: with nothing new, and with one change
//! each way.
//!
//! Each of the two has a remote and a clone of its own. What others push, and the change that is to be published, are made
//! before the clock starts.

use std::process::Command;

use crate::aims::Aim;
use crate::pairs::Row;
use crate::place::{Bench, Repo, STATE};

/// Where the reference pushes its change to: git refuses the state's own ref, on which somebody else has been.
const MINE: &str = "refs/bench/mine";

/// A bare remote, one who measures and one who pushes.
pub(crate) struct Exchange<'b> {
    clone: Repo<'b>,
    other: Repo<'b>,
}

impl<'b> Exchange<'b> {
    /// Makes a remote with the state of a template, and two clones of it.
    pub(crate) fn new(bench: &'b Bench, template: &Repo<'b>, name: &str) -> Exchange<'b> {
        let remote = bench.remote(&format!("{name}-remote"), template);
        let (clone, other) = (remote.clone_of(name), remote.clone_of(&format!("{name}-other")));
        for repo in [&clone, &other] {
            repo.run(repo.coord(["sync"]));
        }
        Exchange { clone, other }
    }

    /// Has the other one publish a change.
    fn change_there(&self) {
        let other = &self.other;
        other.run(other.coord(["task", "new", "Say why an input is refused"]));
        other.run(other.coord(["sync"]));
    }

    /// Makes a change that nobody else has.
    fn change_here(&self) {
        self.clone.run(self.clone.coord(["task", "new", "Say what was expected"]));
    }
}

/// Returns the rows. The exchanges are those of the command and of its reference.
pub(crate) fn rows<'r>(ours: &'r Exchange<'r>, theirs: &'r Exchange<'r>) -> Vec<Row<'r>> {
    vec![
        Row {
            work: "sync, nothing new",
            against: "git fetch",
            aim: Some(Aim::Sync),
            command: Box::new(|_| ours.clone.coord(["sync"])),
            reference: Box::new(|_| theirs.clone.git(["fetch", "--quiet", "origin"])),
        },
        Row {
            work: "sync, one change each way",
            against: "git fetch, git push",
            aim: Some(Aim::Sync),
            command: Box::new(|_| {
                ours.change_there();
                ours.change_here();
                ours.clone.coord(["sync"])
            }),
            reference: Box::new(|_| {
                theirs.change_there();
                theirs.change_here();
                fetch_and_push(&theirs.clone)
            }),
        },
    ]
}

fn fetch_and_push(repo: &Repo<'_>) -> Command {
    let script = repo.path.join("fetch-and-push.sh");
    let text = format!("set -e\n\"$1\" fetch --quiet origin\nexec \"$1\" push --quiet origin {STATE}:{MINE}\n");
    std::fs::write(&script, text).expect("the script can be written");
    repo.sh(&script, [repo.git_program()])
}
