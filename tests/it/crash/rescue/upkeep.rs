//! The small things that `doctor --fix` puts right: settings, the reflog, the index, what was left behind.

use std::fs;
use std::time::{Duration, SystemTime};

use super::{ALL, assert_titles, fix, furnished};
use crate::harness::{Repo, Surroundings};

#[track_caller]
fn fixes(repo: &Repo, code: &str) {
    let tip = repo.tip();
    assert_eq!(fix(repo).codes(), [code]);
    let before = repo.git(&["rev-parse", "refs/coord/main^"]);
    assert_eq!(Some(before), tip, "only the next write moved the ref");
}

#[test]
fn what_is_well_is_left_alone() {
    let repo = furnished();
    let (tip, before) = (repo.tip(), Surroundings::of(&repo));
    super::nothing_to_mend(&repo);
    assert_eq!(repo.tip(), tip);
    assert_eq!(before.differences(&Surroundings::of(&repo)), Vec::<String>::new());
    assert!(!repo.common_dir().join("coord/backup").exists());
}

#[test]
fn settings_that_git_lacks_are_added() {
    let repo = furnished();
    repo.git(&["config", "--unset-all", "log.excludeDecoration"]);
    fixes(&repo, "missing_setting");
    let repo = furnished();
    repo.git(&["remote", "add", "origin", "/nowhere"]);
    fixes(&repo, "missing_setting");
    let fetched = repo.git(&["config", "--get-all", "remote.origin.fetch"]);
    assert!(fetched.lines().any(|refspec| refspec == "+refs/coord/*:refs/coord-remotes/origin/*"), "{fetched}");
}

#[test]
fn a_missing_reflog_begins() {
    let repo = furnished();
    fs::remove_file(repo.common_dir().join("logs/refs/coord/main")).expect("the reflog");
    fixes(&repo, "no_reflog");
    assert_eq!(repo.reflog_length(), 2, "where it began, and the next write");
}

#[test]
fn an_index_that_is_broken_goes_and_comes_back() {
    let repo = furnished();
    repo.ok(&["task", "list"]);
    let index = repo.common_dir().join("coord/index.sqlite");
    for bytes in [&b"no database at all, and longer than the header of one would be"[..], &[0; 5000]] {
        fs::write(&index, bytes).expect("another index");
        fix(&repo);
        assert_titles(&repo, &ALL);
    }
}

#[test]
fn files_that_died_before_they_had_a_name_go_once_nobody_can_be_at_them() {
    let repo = furnished();
    let folder = repo.common_dir().join("coord/heartbeats");
    fs::create_dir_all(&folder).expect("a folder");
    let (old, young) = (folder.join(".note-old"), folder.join(".note-young"));
    for path in [&old, &young] {
        fs::write(path, "x").expect("a file");
    }
    let then = SystemTime::now() - Duration::from_secs(7200);
    fs::File::options().write(true).open(&old).and_then(|file| file.set_modified(then)).expect("an old file");
    fixes(&repo, "leftover");
    assert!(!old.exists() && young.exists());
}

#[test]
fn a_replica_without_an_id_gets_one() {
    let repo = furnished();
    fs::remove_file(repo.common_dir().join("coord/replica")).expect("the id");
    fixes(&repo, "no_replica");
}

#[test]
fn what_cannot_be_mended_stays_named() {
    let repo = furnished();
    repo.ok(&["task", "new", "Found", "--id", "T-9", "--discovered-from", "gone"]);
    repo.git(&["config", "--unset-all", "log.excludeDecoration"]);
    let answer = repo.coord(&["doctor", "--fix"]).json().expect(1).data();
    let seen: Vec<(&str, bool)> = answer["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|found| (found["code"].as_str().expect("a code"), found["fixed"].as_bool().expect("a word")))
        .collect();
    assert_eq!(seen, [("missing_setting", true), ("missing_setting", true), ("missing_target", false)]);
}
