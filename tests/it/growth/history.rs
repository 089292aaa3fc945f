//! Reads of the last of a long history do not walk all of it.

use std::path::PathBuf;

use crate::harness::Repo;

/// Makes a history, and takes away a commit in the middle of it: whoever walks there ends in an error.
fn broken_in_the_middle() -> Repo {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "The task", "--id", "T-1"]);
    for n in 0..12 {
        repo.ok(&["note", "T-1", &format!("Remark {n}")]);
    }
    let commit = repo.git(&["rev-parse", "refs/coord/main~10"]);
    let object: PathBuf = repo.common_dir().join(format!("objects/{}/{}", &commit[..2], &commit[2..]));
    std::fs::remove_file(object).expect("a loose commit");
    repo
}

#[test]
fn the_last_commits_and_events_are_read_without_the_rest() {
    let repo = broken_in_the_middle();
    assert_eq!(repo.data(&["log", "--limit", "5"])["items"].as_array().map(Vec::len), Some(5));
    let events = repo.data(&["events", "--limit", "5"]);
    assert_eq!(events["items"].as_array().map(Vec::len), Some(5));
    let cursor = events["next_cursor"].as_str().expect("more");
    assert_eq!(repo.data(&["events", "--limit", "3", "--cursor", cursor])["items"].as_array().map(Vec::len), Some(3));
    let noted = repo.data(&["events", "--limit", "5", "--type", "task.noted"]);
    assert_eq!(noted["items"].as_array().map(Vec::len), Some(5));
    repo.ok(&["undo", "--dry-run"]);
    repo.ok(&["undo", "~2", "--dry-run"]);
    repo.ok(&["show", "T-1", "--at", "~3"]);
    repo.ok(&["note", "T-1", "A write"]);
    // It is broken, so that whoever walks there would have been seen to.
    assert_eq!(repo.refused(128, &["log", "--limit", "50"]), "damaged");
    assert_eq!(repo.refused(128, &["events", "--limit", "50"]), "damaged");
}

/// The page of a coordinator has the ten latest events.
#[test]
fn the_dashboard_reads_the_latest_events_without_the_rest() {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "The task", "--id", "T-1"]);
    for n in 0..15 {
        repo.ok(&["note", "T-1", &format!("Remark {n}")]);
    }
    let commit = repo.git(&["rev-parse", "refs/coord/main~14"]);
    std::fs::remove_file(repo.common_dir().join(format!("objects/{}/{}", &commit[..2], &commit[2..])))
        .expect("a commit");
    repo.ok(&["status"]);
    assert_eq!(repo.refused(128, &["log", "--limit", "50"]), "damaged");
}
