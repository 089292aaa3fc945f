//! What plain git has fetched is folded in by the next command, once.

use serde_json::json;

use super::{Team, synced, tasks};

/// Makes the second laptop have fetched a task of the first one, and written one of its own where it is told to.
fn fetched(is_diverged: bool) -> Team {
    let team = Team::set_up(2);
    team.laptops[0].ok(&["task", "new", "Of one", "--id", "T-one"]);
    synced(&team.laptops[0]);
    if is_diverged {
        team.laptops[1].ok(&["task", "new", "Of two", "--id", "T-two"]);
    }
    team.laptops[1].git(&["fetch", "--quiet"]);
    team
}

#[test]
fn a_read_after_a_fetch_moves_forward_and_makes_no_commit() {
    let team = fetched(false);
    let two = &team.laptops[1];
    assert_eq!(tasks(two), ["T-1", "T-one"]);
    assert_eq!(two.tip(), team.laptops[0].tip());
    team.assert_equal();
}

#[test]
fn a_read_after_a_fetch_merges_once_and_never_again() {
    let team = fetched(true);
    let two = &team.laptops[1];
    let before = two.commit_count();
    assert_eq!(tasks(two), ["T-1", "T-one", "T-two"]);
    assert_eq!(two.commit_count(), before + 2, "the task of the other one, and the merge");
    let (tip, note) = (two.tip(), two.common_dir().join("coord/folded"));
    let noted = std::fs::metadata(&note).expect("a note").modified().expect("a time");
    for words in [&["task", "list"][..], &["status"], &["log"], &["show", "T-one"], &["whoami"]] {
        two.ok(words);
    }
    two.git(&["fetch", "--quiet"]);
    two.ok(&["task", "list"]);
    assert_eq!(two.tip(), tip);
    assert_eq!(std::fs::metadata(&note).expect("a note").modified().expect("a time"), noted);
    std::fs::remove_file(&note).expect("a note");
    assert_eq!(tasks(two), ["T-1", "T-one", "T-two"]);
    assert_eq!(two.tip(), tip, "without the note it is looked at, and is here already");
}

#[test]
fn a_write_after_a_fetch_is_decided_on_what_came() {
    let team = fetched(true);
    let two = &team.laptops[1];
    assert_eq!(two.refused(3, &["task", "new", "Taken", "--id", "T-one"]), "id_taken");
    two.ok(&["note", "T-one", "Seen"]);
    two.ok(&["sync"]);
    synced(&team.laptops[0]);
    team.assert_equal();
}

#[test]
fn what_looks_at_the_repository_alone_folds_nothing_in() {
    let team = fetched(true);
    let two = &team.laptops[1];
    let tip = two.tip();
    for words in [&["init"][..], &["doctor"], &["config"], &["schema"]] {
        two.coord(words).run();
        assert_eq!(two.tip(), tip, "{words:?}");
    }
    two.ok(&["task", "new", "Only shown", "--dry-run"]);
    assert_eq!(two.tip(), tip);
}

#[test]
fn where_nothing_can_be_written_what_is_here_is_the_answer() {
    let team = fetched(true);
    let two = &team.laptops[1];
    let tip = two.tip();
    let list =
        || two.coord(&["task", "list"]).json().env("GIT_COORD_FAILPOINT", "queue-open.before=readonly").expect(0);
    for _ in 0..2 {
        let answer = list();
        assert_eq!((&answer.data()["total"], answer.stderr.as_str()), (&json!(2), ""), "{answer}");
    }
    assert_eq!(two.tip(), tip);
    assert_eq!(tasks(two), ["T-1", "T-one", "T-two"], "and later it is folded in after all");
}

#[test]
fn several_remotes_are_folded_in_and_one_that_is_none_is_left() {
    let team = Team::set_up(3);
    let [one, two, three] = team.laptops.as_slice() else { panic!("three laptops") };
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    for (name, laptop) in [("one", one), ("two", two)] {
        three.git(&["remote", "add", name, &laptop.path.to_string_lossy()]);
        three.git(&["fetch", "--quiet", name, &format!("+refs/coord/*:refs/coord-remotes/{name}/*")]);
    }
    // A ref of a remote that is not there any more, and of no state.
    three.git(&["update-ref", "refs/coord-remotes/gone/main", "HEAD"]);
    assert_eq!(tasks(three), ["T-1", "T-one", "T-two"]);
}

#[test]
fn a_head_that_cannot_be_taken_in_is_left_and_doctor_says_so() {
    let team = fetched(false);
    let two = &team.laptops[1];
    let tip = two.tip();
    two.git(&["update-ref", "refs/coord-remotes/origin/main", "HEAD"]);
    assert_eq!(tasks(two), ["T-1"]);
    assert_eq!(two.tip(), tip);
    let findings = two.coord(&["doctor"]).json().expect(1).data()["findings"].clone();
    assert_eq!(findings[0]["code"], json!("not_folded_in"), "{findings}");
    two.ok(&["sync"]);
    assert_eq!(two.data(&["doctor"])["findings"], json!([]));
    assert_eq!(tasks(two), ["T-1", "T-one"]);
}

#[test]
fn linked_worktrees_share_what_came() {
    let team = fetched(true);
    let tree = team.laptops[1].worktree("tree");
    assert_eq!(tasks(&tree), ["T-1", "T-one", "T-two"]);
    assert_eq!(tree.tip(), team.laptops[1].tip());
}
