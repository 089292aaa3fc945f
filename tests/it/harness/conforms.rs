//! Whether what the program says in JSON is what its schemas promise: asked of every answer that any test gets.
//!
//! The judge is a whole validator that is no part of the program. Each schema is compiled once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use git_coord::commands::VERBS;
use git_coord::commands::schema::What;
use jsonschema::Validator;
use serde_json::Value;

use super::Answer;

/// Checks what a call printed. What is no JSON of ours is passed over: text, exports, other programs.
#[track_caller]
pub(super) fn check(answer: &Answer) {
    if answer.was_killed() {
        return;
    }
    if answer.stdout.starts_with("{\"schema\":\"coord/") {
        let verb = verb_of(&answer.words).unwrap_or_else(|| panic!("whose answer is this? {answer}"));
        judge(&format!("answer {verb}"), &parsed(&answer.stdout, answer), answer);
    }
    for line in answer.stderr.lines().filter(|line| line.starts_with("{\"schema\":\"coord/")) {
        judge("error", &parsed(line, answer), answer);
    }
    if is_export(&answer.words) && answer.is_ok() {
        for line in answer.stdout.lines().filter(|line| line.starts_with("{\"kind\":")) {
            judge("record", &parsed(line, answer), answer);
        }
    }
}

#[track_caller]
fn parsed(text: &str, answer: &Answer) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

#[track_caller]
fn judge(name: &str, value: &Value, answer: &Answer) {
    let faults = faults(name, value);
    assert!(faults.is_empty(), "not what `git coord schema {name}` says:{}\n{answer}", faults.join(""));
}

/// Returns what a value breaks of the schema of that name: where, which keyword, and how.
pub(crate) fn faults(name: &str, value: &Value) -> Vec<String> {
    let validator = validator(name);
    let told = |fault: jsonschema::ValidationError<'_>| {
        format!("\n  {} breaks {}: {fault}", fault.instance_path(), fault.schema_path())
    };
    validator.iter_errors(value).map(told).collect()
}

/// Returns the validator of the schema of that name.
pub(crate) fn validator(name: &str) -> Arc<Validator> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let compile = || {
        let schema = What::find(name).unwrap_or_else(|| panic!("there is no schema called {name}")).draw();
        Arc::new(jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    compiled.entry(name.to_owned()).or_insert_with(compile).clone()
}

/// Returns the verb of a call, wherever its flags stand; also of one through git, or the last one through a shell.
fn verb_of(words: &[String]) -> Option<&'static str> {
    let own = words.iter().position(|word| word == "coord").map_or(0, |at| at + 1);
    let through_a_shell = || {
        let (_, line) = words.iter().rev().find_map(|word| word.rsplit_once("coord "))?;
        verb_among(&line.split(' ').collect::<Vec<_>>())
    };
    verb_among(&words[own..].iter().map(String::as_str).collect::<Vec<_>>()).or_else(through_a_shell)
}

fn verb_among(words: &[&str]) -> Option<&'static str> {
    const WITH_VALUE: &[&str] = &["--agent", "--session", "--color", "--at", "--if-match", "--limit", "--cursor"];
    let mut plain = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if WITH_VALUE.contains(word) {
            rest.next();
        } else if !word.starts_with('-') {
            plain.push(*word);
        }
    }
    let called = |name: &&str| name.split(' ').eq(plain.iter().copied().take(name.split(' ').count()));
    VERBS.iter().map(|row| row.name).filter(called).max_by_key(|name| name.len())
}

fn is_export(words: &[String]) -> bool {
    verb_of(words) == Some("export") && words.iter().any(|word| word == "json")
}

#[test]
fn the_verb_is_found_among_its_flags() {
    let of = |line: &str| verb_of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(of("--json --agent ada task --json new ready"), Some("task new"));
    assert_eq!(of("status --json"), Some("status"));
    assert_eq!(of("status post x"), Some("status post"));
    assert_eq!(of("log -1"), Some("log"));
    assert_eq!(of("--version"), None);
    assert_eq!(of("-c coord.ttl=3 coord ready"), Some("ready"));
    let line = ["-c", "git coord task new --json x >&-"].map(str::to_owned);
    assert_eq!(verb_of(&line), Some("task new"));
    let line = ["sh", "-c", "coord() { x; }; cd 'y'; coord show T-1"].map(str::to_owned);
    assert_eq!(verb_of(&line), Some("show"));
}
