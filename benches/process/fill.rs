//! A state of a given size: tasks as a team has them, some done, some blocked, some waiting for others.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::place::{Bench, Repo};

const MADE_AT: &str = "2026-01-02T03:04:05.678Z";

/// Every tenth task is pending and waits for nothing.
const FREE_EVERY: usize = 10;

/// Makes a repository with so many tasks, in one commit, from which others are copied.
pub(crate) fn template(bench: &Bench, size: usize) -> Repo<'_> {
    let repo = bench.repository(&format!("filled-{size}"));
    repo.run(repo.coord(["init"]));
    if size > 0 {
        let lines: String = (0..size).map(|number| format!("{}\n", task(number))).collect();
        std::fs::write(source(bench, size), lines).expect("the tasks can be written");
        repo.run(import(bench, &repo, size));
    }
    repo
}

/// Returns the command that brings so many tasks, for which a [`template`] was made, into a repository that is set up.
pub(crate) fn import(bench: &Bench, repo: &Repo<'_>, size: usize) -> Command {
    repo.coord(["import".as_ref(), "json".as_ref(), source(bench, size).as_os_str()])
}

fn source(bench: &Bench, size: usize) -> PathBuf {
    bench.folder.join(format!("tasks-{size}.jsonl"))
}

/// Returns the id of the n-th task that is ready from the start, and nothing beyond the last of them.
pub(crate) fn ready_task(size: usize, n: usize) -> Option<String> {
    let number = n * FREE_EVERY;
    (number < size).then(|| id(number))
}

/// Returns the id of the n-th task that nobody has claimed; it is made where the state is too small to have it.
pub(crate) fn fresh_task(repo: &Repo<'_>, size: usize, n: usize) -> String {
    let name = task_name(size, n);
    if ready_task(size, n).is_none() {
        repo.run(repo.coord(["task", "new", "One more task", "--id", &name]));
    }
    name
}

/// Returns the id that [`fresh_task`] gives.
pub(crate) fn task_name(size: usize, n: usize) -> String {
    ready_task(size, n).unwrap_or_else(|| format!("more-{n:07}"))
}

/// Returns the id of a task by its number.
pub(crate) fn id(number: usize) -> String {
    format!("bench-{number:07}")
}

fn task(number: usize) -> serde_json::Value {
    let mut task = json!({
        "kind": "task",
        "id": id(number),
        "title": format!("Teach part {number} to say why it refuses an input"),
        "priority": format!("P{}", number / FREE_EVERY % 5),
        "sprint": format!("sprint-{}", number / 200),
        "labels": [format!("area-{}", number % 17), "bench"],
        "created_at": MADE_AT,
        "created_by": "ada",
        "updated_at": MADE_AT,
        "updated_by": "ada",
        "body": format!(
            "The part answers «no» and nothing else. It should name the field, the value it got and the rule that the \
             value breaks, so that whoever reads the log of run {number} can mend the input without reading the code.\n\
             \n- the message names the field\n- a test shows it\n- the page on errors has a line about it"
        ),
    });
    match number % FREE_EVERY {
        3..=5 => {
            task["status"] = "completed".into();
            task["completed_at"] = MADE_AT.into();
            task["summary"] = "It says why now.".into();
        }
        7 => task["depends_on"] = json!([id(number - 1)]),
        9 => {
            task["status"] = "blocked".into();
            task["blocked_on"] = "the page on errors".into();
        }
        _ => {}
    }
    task
}
