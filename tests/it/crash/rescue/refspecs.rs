//! Refspecs by which a plain fetch or push would put one state in the place of another.

use std::fs;

use super::{fix, furnished};
use crate::harness::Repo;

fn values(repo: &Repo, key: &str) -> Vec<String> {
    repo.git(&["config", "--get-all", key]).lines().map(str::to_owned).collect()
}

#[test]
fn a_mirror_leaves_the_state_alone() {
    let origin = furnished();
    let repo = origin.clone_to("mirror", &["--mirror"]);
    let theirs = repo.tip().expect("a tip");
    repo.git(&["config", "coord.agent", "ada"]);
    repo.ok(&["task", "new", "Here alone", "--id", "T-9"]);
    let finding = repo.coord(&["doctor"]).json().expect(1).data()["findings"].clone();
    assert!(finding.as_array().expect("findings").iter().any(|found| found["code"] == "mirror_fetch"), "{finding}");
    repo.coord(&["doctor", "--fix"]).expect(0);
    assert_eq!(values(&repo, "remote.origin.fetch"), ["+refs/*:refs/*", "^refs/coord/*"]);
    let here = repo.tip().expect("a tip");
    assert_ne!(here, theirs);
    origin.ok(&["note", "T-1", "There alone"]);
    origin.git(&["branch", "topic"]);
    repo.git(&["fetch", "--quiet", "--prune"]);
    assert_eq!(repo.tip(), Some(here.clone()));
    repo.git(&["rev-parse", "--verify", "refs/heads/topic"]);
    // Nor does asking for the state by name put the remote's in its place.
    repo.ok(&["init"]);
    assert_eq!(repo.tip(), Some(here));
    assert_eq!(repo.git(&["rev-parse", "refs/coord-remotes/origin/main"]), origin.tip().expect("a tip"));
}

#[test]
fn a_refspec_that_writes_among_our_refs_is_taken_out_and_kept() {
    let origin = furnished();
    let repo = origin.clone_to("clone", &[]);
    repo.ok(&["init"]);
    repo.git(&["config", "--add", "remote.origin.fetch", "+refs/coord/*:refs/coord/*"]);
    repo.ok(&["task", "new", "Here alone", "--id", "T-9"]);
    let tip = repo.tip();
    let answer = repo.coord(&["doctor", "--fix"]).json().expect(0).data();
    let backup = answer["backup"].as_str().expect("a backup");
    assert!(fs::read_to_string(format!("{backup}/config")).expect("kept").contains("+refs/coord/*:refs/coord/*"));
    assert!(!values(&repo, "remote.origin.fetch").contains(&"+refs/coord/*:refs/coord/*".to_owned()));
    assert!(values(&repo, "remote.origin.fetch").contains(&"+refs/heads/*:refs/remotes/origin/*".to_owned()));
    origin.ok(&["note", "T-1", "There alone"]);
    repo.git(&["fetch", "--quiet"]);
    assert_eq!(repo.tip(), tip);
}

/// Each of several is taken out, and the settings as they were before the first are kept.
#[test]
fn of_several_refspecs_all_are_kept() {
    let origin = furnished();
    let repo = origin.clone_to("clone", &[]);
    repo.ok(&["init"]);
    let before = fs::read_to_string(repo.common_dir().join("config")).expect("settings");
    for refspec in ["+refs/coord/*:refs/coord/*", "refs/coord/main:refs/coord/main"] {
        repo.git(&["config", "--add", "remote.origin.fetch", refspec]);
    }
    let with_both = fs::read_to_string(repo.common_dir().join("config")).expect("settings");
    let fixed = fix(&repo);
    assert_eq!(fixed.codes(), ["overwriting_fetch"]);
    let backup = fixed.answer["backup"].as_str().expect("a backup");
    assert_eq!(fs::read_to_string(format!("{backup}/config")).expect("kept"), with_both);
    assert_eq!(fs::read_to_string(repo.common_dir().join("config")).expect("settings"), before);
}

/// A plain `git push` would push this and not the branch, and without asking what the remote has.
#[test]
fn a_refspec_by_which_a_push_moves_the_state_is_taken_out() {
    let origin = furnished();
    for refspec in ["+refs/coord/*:refs/coord/*", "refs/coord/main", "refs/coord-remotes/*:refs/coord-remotes/*"] {
        let repo = origin.clone_to(&format!("clone-{}", refspec.len()), &[]);
        repo.ok(&["init"]);
        repo.git(&["config", "--add", "remote.origin.push", "refs/heads/main:refs/heads/topic"]);
        repo.git(&["config", "--add", "remote.origin.push", refspec]);
        let fixed = fix(&repo);
        assert_eq!(fixed.codes(), ["overwriting_push"], "{refspec}");
        assert_eq!(values(&repo, "remote.origin.push"), ["refs/heads/main:refs/heads/topic"], "the others stay");
    }
}

#[test]
fn a_push_of_everything_leaves_the_state_alone() {
    let origin = furnished();
    let repo = origin.clone_to("clone", &[]);
    // Without the hooks, which would publish along with the push.
    repo.ok(&["init", "--no-hooks"]);
    repo.git(&["config", "remote.origin.push", "+refs/*:refs/*"]);
    let theirs = origin.tip();
    assert_eq!(fix(&repo).codes(), ["mirror_push"]);
    repo.git(&["branch", "topic"]);
    repo.git(&["push", "--quiet"]);
    assert_eq!(origin.tip(), theirs, "the write here was not pushed over it");
    origin.git(&["rev-parse", "--verify", "refs/heads/topic"]);
}
