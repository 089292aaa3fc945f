//! Records that try to break the format: the traps of YAML in every place where a text may stand.

use std::collections::{BTreeMap, BTreeSet};

use git_coord::base::{Id, Timestamp};
use git_coord::records::task::{Artifact, Claim, Gate, Step};
use git_coord::records::{Agent, Config, Message, Stamp, Task, Typed};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// Texts that some reader of YAML takes for something else.
pub(crate) const TRAPS: &[&str] = &[
    "",
    " ",
    "\n",
    "\n\n",
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "No",
    "NO",
    "on",
    "Off",
    "true",
    "False",
    "null",
    "Null",
    "~",
    "none",
    "=",
    "<<",
    "<<:",
    "1_000",
    "190:20:30",
    "12:30:45",
    "2001-12-14",
    "2026-01-02T03:04:05Z",
    "010",
    "0o17",
    "0x1F",
    "0b11",
    "1e3",
    "1.0e+300",
    "1.",
    ".5",
    "+1",
    "-1",
    "-0",
    "0.1.2",
    ".inf",
    "-.INF",
    ".nan",
    "NaN",
    "Infinity",
    "123456789012345678901234567890",
    "-",
    "--",
    "---",
    "--- x",
    "...",
    "- a",
    "-a",
    "? a",
    "?",
    ": a",
    ":",
    "a: b",
    "a:",
    "a :b",
    "a #b",
    "#b",
    "a#b",
    "a,b",
    "[a]",
    "[",
    "]",
    "{a: b}",
    "}",
    "&a",
    "*a",
    "!a",
    "!!str a",
    "%a",
    "@a",
    "`a`",
    "|",
    ">",
    "|-",
    "'",
    "''",
    "\"",
    "\\",
    "\\n",
    "a'b",
    "a\"b",
    " a",
    "a ",
    "\ta",
    "a\t",
    "a\tb",
    "a\nb",
    "a\nb\n",
    "a\nb\n\n",
    "\na",
    " a\nb",
    "a \nb",
    "a\n b",
    "a\n\n\nb",
    "a\n\tb",
    "a\r\nb",
    "a\rb",
    "a\n---\nb",
    "---\na\n---\n",
    "a\n...\n",
    "a\n# b\n",
    "a\u{85}b",
    "a\u{2028}b\u{2029}",
    "a\nb\u{2028}",
    "\u{feff}a",
    "a\u{feff}",
    "\0",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{9f}",
    "\u{a0}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{fffd}",
    "\u{10ffff}",
    "\u{1f680}",
    "日本語",
    "e\u{301}",
    "\u{202e}a",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{",
    "kind",
    "body",
];

const FRAGMENTS: &[&str] = &[
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    "\t",
    "---",
    "...",
    "#",
    " #",
    ":",
    ": ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "\\",
    "|",
    ">",
    "&a",
    "*a",
    "!t",
    "%",
    "@",
    "`",
    "<<",
    "=",
    "~",
    "null",
    "no",
    "1",
    ".",
    "e",
    "_",
    "a",
    "Z",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\0",
    "\u{7f}",
    "\u{fffe}",
    "é",
    "\u{1f680}",
];

/// Any text, most often a hostile one.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let joined = vec(select(FRAGMENTS), 0..12).prop_map(|parts| parts.concat());
    prop_oneof![4 => select(TRAPS).prop_map(str::to_owned), 4 => joined, 1 => any::<String>(), 1 => "[a-z ]{0,300}"]
}

/// A text for the places where only one line is allowed, and not an empty one.
pub(crate) fn line(most: usize) -> impl Strategy<Value = String> {
    text().prop_map(move |text| {
        let line: String = text.chars().filter(|c| !c.is_control()).take(most).collect();
        if line.trim().is_empty() { format!("x{line}") } else { line }
    })
}

pub(crate) fn name() -> impl Strategy<Value = String> {
    line(127)
}

pub(crate) fn word() -> impl Strategy<Value = String> {
    name().prop_map(|name| name.replace(char::is_whitespace, "_"))
}

/// A text for a field that is left out where it is empty.
fn filled() -> impl Strategy<Value = Option<String>> {
    option::of(text()).prop_map(|text| text.filter(|text| !text.is_empty()))
}

pub(crate) fn id() -> impl Strategy<Value = Id> {
    let tricky = select(&["007", "1e3", "no", "0x1F", "1.0", "n", "T-TASK-01", "12.30.45", "1_000", "on"][..]);
    let chosen = prop_oneof![tricky.prop_map(str::to_owned), "[A-Za-z0-9][A-Za-z0-9_-]{0,40}"];
    chosen.prop_filter_map("an id", |text| Id::parse(&text).ok())
}

pub(crate) fn at() -> impl Strategy<Value = Timestamp> {
    prop_oneof![any::<i64>(), 0..2_000_000_000_000i64].prop_map(Timestamp::from_millis)
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let finite = any::<f64>().prop_filter("finite", |float| float.is_finite());
    let round = (-1_000_000..1_000_000i64).prop_map(|n| Value::from(n as f64 / 64.0));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        finite.prop_map(Value::from),
        round,
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((key(), inner), 0..5).prop_map(|pairs| pairs.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

pub(crate) fn key() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.chars().take(100).collect())
}

pub(crate) fn map() -> impl Strategy<Value = BTreeMap<String, Value>> {
    btree_map(key(), value(), 0..4)
}

fn map_without(names: &'static [&'static str]) -> impl Strategy<Value = BTreeMap<String, Value>> {
    map().prop_map(|mut map| {
        map.retain(|key, _| !names.contains(&key.as_str()));
        map
    })
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..4)
}

