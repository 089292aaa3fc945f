//! Bytes that nobody here wrote: whatever they are, the merge ends, is the same both ways round, and keeps both sides.

use git_coord::base::{Id, Timestamp};
use git_coord::records::conflict::{self, Candidate};
use git_coord::records::message::MESSAGE;
use git_coord::records::task::TASK;
use git_coord::records::{Config, Conflict, Message, Reads, Stamp, Task, codec};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::world::World;
use crate::records::strategies::{message, task, text, value};

const PATHS: &[&str] = &[
    "coordination.yaml",
    "conflicts/xsd9mkey7f98td.md",
    "conflicts",
    "artifacts/conflict/xsd9mkey7f98td/59402b0471b497c05ad760c869c511f9",
    "artifacts",
    "artifacts/task/a/x",
    "inbox/bob/01KAHD4V2M0000000000000000.md",
    "inbox/bob",
    "notes/\u{1b}[31m",
    "tasks",
    "memory/x/y.md",
];

fn path() -> impl Strategy<Value = String> {
    let records = [TASK.path("a"), MESSAGE.path("01KAHD4V2M0000000000000000"), "agents/a.md".to_owned()];
    let fixed = PATHS.iter().map(|path| (*path).to_owned());
    select(fixed.chain(records).collect::<Vec<_>>())
}

fn named(mut task: Task) -> Vec<u8> {
    task.id = Id::parse("a").expect("an id");
    codec::encode(&task).unwrap_or_default()
}

fn said(mut message: Message) -> Vec<u8> {
    message.id = Id::parse("01KAHD4V2M0000000000000000").expect("an id");
    codec::encode(&message).unwrap_or_default()
}

/// A conflict whose values and hashes are anybody's.
fn conflict() -> impl Strategy<Value = Vec<u8>> {
    let hash = prop_oneof![text(), Just("../../x".to_owned()), "[0-9a-f]{32}"];
    let candidate = (value(), option::of(text()), any::<i64>(), "[a-z]{1,9}").prop_map(|(value, uri, at, by)| {
        Candidate { value, uri, by, at: Timestamp::from_millis(at), rest: [("later".into(), Value::from(1))].into() }
    });
    (btree_map(hash, candidate, 0..40), option::of(any::<i64>()), option::of(value())).prop_map(
        |(values, resolved, base)| {
            let mut conflict = Conflict::new(conflict::id_of("task/T-1", "title"), Timestamp::EPOCH, "eve");
            (conflict.record, conflict.field) = ("task/T-1".into(), "title".into());
            (conflict.values, conflict.base) = (values, base);
            conflict.resolved_at = resolved.map(Timestamp::from_millis);
            codec::encode(&conflict).unwrap_or_default()
        },
    )
}

/// Bytes that are nothing, and records that are as odd as records can be.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let yaml = (text(), text()).prop_map(|(front, body)| format!("---\nkind: task\n{front}\n---\n{body}").into_bytes());
    let settings = (text(), value()).prop_map(|(key, value)| {
        format!("kind: config\nformat: 1\npolicy:\n  {}: {value}\n", Value::from(key)).into_bytes()
    });
    let reads = Reads::new(Id::parse("a").expect("an id"), Timestamp::EPOCH, "ada");
    prop_oneof![
        2 => vec(any::<u8>(), 0..60),
        1 => text().prop_map(String::into_bytes),
        1 => yaml,
        1 => settings,
        // Boxed: what makes them is large, and stands on the stack otherwise.
        4 => task().prop_map(named).boxed(),
        2 => message().prop_map(said).boxed(),
        2 => conflict().boxed(),
        1 => Just(codec::encode(&reads).expect("small")),
    ]
}

type Side = Vec<(String, Option<Vec<u8>>)>;

fn side() -> impl Strategy<Value = Side> {
    vec((path(), option::weighted(0.9, bytes().boxed())), 0..8).boxed()
}

/// Leaves out what no tree can hold: a file below a file.
fn possible(world: &World, replica: usize, side: Side) -> Side {
    let mut kept: Side = Vec::new();
    for (path, content) in side {
        let is_below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
        let clashes = |other: &str| is_below(&path, other) || is_below(other, &path);
        let known = world.files(world.heads[replica]).keys().map(String::as_str);
        let mut others = known.chain(kept.iter().map(|(path, _)| path.as_str()));
        if !others.any(clashes) {
            kept.push((path, content));
        }
    }
    kept
}

proptest! {
    #![proptest_config(super::tried(100))]

    /// `World::merge` merges both ways round, and checks that both are the same and a tree that can be.
    #[test]
    fn any_bytes_can_be_merged(base in side(), ours in side(), theirs in side()) {
        let mut world = World::new(2);
        let newer = [&base, &ours, &theirs].into_iter().flatten().any(|(path, content)| {
            path == "coordination.yaml" && content.as_ref().is_some_and(|bytes| {
                Config::decode(bytes).is_err_and(|error| error.code() == "unsupported_format")
            })
        });
        prop_assume!(!newer);
        let base = possible(&world, 0, base);
        let first = world.write(0, base, Timestamp::from_millis(1));
        world.heads.fill(first);
        for (replica, side) in [(0, ours), (1, theirs)] {
            let side = possible(&world, replica, side);
            world.write(replica, side, Timestamp::from_millis(2));
        }
        let [ours, theirs] = [world.heads[0], world.heads[1]];
        prop_assume!(ours != theirs);
        let merged = world.merge(ours, theirs);
        let has_settings = |commit| {
            world.bytes(commit, "coordination.yaml").is_some_and(|bytes| Config::decode(&bytes).is_ok())
        };
        prop_assert!(has_settings(merged) || ![ours, theirs].into_iter().any(has_settings));
    }

    /// Two records as odd as records can be, with and without a base, merge to one that can be read, or stay as they are.
    #[test]
    fn any_records_can_be_merged(base in option::of(task().boxed()).boxed(), mut ours in task().boxed(), mut theirs in task().boxed(), by in text()) {
        let id = Id::parse("a").expect("an id");
        for task in [&mut ours, &mut theirs] {
            task.id = id.clone();
            task.edited.insert("title".into(), Stamp(Timestamp::from_millis(5), by.clone()));
        }
        let base = base.map(|base| Task { id: id.clone(), ..base });
        let merged = |a: &Task, b: &Task| {
            let base = base.as_ref().map(|base| base as &dyn git_coord::records::Record);
            git_coord::merge::records(base, a, b).map(|merged| (codec::encode(merged.record.as_ref()), merged))
        };
        let (one, other) = (merged(&ours, &theirs), merged(&theirs, &ours));
        match (one, other) {
            (Ok((Ok(one), merged)), Ok((Ok(other), _))) => {
                prop_assert_eq!(&one, &other);
                let read: Task = codec::decode(&one).expect("what is written can be read");
                let again = git_coord::merge::records(Some(&read), &read, &read).expect("it fits");
                prop_assert!(again.disputes.is_empty());
                prop_assert_eq!(codec::encode(again.record.as_ref()).expect("it fits"), one);
                let titles = merged.disputes.iter().any(|dispute| dispute.field == "title");
                prop_assert!(titles || read.title == ours.title || read.title == theirs.title);
            }
            (one, other) => prop_assert_eq!(one.is_ok_and(|it| it.0.is_ok()), other.is_ok_and(|it| it.0.is_ok())),
        }
    }
}
