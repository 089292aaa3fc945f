//! One change of the state by one process, the cost of starting git at all being the measure.

use std::process::Command;

use crate::aims::Aim;
use crate::fill;
use crate::pairs::Row;
use crate::place::Repo;

/// Who gets the messages.
pub(crate) const READER: &str = "reader";

/// The life of some tasks: each row takes a task one step further, so the order of the rows matters.
pub(crate) fn rows<'r>(repo: &'r Repo<'r>, size: usize) -> Vec<Row<'r>> {
    let task = move |n| fill::task_name(size, n);
    vec![
        row(repo, "task new", |_| repo.coord(["task", "new", "Say why an input is refused"])),
        row(repo, "claim", move |n| {
            let task = fill::fresh_task(repo, size, n);
            repo.coord(["claim", &task])
        }),
        row(repo, "note", move |n| repo.coord(["note", &task(n), "Half of it is there, the tests are next."])),
        row(repo, "done", move |n| repo.coord(["done", &task(n), "It says why now."])),
        row(repo, "send", |_| repo.coord(["send", READER, "Could you look at the branch?"])),
        Row {
            aim: None,
            ..row(repo, "task new, not waiting for the disk", |_| {
                let mut command = repo.coord(["task", "new", "Say why an input is refused"]);
                let setting =
                    [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "coord.fsync"), ("GIT_CONFIG_VALUE_0", "off")];
                command.envs(setting);
                command
            })
        },
    ]
}

fn row<'r>(repo: &'r Repo<'r>, work: &'static str, command: impl FnMut(usize) -> Command + 'r) -> Row<'r> {
    Row {
        work,
        against: "git version",
        aim: Some(Aim::Mutation),
        command: Box::new(command),
        reference: Box::new(|_| repo.git(["version"])),
    }
}
