//! One question by one process, and what any command of the program costs before it does anything.

use std::process::Command;

use crate::aims::Aim;
use crate::fill;
use crate::mutations::READER;
use crate::pairs::Row;
use crate::place::Repo;

/// How many messages lie in the inbox.
const UNREAD: usize = 20;

pub(crate) fn rows<'r>(repo: &'r Repo<'r>, size: usize) -> Vec<Row<'r>> {
    let task = fill::fresh_task(repo, size, 0);
    let same = task.clone();
    for n in 0..UNREAD {
        repo.run(repo.coord(["send", READER, &format!("Could you look at branch {n}?")]));
    }
    vec![
        row(repo, "show", Some(Aim::Show), move |_| repo.coord(["show", &task])),
        row(repo, "show, as `git coord show`", None, move |_| repo.git(["coord", "show", &same])),
        row(repo, "ready --limit 50", Some(Aim::View), |_| repo.coord(["ready", "--limit", "50"])),
        row(repo, "inbox", Some(Aim::View), |_| repo.coord(["--agent", READER, "inbox"])),
        row(repo, "status", Some(Aim::View), |_| repo.coord(["status"])),
        row(repo, "--version", None, |_| repo.coord(["--version"])),
    ]
}

fn row<'r>(
    repo: &'r Repo<'r>,
    work: &'static str,
    aim: Option<Aim>,
    command: impl FnMut(usize) -> Command + 'r,
) -> Row<'r> {
    let reference = Box::new(|_| repo.git(["version"]));
    Row { work, against: "git version", aim, command: Box::new(command), reference }
}