fn names() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set(name(), 0..4)
}

fn claim() -> impl Strategy<Value = Claim> {
    let known = ["id", "agent", "session", "epoch", "at", "ttl_minutes", "paths", "over"];
    let known: &'static [&'static str] = Vec::leak(known.to_vec());
    let texts = (name(), name(), option::of(name()), option::of(text()));
    (texts, any::<u64>(), at(), any::<u64>(), texts_of_paths(), map_without(known)).prop_map(
        |((id, agent, session, over), epoch, at, ttl_minutes, paths, rest)| Claim {
            id,
            agent,
            session,
            epoch,
            at,
            ttl_minutes,
            paths,
            over,
            rest,
        },
    )
}

fn texts_of_paths() -> impl Strategy<Value = Vec<String>> {
    texts()
}

fn step() -> impl Strategy<Value = Step> {
    (text(), any::<bool>(), option::of(at()), map_without(&["name", "done", "done_at"]))
        .prop_map(|(name, done, done_at, rest)| Step { name, done, done_at, rest })
}

fn artifact() -> impl Strategy<Value = Artifact> {
    let known = &["name", "path", "uri", "type", "status", "size", "created_at"];
    let texts = (text(), option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    (texts, option::of(any::<u64>()), option::of(at()), map_without(known)).prop_map(
        |((name, path, uri, r#type, status), size, created_at, rest)| Artifact {
            name,
            path,
            uri,
            r#type,
            status,
            size,
            created_at,
            rest,
        },
    )
}

fn gate() -> impl Strategy<Value = Gate> {
    (word(), option::of(at()), map_without(&["status", "last_run"])).prop_map(|(status, last_run, figures)| Gate {
        status: status.as_str().into(),
        last_run,
        figures,
    })
}

/// What every record has, put into one of the kind `T`.
fn common<T: Typed>(new: fn(Id, Timestamp, &str) -> T) -> impl Strategy<Value = T> {
    let stamps = btree_map(key(), (at(), text()).prop_map(|(at, by)| Stamp(at, by)), 0..4);
    let body = prop_oneof![text(), vec(text(), 0..6).prop_map(|lines| lines.join("\n"))];
    (id(), at(), name(), at(), name(), map(), stamps, body).prop_map(
        move |(id, created_at, created_by, updated_at, updated_by, rest, edited, body)| {
            let mut record = new(id, created_at, &created_by);
            let common = record.common_mut();
            *common.updated_at = updated_at;
            *common.updated_by = updated_by;
            *common.rest = rest.into_iter().filter(|(key, _)| T::KIND.field(key).is_none()).collect();
            *common.edited = edited;
            *common.body = body;
            record
        },
    )
}

pub(crate) fn task() -> impl Strategy<Value = Task> {
    let words = (line(499), word(), word(), word());
    let names = (option::of(name()), option::of(name()), option::of(name()), names(), names(), names());
    let lists = (texts(), texts(), texts(), texts());
    let parts = (
        option::of(claim()),
        vec(step(), 0..3),
        vec(artifact(), 0..3),
        btree_map(key(), gate(), 0..3),
        map(),
        map(),
        map(),
    );
    let texts = (filled(), filled(), filled(), filled(), filled(), filled());
    let figures = (any::<u64>(), any::<u64>(), option::of(any::<u64>()), option::of(at()), option::of(at()));
    (common(Task::new), words, names, lists, parts, texts, figures).prop_map(
        |(task, words, names, lists, parts, texts, figures)| Task {
            title: words.0,
            r#type: words.1.as_str().into(),
            status: words.2.as_str().into(),
            priority: words.3.as_str().into(),
            assignee: names.0,
            sprint: names.1,
            parent: names.2,
            depends_on: names.3,
            related: names.4,
            labels: names.5,
            questions: lists.0,
            objectives: lists.1,
            deliverables: lists.2,
            acceptance: lists.3,
            claim: parts.0,
            steps: parts.1,
            artifacts: parts.2,
            gates: parts.3,
            metrics: parts.4,
            agent_config: parts.5,
            extra: parts.6,
            phase: texts.0,
            current_step: texts.1,
            blocked_on: texts.2,
            summary: texts.3,
            external_ref: texts.4,
            idempotency_key: texts.5,
            epoch: figures.0,
            attempts: figures.1,
            estimate_minutes: figures.2,
            due_at: figures.3,
            started_at: figures.4,
            ..task
        },
    )
}

pub(crate) fn message() -> impl Strategy<Value = Message> {
    let texts = (name(), word(), word(), option::of(name()), filled());
    (common(Message::new), texts, at(), names(), names(), map(), map()).prop_map(
        |(message, (from, r#type, priority, thread, external_ref), timestamp, to, references, metadata, extra)| {
            Message {
                from,
                to,
                timestamp,
                r#type: r#type.as_str().into(),
                priority: priority.as_str().into(),
                thread,
                references,
                metadata,
                external_ref,
                extra,
                ..message
            }
        },
    )
}

pub(crate) fn agent() -> impl Strategy<Value = Agent> {
    let names = (option::of(name()), option::of(name()), option::of(name()));
    (common(Agent::new), names, texts(), texts(), texts()).prop_map(
        |(agent, (role, model, reports_to), capabilities, skills, safety_rails)| Agent {
            role,
            capabilities,
            skills,
            safety_rails,
            model,
            reports_to,
            ..agent
        },
    )
}

pub(crate) fn config() -> impl Strategy<Value = Config> {
    (map(), map_without(&["kind", "format", "policy", "body"])).prop_map(|(policy, rest)| Config {
        policy,
        rest,
        ..Config::default()
    })
}
