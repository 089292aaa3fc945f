//! What `doctor` finds. It also finds errors that others would end with, under their own codes.

use std::fs;

use super::fatal::cut_short;
use super::{Row, row, way};

pub(super) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = [repository(), records()].into_iter().flatten().collect();
    rows.sort_by_key(|row| row.code);
    rows
}

fn repository() -> Vec<Row> {
    vec![
        row(1, "not_set_up", "The repository has no coordination state.", [way("doctor").not_set_up()]),
        row(
            1,
            "missing_setting",
            "Git lacks a setting with which it carries the state along.",
            [way("doctor").after("git remote add origin /nowhere")],
        ),
        row(
            1,
            "mirror_fetch",
            "A fetch would overwrite the state with what the remote has.",
            [way("doctor").after("git remote add --mirror=fetch origin /nowhere")],
        ),
        row(
            1,
            "no_replica",
            "The replica has lost its id.",
            [way("doctor").given(|repo| fs::remove_dir_all(repo.common_dir().join("coord")).expect("a folder"))],
        ),
        row(
            1,
            "shallow",
            "History is cut, as in a shallow clone: what happened before is not here.",
            [way("doctor").given(cut_short)],
        ),
        row(
            1,
            "in_the_way",
            "A folder stands where a file is kept, or a file where a folder is.",
            [way("doctor").given(|repo| {
                let next = repo.common_dir().join("coord/next");
                let _ = fs::remove_file(&next);
                fs::create_dir(next).expect("a folder");
            })],
        ),
        row(
            1,
            "maintenance_failed",
            "Git could not pack in the background what writes have left, or was ended before it had.",
            [
                way("doctor").given(|repo| ended(repo, "fatal: no room\nfailed 128\n")),
                way("doctor").given(|repo| ended(repo, "")),
            ],
        ),
        row(
            1,
            "lock",
            "A lock keeps writers out: a git holds it, or one that died left it.",
            [way("doctor").given(|repo| fs::write(repo.common_dir().join("packed-refs.lock"), "").expect("a lock"))],
        ),
    ]
}

/// Leaves the log of a maintenance that ended so.
fn ended(repo: &crate::harness::Repo, rest: &str) {
    let log = format!("git-coord 1 started 2026-01-02T03:04:05.000Z\n{rest}");
    fs::write(repo.common_dir().join("coord/maintenance.log"), log).expect("a log");
}

fn records() -> Vec<Row> {
    vec![
        row(
            1,
            "unreadable",
            "A file among the records is none; it stays as it is.",
            [way("doctor").given(|repo| drop(repo.plant("agents/Ada.md", b"garbage")))],
        ),
        row(
            1,
            "missing_target",
            "A task names one that is not here; it counts as closed.",
            [way("doctor").given(|repo| {
                let path = repo.task_path("T-2");
                let file = repo.file(&path).replace("- T-1", "- T-gone");
                repo.plant(&path, format!("{file}\n").as_bytes());
            })],
        ),
        row(
            1,
            "cycle",
            "Tasks wait for each other.",
            [way("doctor").given(|repo| {
                let path = repo.task_path("T-2");
                let file = repo.file(&path).replace("- T-1", "- T-2");
                repo.plant(&path, format!("{file}\n").as_bytes());
            })],
        ),
        row(
            1,
            "dangling_link",
            "An inbox names a message that is not there, or is another.",
            [way("doctor").given(|repo| {
                repo.plant("inbox/Ada/01KDXN4HM0F4N9T3VQ2W1Y8X7Z.md", b"kind: message\n");
            })],
        ),
        row(
            1,
            "odd_entry",
            "An entry of the state is one that no `git coord` writes; it is passed over.",
            [way("doctor").after("agent new bob").given(|repo| drop(repo.plant("agents/BOB.md", b"garbage")))],
        ),
        row(
            1,
            "unknown_role",
            "Messages wait for a role that nobody has.",
            [way("doctor").after("send role:tester x")],
        ),
        row(1, "unknown_agent", "Messages wait for somebody who has no profile.", [way("doctor").after("send bob x")]),
        row(
            1,
            "stamp_ahead",
            "A record was stamped by a clock more than a day ahead.",
            [way("doctor").given(|repo| {
                let path = repo.task_path("T-1");
                let file = repo.file(&path).replace("2026-01-02T", "2027-01-02T");
                repo.plant(&path, format!("{file}\n").as_bytes());
            })],
        ),
    ]
}
