//! Clones that have not all: shallow ones, partial ones, and ones whose lenders are gone.

use std::fs;

use super::{Whole, is_refusal, is_well};
use crate::harness::Repo;

/// A server with the state of a project, its author, and a clone whose last write the author has built upon.
fn shared() -> (Repo, Repo) {
    let author = super::with_a_task();
    author.git(&["init", "--quiet", "--bare", "../server"]);
    let server = author.at(author.machine.root().join("server"));
    server.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", server.path.display());
    author.git(&["remote", "add", "origin", &url]);
    author.git(&["push", "--quiet", "origin", "main", "refs/coord/main"]);
    author.git(&["clone", "--quiet", &url, "../clone"]);
    let clone = author.at(author.machine.root().join("clone"));
    (author, clone)
}

#[test]
fn nothing_is_concluded_from_a_history_that_ends_early() {
    let (author, clone) = shared();
    clone.ok(&["init"]);
    clone.ok(&["task", "new", "Made here, closed there", "--id", "T-2"]);
    clone.git(&["push", "--quiet", "origin", "refs/coord/main"]);
    author.git(&["fetch", "--quiet", "origin", "refs/coord/main:refs/coord/main"]);
    author.ok(&["done", "T-2"]);
    author.git(&["push", "--quiet", "origin", "refs/coord/main"]);
    // By hand, as nothing of ours does it: the ref is overwritten with one commit, behind which the acknowledged one lies.
    clone.git(&["fetch", "--quiet", "--depth=1", "origin", "+refs/coord/main:refs/coord/main"]);
    assert_eq!(clone.commit_count(), 1);

    let before = Whole::of(&clone);
    for words in super::WRITES {
        let refused = clone.coord(words).json().run();
        is_refusal(&refused, 128, "shallow");
        assert_eq!(refused.error()["hint"], "git fetch --unshallow origin refs/coord/main", "{refused}");
    }
    assert_eq!(Whole::of(&clone), before);
    for words in super::READS {
        clone.ok(words);
    }
    assert_eq!(clone.data(&["task", "show", "T-2"])["record"]["status"], "completed");
    // What the one commit holds was not all made by it.
    assert_eq!(clone.data(&["events"])["items"], serde_json::json!([]));
    assert_eq!(clone.coord(&["doctor"]).json().expect(1).data()["findings"][0]["code"], "shallow");

    clone.git(&["fetch", "--quiet", "--unshallow", "origin", "refs/coord/main"]);
    clone.ok(&["doctor"]);
    is_well(&clone);
    assert_eq!(clone.commit_count(), 5, "a commit was taken for lost");
    assert_eq!(clone.data(&["task", "show", "T-2"])["record"]["status"], "completed");
}

#[test]
fn a_cut_behind_both_sides_hides_nothing() {
    let (author, clone) = shared();
    author.ok(&["note", "T-1", "first"]);
    author.git(&["push", "--quiet", "origin", "refs/coord/main"]);
    clone.git(&["fetch", "--quiet", "--depth=1", "origin", "refs/coord/main:refs/coord/main"]);
    clone.ok(&["note", "T-1", "kept"]);
    let kept = clone.tip().expect("a tip");
    clone.git(&["update-ref", "refs/coord/main", "refs/coord/main~1"]);
    clone.ok(&["note", "T-1", "after"]);
    assert!(clone.history().contains(&kept), "an acknowledged commit was not brought back");
    let events = clone.data(&["events"])["items"].clone();
    let all_noted = events.as_array().expect("a list").iter().all(|event| event["type"] == "task.noted");
    assert!(all_noted, "the commit at the cut made nothing that is known: {events}");
    clone.fsck_strict();
}

#[test]
fn a_list_of_cuts_that_is_none_is_damage() {
    let repo = super::with_a_task();
    let shallow = repo.common_dir().join("shallow");
    let before = Whole::of(&repo);
    for nonsense in [&b"garbage\n"[..], b"\xff\n", b"1234\n"] {
        fs::write(&shallow, nonsense).expect("a file");
        for words in [&["log"][..], &["note", "T-1", "x"]] {
            let refused = repo.coord(words).json().run();
            assert_eq!(refused.exit(), 128, "{refused}");
            assert!(refused.stderr.contains("shallow"), "{refused}");
        }
        fs::remove_file(&shallow).expect("a file");
        assert_eq!(Whole::of(&repo), before);
    }
    is_well(&repo);
}

#[test]
fn what_a_partial_clone_has_left_out_is_named_with_the_way_to_get_it() {
    for filter in ["blob:none", "tree:0"] {
        let (_author, full) = shared();
        let url = full.git(&["remote", "get-url", "origin"]);
        full.git(&["clone", "--quiet", &format!("--filter={filter}"), &url, "../partial"]);
        let clone = full.at(full.machine.root().join("partial"));
        // By hand; `init` would have asked for everything.
        clone.git(&["fetch", "--quiet", "origin", "refs/coord/main:refs/coord/main"]);
        let tip = clone.git(&["for-each-ref", "--format=%(objectname)", "refs/coord/main"]);
        let mut hint = String::new();
        for words in [&["task", "list"][..], &["note", "T-1", "x"], &["claim", "T-1"], &["show", "T-1"]] {
            let refused = clone.coord(words).json().run();
            is_refusal(&refused, 128, "left_out");
            hint = refused.error()["hint"].as_str().expect("a hint").to_owned();
        }
        assert_eq!(clone.git(&["for-each-ref", "--format=%(objectname)", "refs/coord/main"]), tip);
        let words: Vec<&str> = hint.split(' ').skip(1).collect();
        clone.git(&words);
        clone.ok(&["init"]);
        clone.ok(&["doctor"]);
        is_well(&clone);
    }
}

#[test]
fn a_lender_of_objects_that_is_gone_is_missed_and_not_taken_for_an_empty_state() {
    let lender = super::with_a_task();
    let borrower = lender.clone_to("borrower", &["--shared"]);
    borrower.git(&["fetch", "--quiet", "origin", "refs/coord/main:refs/coord/main"]);
    borrower.ok(&["show", "T-1"]);
    let tip = borrower.tip();
    let (objects, aside) = (lender.common_dir().join("objects"), lender.machine.root().join("aside"));
    fs::rename(&objects, &aside).expect("the lender moves away");
    let reference = borrower.common_dir().join("refs/coord/main");
    let before = fs::read(&reference).expect("the ref");
    for words in [&["task", "list"][..], &["note", "T-1", "x"], &["init"], &["status"]] {
        is_refusal(&borrower.coord(words).json().run(), 128, "damaged");
    }
    assert_eq!(fs::read(&reference).expect("the ref"), before);
    fs::rename(&aside, &objects).expect("the lender comes back");
    assert_eq!(borrower.tip(), tip);
    is_well(&borrower);
    assert_eq!(lender.commit_count(), 2, "a write went to the lender");
}
