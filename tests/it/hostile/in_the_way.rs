//! A folder where a file is expected, a file where a folder is, and refs that are none.

use std::fs;
use std::path::Path;

use super::{Whole, is_refusal, is_well, with_a_task};
use crate::harness::Repo;

/// Puts a folder where a file is, or a file where a folder is.
fn turn(path: &Path, into_folder: bool) {
    if path.is_dir() {
        fs::remove_dir_all(path).expect("a folder");
    } else if path.exists() {
        fs::remove_file(path).expect("a file");
    }
    if into_folder {
        fs::create_dir_all(path.join("in the way")).expect("a folder");
    } else {
        fs::write(path, "in the way").expect("a file");
    }
}

#[track_caller]
fn doctor_says(repo: &Repo, code: &str) {
    let findings = repo.coord(&["doctor"]).json().expect(1).data()["findings"].clone();
    let found = findings.as_array().expect("a list").iter().any(|finding| finding["code"] == code);
    assert!(found, "{findings}");
}

#[test]
fn what_writing_needs_and_is_something_else_is_named() {
    for (place, into_folder) in [("coord/lock", true), ("coord/next", true), ("coord", false)] {
        let repo = with_a_task();
        let path = repo.common_dir().join(place);
        let before = Whole::of(&repo);
        turn(&path, into_folder);
        for words in super::WRITES {
            let refused = repo.coord(words).json().run();
            is_refusal(&refused, 128, "io");
            assert!(refused.stderr.contains(&format!(".git/{place}")), "{refused}");
            let hint = refused.error()["hint"].as_str().expect("a hint").to_owned();
            assert!(hint.contains("move it out of the way"), "{refused}");
        }
        for words in super::READS {
            repo.ok(words);
        }
        doctor_says(&repo, "in_the_way");
        assert_eq!(Whole::of(&repo), before, "{place}");
        if into_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }.expect("what was in the way");
        is_well(&repo);
    }
}

#[test]
fn what_writing_can_do_without_is_no_obstacle() {
    for (place, into_folder) in [("coord/heartbeats", false), ("coord/replica", true)] {
        let repo = with_a_task();
        turn(&repo.common_dir().join(place), into_folder);
        for words in super::READS {
            repo.ok(words);
        }
        let claimed = repo.coord(&["claim", "T-1"]).json().expect(0);
        assert_eq!(claimed.data()["claim"]["agent"], "Ada", "{claimed}");
        repo.ok(&["done", "T-1"]);
        doctor_says(&repo, "in_the_way");
        is_well(&repo);
    }
}

/// A claim that this worktree could not remember is none that it could finish: it is refused before it is made.
#[test]
fn a_claim_that_cannot_be_remembered_is_not_made() {
    let repo = with_a_task();
    let held = repo.common_dir().join("coord/held");
    turn(&held, false);
    let before = Whole::of(&repo);
    is_refusal(&repo.coord(&["claim", "T-1"]).json().run(), 128, "io");
    is_refusal(&repo.coord(&["next", "--claim"]).json().run(), 128, "io");
    assert_eq!(Whole::of(&repo), before);
    repo.ok(&["note", "T-1", "x"]);
    fs::remove_file(&held).expect("a file");
    repo.ok(&["claim", "T-1"]);
    repo.ok(&["done", "T-1"]);
    is_well(&repo);
}

#[test]
fn a_ref_that_keeps_the_place_of_the_state_is_named() {
    // One level too few, and one too many.
    for (name, clash) in [("refs/coord", "refs/coord"), ("refs/coord/main/x", "refs/coord/main/")] {
        let repo = Repo::plain();
        repo.git(&["update-ref", name, "HEAD"]);
        for words in super::READS.iter().chain(super::WRITES) {
            is_refusal(&repo.coord(words).json().run(), 128, "not_set_up");
        }
        let refused = repo.coord(&["init"]).json().run();
        is_refusal(&refused, 128, "ref_clash");
        assert!(refused.stderr.contains(clash), "{refused}");
        assert_eq!(repo.git(&["rev-parse", name]), repo.git(&["rev-parse", "HEAD"]), "{name} was moved");
        repo.git(&["update-ref", "-d", name]);
        repo.ok(&["init"]);
        repo.ok(&["task", "new", "x"]);
    }
}

#[test]
fn a_ref_to_something_else_is_damage_and_is_left_alone() {
    let repo = with_a_task();
    repo.git(&["tag", "-a", "-m", "x", "note", "refs/coord/main"]);
    let path = repo.common_dir().join("refs/coord/main");
    let good = fs::read(&path).expect("the ref");
    for target in ["HEAD:README", "HEAD^{tree}", "refs/tags/note", "HEAD"] {
        let id = repo.git(&["rev-parse", target]);
        fs::write(&path, format!("{id}\n")).expect("the ref");
        for words in super::WRITES.iter().chain(&[&["init"][..], &["task", "list"], &["status"], &["show", "T-1"]]) {
            is_refusal(&repo.coord(words).json().run(), 128, "damaged");
        }
        let asked = repo.coord(&["doctor"]).json().expect(1).data()["findings"].clone();
        let finding = asked.as_array().expect("a list").iter().find(|finding| finding["code"] == "damaged");
        assert!(finding.is_some_and(|finding| finding["hint"] != "git coord doctor"), "{asked}");
        assert_eq!(fs::read(&path).expect("the ref"), format!("{id}\n").into_bytes(), "{target}");
    }
    fs::write(&path, good).expect("the ref");
    is_well(&repo);
}

/// Whoever wrote through a link would move a branch.
#[test]
fn a_link_in_place_of_the_ref_moves_no_branch() {
    let repo = with_a_task();
    let path = repo.common_dir().join("refs/coord/main");
    let good = fs::read(&path).expect("the ref");
    let branch = repo.git(&["rev-parse", "refs/heads/main"]);
    for is_link in [true, false] {
        fs::remove_file(&path).expect("the ref");
        if is_link {
            std::os::unix::fs::symlink("../heads/main", &path).expect("a link");
        } else {
            repo.git(&["symbolic-ref", "refs/coord/main", "refs/heads/main"]);
        }
        for words in super::WRITES.iter().chain(super::READS) {
            is_refusal(&repo.coord(words).json().run(), 128, "damaged");
        }
        assert_eq!(repo.git(&["rev-parse", "refs/heads/main"]), branch);
        assert_eq!(fs::symlink_metadata(&path).expect("there").is_symlink(), is_link);
    }
    fs::remove_file(&path).expect("the link");
    fs::write(&path, good).expect("the ref");
    is_well(&repo);
}
