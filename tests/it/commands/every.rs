//! What holds for every verb: one sample command line each, so that a new verb is tried like the others.

use std::collections::BTreeSet;

use git_coord::commands::VERBS;

use super::{Transcript, assert_transcript};
use crate::harness::{Repo, Surroundings};

/// A command line of each verb that succeeds in [`prepared`], and whether it writes a commit.
const SAMPLES: &[(&str, &str, bool)] = &[
    ("init", "", false),
    ("doctor", "", false),
    ("demo", "", false),
    ("whoami", "", false),
    ("show", "T-1", false),
    ("task new", "Title", true),
    ("task list", "", false),
    ("task show", "T-1", false),
    ("task edit", "T-1 --priority P0", true),
    ("dep add", "T-4 T-1", true),
    ("dep rm", "T-2 T-1", true),
    ("ready", "", false),
    ("blocked", "", false),
    ("next", "--claim", true),
    ("claim", "T-1", true),
    ("release", "T-5 --claim-id c-5", true),
    ("note", "T-1 Remark", true),
    ("done", "T-1 Done", true),
    ("block", "T-1 Why", true),
    ("unblock", "T-6", true),
    ("reopen", "T-7", true),
    ("cancel", "T-1 Why", true),
    ("send", "ada Hello", true),
    ("inbox", "--agent ada", false),
    ("read", "MESSAGE --agent ada", true),
    ("thread", "T-1", false),
    ("agent new", "dev-9", true),
    ("agent show", "ada", false),
    ("agent list", "", false),
    ("status", "", false),
    ("heartbeat", "", false),
    ("stale", "", false),
    ("log", "", false),
    ("events", "", false),
    ("import", "beads issues.jsonl", true),
    ("export", "json", false),
];

/// The verbs that need no state.
const WITHOUT_STATE: &[&str] = &["init", "whoami", "doctor", "demo"];

/// Returns a repository in which every sample does something, and the id of a message to `ada` in it.
fn prepared() -> (Transcript, String) {
    let script = Transcript::with_tasks();
    for line in [
        "agent new ada",
        "task new Held --id T-5",
        "claim T-5 --claim-id c-5",
        "task new Blocked --id T-6",
        "block T-6 Why",
        "task new Closed --id T-7",
        "done T-7",
    ] {
        script.before(line);
    }
    let issue = r#"{"id":"bd-1","title":"x","status":"open","created_at":"2026-01-01T00:00:00Z"}"#;
    std::fs::write(script.repo.path.join("issues.jsonl"), format!("{issue}\n")).expect("a file");
    let sent = script.repo.data(&["send", "ada", "Hello"])["record"]["id"].as_str().expect("an id").to_owned();
    (script, sent)
}

fn line(verb: &str, arguments: &str, message: &str) -> String {
    format!("{verb} {}", arguments.replace("MESSAGE", message))
}

#[test]
fn every_verb_has_a_sample() {
    let samples: Vec<&str> = SAMPLES.iter().map(|(verb, ..)| *verb).collect();
    let verbs: Vec<&str> = VERBS.iter().map(|row| row.name).collect();
    assert_eq!(samples, verbs, "tests/it/commands/every.rs tries each verb of the table, in its order");
}

#[test]
fn every_verb_stands_in_a_transcript() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/commands/snapshots");
    let files = std::fs::read_dir(folder).expect("the snapshots").map(|file| file.expect("a file").path());
    let text: String = files.map(|file| std::fs::read_to_string(file).expect("a snapshot")).collect();
    let missing: Vec<&str> =
        VERBS.iter().map(|row| row.name).filter(|name| !text.contains(&format!("$ git coord {name}"))).collect();
    assert!(missing.is_empty(), "no transcript has {missing:?}");
}

#[test]
fn every_verb_answers_in_json_and_touches_nothing_else() {
    let (script, message) = prepared();
    for (verb, arguments, writes) in SAMPLES.iter().filter(|(verb, ..)| *verb != "demo") {
        let before = (Surroundings::of(&script.repo), script.repo.commit_count(), script.repo.tip());
        let answer = script.call(&line(verb, arguments, &message)).json().run();
        assert!(matches!(answer.exit(), 0 | 1), "{answer}");
        if *verb != "export" {
            assert!(answer.data().is_object(), "{answer}");
        }
        let after = (Surroundings::of(&script.repo), script.repo.commit_count(), script.repo.tip());
        assert_eq!(before.0.differences(&after.0), Vec::<String>::new(), "{verb} touched what is not its own");
        assert_eq!(after.1 - before.1, usize::from(*writes), "commits of {answer}");
        // Each starts where the others started: the ref is put back as a user would, reflog and all.
        if *writes {
            script.repo.git(&["update-ref", "refs/coord/main", &before.2.expect("a tip")]);
        }
    }
}

#[test]
fn every_verb_says_where_nothing_is_set_up() {
    let repo = Repo::plain();
    for (verb, arguments, _) in SAMPLES.iter().filter(|(verb, ..)| !WITHOUT_STATE.contains(verb)) {
        let words = line(verb, arguments, "01KAHD4V2M0000000000000000");
        let answer = repo.coord(&words.split_whitespace().collect::<Vec<_>>()).json().run();
        assert_eq!((answer.exit(), answer.error_code().as_str()), (128, "not_set_up"), "{answer}");
        assert_eq!(answer.error()["hint"], "git coord init", "{answer}");
    }
}

#[test]
fn every_verb_says_where_there_is_no_repository() {
    let repo = Repo::none();
    for (verb, arguments, _) in SAMPLES.iter().filter(|(verb, ..)| *verb != "demo") {
        let words = line(verb, arguments, "01KAHD4V2M0000000000000000");
        let answer = repo.coord(&words.split_whitespace().collect::<Vec<_>>()).json().run();
        assert_eq!((answer.exit(), answer.error_code().as_str()), (128, "not_a_repository"), "{answer}");
    }
}

#[test]
fn every_verb_that_writes_wants_to_know_who_asks() {
    let (script, message) = prepared();
    for (verb, arguments, _) in SAMPLES.iter().filter(|(.., writes)| *writes) {
        let arguments = arguments.trim_end_matches("--agent ada");
        let call = script.call(&line(verb, arguments, &message)).json();
        let answer = call.env("HOME", "/nowhere").env("GIT_CONFIG_GLOBAL", "/dev/null").run();
        assert_eq!((answer.exit(), answer.error_code().as_str()), (128, "no_identity"), "{answer}");
        assert_eq!(answer.error()["hint"], "git config coord.agent NAME", "{answer}");
    }
}

#[test]
fn every_verb_refuses_a_flag_that_it_does_not_know() {
    let repo = Repo::none();
    for (verb, arguments, _) in SAMPLES {
        let words = format!("{verb} {arguments} --unknown-flag");
        let answer = repo.coord(&words.split_whitespace().collect::<Vec<_>>()).json().run();
        assert_eq!((answer.exit(), answer.error_code().as_str()), (2, "usage"), "{answer}");
    }
}

#[test]
fn every_verb_helps() {
    let mut script = Transcript::of(Repo::none());
    let mut widths = BTreeSet::new();
    for row in VERBS {
        script.run(&format!("{} -h", row.name));
        let long = script.call(&format!("{} --help", row.name)).expect(0);
        widths.extend(long.stdout.lines().map(|line| line.chars().count()));
    }
    assert!(widths.last().is_some_and(|widest| *widest <= 100), "{widths:?}");
    assert_transcript!(script);
}
