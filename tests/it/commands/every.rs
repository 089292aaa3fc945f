//! What holds for every verb, tried with the calls of `verbs.rs`, so that a new verb is tried like the others.

use git_coord::commands::VERBS;

use super::{Transcript, assert_transcript};
use crate::harness::Repo;
use crate::verbs::{self, Effect};

#[test]
fn every_verb_answers_with_one_object_in_json() {
    let repo = Repo::set_up();
    let message = verbs::furnish(&repo);
    // Formats and schemas are printed bare, and the demo has a test of its own.
    let is_bare = |row: &verbs::Row| row.verb == "export" || (row.verb == "schema" && !row.words.is_empty());
    for row in verbs::rows().filter(|row| row.verb != "demo" && !is_bare(row)) {
        let answer = row.call(&repo, &message).json().run();
        assert!(answer.data().is_object() && answer.stdout.lines().count() == 1, "{answer}");
        let writes = row.effect == Effect::Writes && !["init", "read", "import", "config"].contains(&row.verb);
        if writes {
            let data = answer.data();
            assert!(data["record"].is_object() || data["records"].is_array(), "{answer}");
            assert!(data["events"].is_array(), "{answer}");
            assert!(answer.data()["commit"].is_string(), "{answer}");
        }
    }
}

#[test]
fn every_verb_that_writes_wants_to_know_who_asks() {
    let repo = Repo::set_up();
    let message = verbs::furnish(&repo);
    for row in verbs::rows().filter(|row| row.effect == Effect::Writes && row.verb != "init") {
        let nobody = row.call(&repo, &message).json().env("HOME", "/nowhere").env("GIT_CONFIG_GLOBAL", "/dev/null");
        let answer = nobody.run();
        // Some calls are about what earlier ones would have made.
        if answer.exit() != 4 {
            assert_eq!((answer.exit(), answer.error_code().as_str()), (128, "no_identity"), "{answer}");
            assert_eq!(answer.error()["hint"], "git config coord.agent NAME", "{answer}");
        }
    }
}

#[test]
fn every_verb_refuses_a_flag_that_it_does_not_know() {
    let repo = Repo::none();
    for row in verbs::rows() {
        let answer = row.call(&repo, "01KDYAK348VYHDKSTYD4F4V4WH").option("--unknown-flag").json().run();
        assert_eq!((answer.exit(), answer.error_code().as_str()), (2, "usage"), "{answer}");
    }
}

#[test]
fn every_verb_helps() {
    let mut script = Transcript::of(Repo::none());
    for row in VERBS {
        script.run(&format!("{} -h", row.name));
        let long = script.call(&format!("{} --help", row.name)).expect(0).stdout;
        let widest = long.lines().max_by_key(|line| line.chars().count()).unwrap_or_default();
        assert!(widest.chars().count() <= 100, "{}: {widest}", row.name);
    }
    assert_transcript!(script);
}
