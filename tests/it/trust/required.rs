//! `coord.requireSigned` in a clone: what nobody who is known answers for does not come in, and what is here goes on.

use super::{Key, know};
use crate::harness::Repo;
use crate::sync::{Team, synced, tasks};

/// Laptops of Ada, who wants signatures, and of Bob, with a key each.
fn team() -> Option<(Team, Key, Key)> {
    let team = Team::new(3);
    let [one, two, _] = team.laptops.as_slice() else { panic!("three laptops") };
    let (ada, bob) = (Key::new(one, "ada")?, Key::new(two, "bob")?);
    know(one, &[&ada, &bob]);
    ada.used_by(one);
    bob.used_by(two);
    one.git(&["config", "coord.requireSigned", "on"]);
    one.ok(&["init"]);
    one.ok(&["task", "new", "Of one", "--id", "T-1"]);
    synced(one);
    two.ok(&["init"]);
    Some((team, ada, bob))
}

/// The git that the program runs, which says whenever it is asked about signatures.
fn count_questions(repo: &Repo) -> std::path::PathBuf {
    let told = repo.machine.root().join("questions");
    let real = repo.git(&["--exec-path"]);
    let text =
        format!("#!/bin/sh\ncase \"$*\" in *%G?*) echo asked >>{};; esac\nexec {real}/git \"$@\"\n", told.display());
    super::script(&repo.machine.root().join("bin/git"), &text);
    told
}

#[test]
fn what_is_signed_comes_in_and_what_is_not_stays_out() {
    let Some((team, ..)) = team() else { return };
    let [one, two, _] = team.laptops.as_slice() else { panic!("three laptops") };
    two.ok(&["task", "new", "Signed", "--id", "T-2"]);
    synced(two);
    one.ok(&["task", "new", "Beside it", "--id", "T-3"]);
    assert_eq!(synced(one)["merged"], true);
    assert_eq!(tasks(one), ["T-1", "T-2", "T-3"]);
    synced(two);

    two.git(&["config", "coord.sign", "off"]);
    two.ok(&["task", "new", "Not signed", "--id", "T-4"]);
    let unsigned = two.tip().expect("a tip");
    synced(two);
    let before = one.tip();
    let answer = one.coord(&["sync"]).json().expect(5);
    assert_eq!(answer.error_code(), "not_signed");
    let told = format!("commit {unsigned} by Ada is not signed, and coord.requireSigned is on");
    assert_eq!((&answer.error()["message"], &answer.error()["details"]["commit"]), (&told.into(), &unsigned.into()));
    // A claim asks the remote first, and takes nothing that it does not believe.
    assert_eq!(one.refused(5, &["claim", "T-1"]), "not_signed");
    // What plain git has brought stays where it is; what is here can be read and written.
    assert_eq!(tasks(one), ["T-1", "T-2", "T-3"]);
    assert_eq!(one.tip(), before);
    one.ok(&["task", "new", "Goes on", "--id", "T-5"]);
    // Nor is it taken in where both have gone on, by a merge that would be published with it.
    let (mine, theirs) = (one.tip(), team.remote.tip());
    assert_eq!(one.refused(5, &["sync"]), "not_signed");
    assert_eq!(one.refused(5, &["claim", "T-5"]), "not_signed");
    assert_eq!((one.tip(), team.remote.tip()), (mine, theirs));
    let findings = one.coord(&["doctor"]).json().expect(1).data();
    let said = findings["findings"].to_string();
    assert!(said.contains("not_folded_in") && said.contains("is not signed, and coord.requireSigned is on"), "{said}");

    // Signed by somebody after all, nothing of it is the same commit, and the unsigned one stays behind it.
    one.git(&["config", "coord.requireSigned", "off"]);
    one.ok(&["sync"]);
    assert_eq!(tasks(one), ["T-1", "T-2", "T-3", "T-4", "T-5"]);
    one.git(&["config", "coord.requireSigned", "on"]);
    // What was here before the setting is not asked for its signature again.
    synced(two);
    two.git(&["config", "coord.sign", "on"]);
    two.ok(&["task", "new", "Signed again", "--id", "T-6"]);
    synced(two);
    synced(one);
    assert_eq!(one.tip(), two.tip());
}

#[test]
fn a_verdict_is_remembered_until_something_else_comes() {
    let Some((team, _, bob)) = team() else { return };
    let [one, two, _] = team.laptops.as_slice() else { panic!("three laptops") };
    know(one, &[]);
    two.ok(&["task", "new", "Of a stranger", "--id", "T-2"]);
    synced(two);
    one.git(&["fetch", "--quiet", "origin"]);
    let questions = count_questions(one);
    let asked = || std::fs::read_to_string(&questions).unwrap_or_default().lines().count();
    for _ in 0..3 {
        assert_eq!(tasks(one), ["T-1"]);
    }
    assert_eq!(asked(), 1, "a verdict is remembered by the id of the commit");
    // Whoever has learnt of a key says so with a sync.
    know(one, &[&bob]);
    assert_eq!(tasks(one), ["T-1"]);
    one.ok(&["sync"]);
    assert_eq!((tasks(one), asked()), (vec!["T-1".to_owned(), "T-2".to_owned()], 2));
}

#[test]
fn a_fresh_clone_adopts_nothing_that_is_not_signed() {
    let Some((team, ada, _)) = team() else { return };
    let [one, two, three] = team.laptops.as_slice() else { panic!("three laptops") };
    two.git(&["config", "coord.sign", "off"]);
    two.ok(&["task", "new", "Not signed", "--id", "T-2"]);
    let unsigned = two.tip().expect("a tip");
    synced(two);
    three.git(&["config", "coord.requireSigned", "on"]);
    let answer = three.coord(&["init"]).json().expect(5);
    assert_eq!((answer.error_code().as_str(), &answer.error()["details"]["commit"]), ("not_signed", &unsigned.into()));
    assert_eq!(three.tip(), None);
    team.remote.git(&["update-ref", "refs/coord/main", &one.tip().expect("a tip")]);
    assert_eq!(three.data(&["init"])["state"], "adopted");
    assert_eq!(three.tip(), one.tip());
    // And says so where what it writes would be refused elsewhere.
    let said = three.coord(&["doctor"]).json().expect(1).data()["findings"].to_string();
    assert!(said.contains("not_signing"), "{said}");
    ada.used_by(three);
    three.ok(&["doctor"]);
}

#[test]
fn a_setting_that_makes_no_sense_lets_nothing_in() {
    let Some((team, ..)) = team() else { return };
    let [one, two, _] = team.laptops.as_slice() else { panic!("three laptops") };
    two.ok(&["task", "new", "Signed", "--id", "T-2"]);
    synced(two);
    one.git(&["config", "coord.requireSigned", "perhaps"]);
    assert_eq!(one.refused(5, &["sync"]), "bad_setting");
    assert_eq!(tasks(one), ["T-1"]);
    one.git(&["config", "coord.requireSigned", "on"]);
    synced(one);
    assert_eq!(tasks(one), ["T-1", "T-2"]);
}
