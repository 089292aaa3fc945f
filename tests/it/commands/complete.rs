//! No verb without transcripts: as text, as JSON, and refused. What is read is what all tests keep; what the others
//! leave out stands here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git_coord::commands::VERBS;

use super::{Transcript, assert_transcript};
use crate::harness::Repo;

/// Ways in which a transcript can show a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    /// It answers people.
    Text,
    /// It answers programs.
    Json,
    /// It says on standard error why not, and ends with an exit code of its own.
    Refused,
}

/// What has no transcript, and why.
const WITHOUT: &[(&str, Shown, &str)] = &[
    ("demo", Shown::Text, "it plays with the real clock; a test of its own looks at it"),
    ("demo", Shown::Json, "as its text"),
];

#[test]
fn every_verb_has_transcripts_of_its_text_its_json_and_its_refusal() {
    let kept = kept();
    let mut missing = Vec::new();
    for verb in VERBS {
        for shown in [Shown::Text, Shown::Json, Shown::Refused] {
            let is_kept = kept.get(verb.name).is_some_and(|all| all.contains(&shown));
            let is_excused = WITHOUT.iter().any(|(name, of, _)| (*name, *of) == (verb.name, shown));
            assert!(!(is_kept && is_excused), "{} {shown:?} has a transcript now", verb.name);
            if !is_kept && !is_excused {
                missing.push(format!("{} {shown:?}", verb.name));
            }
        }
    }
    assert!(missing.is_empty(), "no transcript in tests/it/commands shows: {missing:?}");
}

/// Returns how the snapshots show each verb.
fn kept() -> BTreeMap<&'static str, BTreeSet<Shown>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/commands/snapshots");
    let mut kept: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("snapshots") {
        let path = entry.expect("a snapshot").path();
        if path.extension().is_none_or(|extension| extension != "snap") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a snapshot");
        for call in text.split("\n$ ").skip(1) {
            let Some((verb, shown)) = shown(call) else { continue };
            kept.entry(verb).or_default().insert(shown);
        }
    }
    kept
}

/// Returns the verb of a call in a transcript, and how the call shows it; nothing where it only asks for help.
fn shown(call: &str) -> Option<(&'static str, Shown)> {
    let (line, answer) = call.split_once('\n').unwrap_or((call, ""));
    let (_, words) = line.split_once("git coord ")?;
    let is_called = |name: &str| words == name || words.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '));
    let verb = VERBS.iter().map(|verb| verb.name).filter(|name| is_called(name)).max_by_key(|name| name.len())?;
    let has = |option: &str| words.split(' ').any(|word| word == option);
    if has("-h") || has("--help") {
        return None;
    }
    if answer.contains("! error: ")
        || answer.contains("! git coord: error: ")
        || answer.contains("!   \"error\":")
        || answer.contains("! {\"schema\":\"coord/1\",\"error\"")
    {
        return Some((verb, Shown::Refused));
    }
    // An export is its bare format, with the flag too.
    Some((verb, if has("--json") { Shown::Json } else { Shown::Text }))
}

#[test]
fn calls_in_transcripts_are_understood() {
    let found = |call| shown(call);
    assert_eq!(found("git coord task new x\nAdded x\n"), Some(("task new", Shown::Text)));
    assert_eq!(found("printf 'x' | git coord note T-1 - --json\n{}\n"), Some(("note", Shown::Json)));
    assert_eq!(
        found("git coord task show T-9\n! error: there is no task T-9\n[4]\n"),
        Some(("task show", Shown::Refused))
    );
    assert_eq!(found("git coord task new -h\nMake a task\n"), None);
    assert_eq!(found("git coord\nusage\n"), None);
}

#[test]
fn text_that_other_transcripts_leave_out() {
    let mut script = Transcript::with_tasks();
    script.run("task show T-4").run("dep rm T-2 T-1").run("dep rm T-2 T-1");
    script.before("done T-1 'It works'");
    script.run("reopen T-1");
    let id = send(&script);
    script.run(&format!("message show {id}"));
    assert_transcript!(script);
}

#[test]
fn json_that_other_transcripts_leave_out() {
    let mut script = Transcript::with_tasks();
    let id = send(&script);
    script.run("message list --json").run(&format!("reply {id} 'JSON first.' --agent dev-1 --json"));
    script.run("dep add T-4 T-1 --json").run("defer T-2 --until 2d --json").run("cancel T-2 'Not needed' --json");
    script.before("agent new dev-1");
    script.run("agent edit dev-1 --role reviewer --json");
    script.before("block T-1 'No key'");
    script.run("unblock T-1 --json");
    script.before("claim T-1 --ttl 1m --agent dev-1");
    script.pass(90);
    script.run("stale --json");
    script.before("sprint new 'Orchestration API' --id api-v2");
    script.run("sprint edit api-v2 --goal 'One way in' --json").run("sprint start api-v2 --json");
    script.before("status post 'All is well' --status COMPLETE --sprint api-v2");
    script.before("status post 'Handed over' --status HANDOFF --sprint api-v2");
    script.before("task move T-1 --sprint api-v2");
    script.run("sprint show api-v2 --json").run("sprint close api-v2 --force --json");
    assert_transcript!(script);
}

#[test]
fn refusals_that_other_transcripts_leave_out() {
    let mut script = Transcript::of(Repo::plain());
    for line in ["blocked", "status", "stale", "agent list", "message list", "sprint list", "status list"] {
        script.run(line);
    }
    script.run("message show T-1").run("message show T-1 --json");
    let demo = script.call("demo").env("PATH", "/nowhere").run();
    script.keep("$ PATH=/nowhere git coord demo", &demo);
    std::fs::remove_dir_all(script.repo.path.join(".git")).expect("the repository goes");
    script.say("rm -r .git").run("init").run("init --json").run("doctor");
    assert_transcript!(script);
}

/// Sends a question to dev-1, and returns its id.
fn send(script: &Transcript) -> String {
    let sent = script.call("send dev-1 'Which format first?' --type question --thread T-1").json().expect(0);
    sent.data()["record"]["id"].as_str().expect("an id").to_owned()
}
