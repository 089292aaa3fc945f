//! What `doctor` finds. It also finds errors that others would end with, under their own codes.

use std::fs;

use super::fatal::cut_short;
use super::remotes::with_remote;
use super::{Row, row, way};
use crate::harness::Repo;

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
            "damaged",
            "An object of the state is missing or broken, or its ref holds nonsense.",
            [
                way("doctor").given(cut_file),
                way("doctor").given(|repo| fs::write(repo.common_dir().join("refs/coord/main"), "").expect("the ref")),
            ],
        ),
        row(
            1,
            "not_folded_in",
            "What a plain fetch has brought is no state that this version could take in.",
            [way("doctor").given(with_remote).given(|repo| {
                repo.git(&["update-ref", "refs/coord-remotes/origin/main", "HEAD"]);
                repo.ok(&["task", "list"]);
            })],
        ),
        row(
            1,
            "not_signing",
            "Only what is signed is to be taken in, and nothing that is written here is signed.",
            [way("doctor").after("git config coord.requireSigned on")],
        ),
        row(
            1,
            "lost_ref",
            "The ref of the state is gone.",
            [way("doctor").given(|repo| fs::remove_file(repo.common_dir().join("refs/coord/main")).expect("the ref"))],
        ),
        row(
            1,
            "lost_tip",
            "The history no longer holds what was acknowledged last.",
            [way("doctor").after("git update-ref refs/coord/main refs/coord/main^")],
        ),
        row(
            1,
            "no_reflog",
            "Nobody notes where the ref has been.",
            [way("doctor").given(|repo| {
                fs::remove_file(repo.common_dir().join("logs/refs/coord/main")).expect("the reflog");
            })],
        ),
        row(
            1,
            "stale_reflog",
            "The reflog leads to what is gone; git collects no garbage while it does.",
            [way("doctor").given(|repo| {
                let log = repo.common_dir().join("logs/refs/coord/main");
                let (tip, gone) = (repo.tip().expect("a tip"), "1".repeat(tip_length(repo)));
                let line = format!("{tip} {gone} Ada <ada@example.org> 1767323999 +0000\tgone\n");
                fs::write(&log, fs::read_to_string(&log).expect("the reflog") + &line).expect("the reflog");
            })],
        ),
        row(
            1,
            "overwriting_fetch",
            "A fetch would put the remote's state in the place of the one here.",
            [way("doctor")
                .after("git remote add origin /nowhere")
                .after("git config --add remote.origin.fetch +refs/coord/*:refs/coord/*")],
        ),
        row(
            1,
            "overwriting_push",
            "A plain push would move the state there, and leave the branch out.",
            [way("doctor")
                .after("git remote add origin /nowhere")
                .after("git config --add remote.origin.push +refs/coord/*:refs/coord/*")],
        ),
        row(
            1,
            "mirror_push",
            "A plain push of all refs would take the state along, whatever the remote has.",
            [way("doctor")
                .after("git remote add origin /nowhere")
                .after("git config --add remote.origin.push +refs/*:refs/*")],
        ),
        row(
            1,
            "broken_index",
            "The index is no database any more; records are read without it.",
            [way("doctor").given(|repo| {
                fs::write(repo.common_dir().join("coord/index.sqlite"), "no database ".repeat(100)).expect("a file");
            })],
        ),
        row(
            1,
            "leftover",
            "A process that died has left a file that nobody uses.",
            [way("doctor").given(|repo| {
                let path = repo.common_dir().join("coord/.note-x");
                let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
                fs::write(&path, "x").expect("a file");
                fs::File::options().write(true).open(path).and_then(|file| file.set_modified(old)).expect("made old");
            })],
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

fn tip_length(repo: &Repo) -> usize {
    repo.tip().expect("a tip").len()
}

fn cut_file(repo: &Repo) {
    cut_file_of(repo, "T-1");
}

/// Takes away the file of a task.
pub(super) fn cut_file_of(repo: &Repo, task: &str) {
    let blob = repo.git(&["rev-parse", &format!("refs/coord/main:{}", repo.task_path(task))]);
    let path = repo.common_dir().join("objects").join(&blob[..2]).join(&blob[2..]);
    fs::remove_file(path).expect("the object");
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
