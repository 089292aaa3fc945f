//! An acknowledged tip that git itself has lost, or that somebody has reset away: the next writer brings it back.

use crate::harness::Repo;

#[test]
fn an_acknowledged_tip_that_was_reset_away_is_brought_back() {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Kept", "--id", "T-kept"]);
    let old = repo.tip().expect("a tip");
    repo.ok(&["task", "new", "Lost", "--id", "T-lost"]);
    repo.ok(&["note", "T-kept", "A lost remark"]);
    let lost = repo.tip().expect("a tip");
    repo.git(&["update-ref", "refs/coord/main", &old]);

    repo.ok(&["task", "new", "Next", "--id", "T-next"]);
    assert_eq!(repo.git(&["rev-parse", "refs/coord/main~1"]), lost, "nothing was written meanwhile: it moves forward");
    for id in ["T-kept", "T-lost", "T-next"] {
        repo.task_file(id);
    }
    assert_eq!(repo.data(&["thread", "T-kept"])["total"], 1);
    assert_eq!(repo.commit_count(), 1 + 1 + 2 + 1, "the first, kept, two lost, the next");
    repo.fsck_strict();
}

#[test]
fn reads_after_a_reset_write_nothing() {
    let repo = Repo::set_up();
    let old = repo.tip().expect("a tip");
    repo.ok(&["task", "new", "Lost", "--id", "T-lost"]);
    repo.git(&["update-ref", "refs/coord/main", &old]);
    repo.ok(&["task", "list"]);
    assert_eq!(repo.tip(), Some(old));
}

#[test]
fn a_deleted_ref_is_restored_by_init_and_by_nothing_else() {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Kept", "--id", "T-1"]);
    let tip = repo.tip();
    repo.git(&["update-ref", "-d", "refs/coord/main"]);
    assert_eq!(repo.refused(128, &["task", "new", "Refused"]), "not_set_up");
    assert_eq!(repo.refused(128, &["task", "list"]), "not_set_up");
    assert_eq!(repo.tip(), None);
    assert_eq!(repo.data(&["init"])["state"], "restored");
    assert_eq!(repo.tip(), tip);
    repo.ok(&["task", "new", "Next", "--id", "T-2"]);
    assert_eq!(repo.commit_count(), 3);
}

/// The same task changed on both sides, the lost one first: the later change stays, the other is in history.
#[test]
fn the_later_of_two_changes_of_one_task_wins_when_the_lost_one_is_older() {
    let (repo, lost) = diverged("title of the lost", "title of the kept");
    assert!(repo.task_file("T-1").contains("title: title of the kept"), "{}", repo.task_file("T-1"));
    assert!(repo.git(&["log", "-p", "--format=", "refs/coord/main"]).contains("title of the lost"));
    assert!(repo.history().contains(&lost));
}

/// Different parts of one task changed on both sides: both changes are there.
#[test]
fn a_lost_tip_is_merged_field_by_field() {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Before", "--id", "T-1"]);
    let old = repo.tip().expect("a tip");
    repo.ok(&["task", "edit", "T-1", "--priority", "P0", "--label", "lost"]);
    diverge(&repo, &old, "title of the kept");
    repo.ok(&["task", "new", "Next", "--id", "T-2"]);
    let task = repo.data(&["task", "show", "T-1"])["record"].clone();
    assert_eq!(
        (&task["title"], &task["priority"], &task["labels"][0]),
        (&"title of the kept".into(), &"P0".into(), &"lost".into())
    );
    assert_eq!(repo.files().keys().filter(|path| path.starts_with("conflicts/")).count(), 0);
    assert_eq!(
        repo.git(&["log", "--merges", "--format=%an|%s", "refs/coord/main"]),
        "git-coord merge|Merge two lines of changes"
    );
    repo.fsck_strict();
}

/// One part changed on both sides: the value that gave way stands in a conflict.
#[test]
fn what_gives_way_in_bringing_back_stands_in_a_conflict() {
    let (repo, _) = diverged("title of the lost", "title of the kept");
    let conflicts: Vec<String> = repo.files().into_keys().filter(|path| path.starts_with("conflicts/")).collect();
    let [conflict] = conflicts.as_slice() else { panic!("one conflict: {conflicts:?}") };
    assert!(repo.file(conflict).contains("title of the lost"), "{}", repo.file(conflict));
}

/// The same, with the lost change made later than the kept one, by the clocks.
#[test]
fn the_later_of_two_changes_of_one_task_wins_when_the_lost_one_is_younger() {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Before", "--id", "T-1"]);
    let old = repo.tip().expect("a tip");
    let later = repo.coord(&["task", "edit", "T-1", "--title", "title of the lost"]);
    later.env("GIT_COORD_TEST_NOW", "2026-06-01T00:00:00Z").expect(0);
    diverge(&repo, &old, "title of the kept");
    repo.ok(&["task", "new", "Next", "--id", "T-2"]);
    assert!(repo.task_file("T-1").contains("title: title of the lost"), "{}", repo.task_file("T-1"));
    assert!(repo.git(&["log", "-p", "--format=", "refs/coord/main"]).contains("title of the kept"));
    repo.fsck_strict();
}

/// Makes a lost and a kept change of one task, brings them together, and returns the lost tip.
fn diverged(lost_title: &str, kept_title: &str) -> (Repo, String) {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Before", "--id", "T-1"]);
    let old = repo.tip().expect("a tip");
    repo.ok(&["task", "edit", "T-1", "--title", lost_title]);
    let lost = repo.tip().expect("a tip");
    diverge(&repo, &old, kept_title);
    repo.ok(&["task", "new", "Next", "--id", "T-2"]);
    repo.fsck_strict();
    (repo, lost)
}

/// Resets the ref and changes the task there, as a clone would that knows nothing of what was acknowledged here.
fn diverge(repo: &Repo, old: &str, title: &str) {
    let (note, aside) = (repo.common_dir().join("coord/lock"), repo.machine.root().join("note"));
    std::fs::rename(&note, &aside).expect("the note moves");
    repo.git(&["update-ref", "refs/coord/main", old]);
    repo.ok(&["task", "edit", "T-1", "--title", title]);
    std::fs::rename(&aside, &note).expect("the note comes back");
}
