//! A ref that is gone, holds nonsense, or is older than what was acknowledged.

use std::fs;

use super::{ALL, assert_titles, destroy, fix, furnished, id, remarks, well};
use crate::harness::Repo;

fn reference(repo: &Repo) -> std::path::PathBuf {
    repo.common_dir().join("refs/coord/main")
}

#[test]
fn a_ref_of_nonsense_names_its_commit_again() {
    for (is_packed, bad) in [
        (false, ""),
        (true, ""),
        (false, "\n"),
        (false, "not an id\n"),
        (true, &*"0".repeat(40)),
        (false, "ref: refs/heads/main\n"),
    ] {
        let repo = furnished();
        let tip = repo.tip();
        if is_packed {
            repo.git(&["pack-refs", "--all"]);
        }
        fs::write(reference(&repo), bad).expect("the ref");
        let answer = repo.coord(&["doctor", "--fix"]).json().expect(0).data();
        assert_eq!(answer["lost"], serde_json::Value::Null, "{bad:?}: {answer}");
        assert_eq!(repo.tip(), tip, "{bad:?}");
        let backup = answer["backup"].as_str().expect("a backup");
        assert_eq!(fs::read_to_string(format!("{backup}/ref")).expect("kept"), bad, "{bad:?}");
        well(&repo);
        assert_titles(&repo, &ALL);
    }
}

#[test]
fn a_ref_that_is_a_link_is_one_no_longer() {
    let repo = furnished();
    let tip = repo.tip();
    fs::remove_file(reference(&repo)).expect("the ref");
    std::os::unix::fs::symlink("../heads/main", reference(&repo)).expect("a link");
    let branch = id(&repo, "refs/heads/main");
    fix(&repo);
    assert_eq!(repo.git(&["rev-parse", "refs/coord/main^"]), tip.expect("a tip"));
    assert_eq!(id(&repo, "refs/heads/main"), branch, "where the link led is nobody's business");
}

type Take = fn(&Repo);

/// What is known of the tip, besides the ref.
#[test]
fn any_trace_of_the_tip_is_enough() {
    let takes: [(&str, Take); 3] = [
        ("no reflog", |repo| fs::remove_file(repo.common_dir().join("logs/refs/coord/main")).expect("the reflog")),
        ("no notes", |repo| fs::remove_file(repo.common_dir().join("coord/lock")).expect("the notes")),
        ("a branch", |repo| {
            repo.git(&["branch", "kept", "refs/coord/main"]);
            fs::remove_file(repo.common_dir().join("logs/refs/coord/main")).expect("the reflog");
            fs::remove_file(repo.common_dir().join("coord/lock")).expect("the notes");
        }),
    ];
    for (what, take) in takes {
        for is_gone in [false, true] {
            let repo = furnished();
            let tip = repo.tip();
            take(&repo);
            if is_gone {
                fs::remove_file(reference(&repo)).expect("the ref");
            } else {
                fs::write(reference(&repo), "").expect("the ref");
            }
            if is_gone && what == "a branch" {
                // Nothing says that there ever was a state here.
                assert_eq!(repo.coord(&["doctor"]).json().expect(1).data()["findings"][0]["code"], "not_set_up");
                continue;
            }
            let fixed = fix(&repo);
            assert_eq!(fixed.lost(), [], "{what}");
            assert_eq!(repo.git(&["rev-parse", "refs/coord/main^"]), tip.expect("a tip"), "{what}");
        }
    }
}

/// Git forgets the lines of a reflog after some time. Then the commit before a missing one has to be found.
#[test]
fn without_a_single_trace_the_longest_history_that_is_there_is_taken() {
    let repo = furnished();
    let before = repo.tip().expect("a tip");
    let loser = repo.git(&["commit-tree", "-m", "Never landed", "-p", "refs/coord/main~2", "refs/coord/main~2^{tree}"]);
    repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
    let tip = repo.tip().expect("a tip");
    fs::write(repo.common_dir().join("logs/refs/coord/main"), "").expect("the reflog");
    destroy(&repo, &tip);
    let fixed = fix(&repo);
    assert_eq!(fixed.answer["lost_commits"][0]["commit"], tip);
    assert_titles(&repo, &ALL);
    let history = repo.history();
    assert!(history.contains(&before) && !history.contains(&loser));
}

/// The reflog may have a line of a move that did not happen. It must not hide one that did.
#[test]
fn a_move_that_did_not_happen_does_not_stand_in_for_one_that_did() {
    let repo = furnished();
    let tip = repo.tip().expect("a tip");
    let other = repo.git(&["commit-tree", "-m", "Elsewhere", "-p", "refs/coord/main~2", "refs/coord/main~2^{tree}"]);
    let log = repo.common_dir().join("logs/refs/coord/main");
    let line = format!("{tip} {other} Ada <ada@example.org> 1767323999 +0000\tcoord: never happened\n");
    let text = fs::read_to_string(&log).expect("the reflog");
    fs::write(&log, text + &line).expect("the reflog");
    fs::write(reference(&repo), "").expect("the ref");
    fix(&repo);
    assert_eq!(repo.git(&["rev-parse", "refs/coord/main^"]), tip);
}

/// After a power cut the loose ref may be gone, and an old one come out of `packed-refs`.
#[test]
fn a_ref_that_is_older_than_what_was_acknowledged_is_brought_up_to_it() {
    let repo = furnished();
    repo.git(&["pack-refs", "--all"]);
    repo.ok(&["task", "edit", "T-1", "--title", "First title"]);
    let tip = repo.tip().expect("a tip");
    fs::remove_file(reference(&repo)).expect("the ref");
    assert!(repo.tip().is_some_and(|old| old != tip));
    let fixed = fix(&repo);
    assert_eq!((fixed.codes(), fixed.lost()), (vec!["lost_tip".to_owned()], Vec::new()));
    assert!(repo.history().contains(&tip));
    assert_titles(&repo, &[("T-1", "First title"), ALL[1], ALL[2]]);
}

#[test]
fn of_a_lost_tip_that_is_damaged_what_is_left_is_brought_back() {
    let repo = furnished();
    let old = repo.tip().expect("a tip");
    repo.ok(&["task", "edit", "T-1", "--title", "First title"]);
    repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
    repo.git(&["update-ref", "refs/coord/main", &old]);
    let lost = repo.git(&["rev-parse", "refs/coord/main@{1}"]);
    destroy(&repo, &id(&repo, &format!("{lost}^{{tree}}")));
    assert_eq!(repo.refused(128, &["note", "T-1", "x"]), "damaged");
    let fixed = fix(&repo);
    assert_eq!(fixed.lost(), [("task/T-3".to_owned(), true)]);
    assert_titles(&repo, &[("T-1", "First title"), ALL[1], ALL[2]]);
}

/// A state on which nobody agrees: the ref was made to name a commit of the code.
#[test]
fn a_ref_that_names_no_state_goes_back_to_the_state() {
    let repo = furnished();
    let tip = repo.tip().expect("a tip");
    repo.git(&["update-ref", "refs/coord/main", "refs/heads/main"]);
    assert_eq!(repo.refused(128, &["ready"]), "damaged");
    let fixed = fix(&repo);
    assert_eq!(fixed.codes(), ["damaged"]);
    assert_eq!(repo.git(&["rev-parse", "refs/coord/main^"]), tip);
    assert_eq!(remarks(&repo, "T-1"), 1);
    assert!(!repo.files().contains_key("README"), "no code among the records");
}
