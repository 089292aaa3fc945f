//! A plan of a hundred operations in one commit, against the same hundred verbs one by one.
//!
//! The verbs are those that cost the same on a large state as on a small one, so that what is told is what one start, one
//! commit and one wait for the disk save, and nothing else.

use std::fmt::Write;
use std::process::Command;

use serde_json::json;

use crate::mutations::READER;
use crate::pairs::Row;
use crate::place::Repo;

/// How many tasks the plan makes; each of them has [`EACH`] operations.
const TASKS: usize = 25;
const EACH: usize = 4;

const TITLE: &str = "Say why an input is refused";
const REMARK: &str = "The page on errors has the words.";
const STEP: &str = "design";
const QUESTION: &str = "Could you look at the plan?";

pub(crate) fn row<'r>(repo: &'r Repo<'r>) -> Row<'r> {
    Row {
        work: "apply of 100 operations",
        against: "the 100 verbs one by one",
        aim: None,
        command: Box::new(move |n| at_once(repo, n)),
        reference: Box::new(move |n| one_by_one(repo, n)),
    }
}

/// Writes the n-th plan and returns the command that carries it out.
fn at_once(repo: &Repo<'_>, n: usize) -> Command {
    let plan: Vec<_> = (0..TASKS)
        .flat_map(|task| {
            let id = format!("planned-{n:04}-{task:02}");
            [
                json!({"op": "task new", "title": TITLE, "id": id}),
                json!({"op": "note", "id": id, "text": REMARK}),
                json!({"op": "step", "id": id, "name": STEP}),
                json!({"op": "send", "to": READER, "text": QUESTION}),
            ]
        })
        .collect();
    assert_eq!(plan.len(), TASKS * EACH, "as many operations as the row says");
    let file = repo.path.join(format!("plan-{n}.jsonl"));
    let lines: String = plan.iter().map(|operation| format!("{operation}\n")).collect();
    std::fs::write(&file, lines).expect("the plan can be written");
    repo.coord(["apply".as_ref(), file.as_os_str()])
}

/// Writes a script that does the same with one process after another, and returns the command that runs it.
fn one_by_one(repo: &Repo<'_>, n: usize) -> Command {
    let mut script = "set -e\n".to_owned();
    for task in 0..TASKS {
        let id = format!("single-{n:04}-{task:02}");
        let _ = write!(
            script,
            "git-coord task new '{TITLE}' --id {id}\n\
             git-coord note {id} '{REMARK}'\n\
             git-coord step {id} {STEP}\n\
             git-coord send {READER} '{QUESTION}'\n"
        );
    }
    let file = repo.path.join(format!("verbs-{n}.sh"));
    std::fs::write(&file, script).expect("the script can be written");
    repo.sh(&file, [""; 0])
}
