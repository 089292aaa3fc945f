//! Full records as JSON lines, out and in again: what a file in the tip tree holds, in one object.
//!
//! Writing knows no kinds. Reading takes all kinds that this version knows; lines of others are passed over and counted.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Lines, Reader, Row};
use crate::base::text::{excerpt, json_for_terminal};
use crate::base::{Error, Result};
use crate::records::record::AnyRecord;
use crate::records::{KINDS, Kind, Record};
use crate::state::Snapshot;

/// How full records are read, here or elsewhere written by [`export`].
pub const READER: Reader = Reader { row, speaks_for: BTreeSet::new, no_place: "of kind {} cannot be imported" };

/// Writes records as lines, in the order given.
pub fn write<'a>(records: &'a [Arc<dyn Record>]) -> impl Iterator<Item = String> + 'a {
    records.iter().map(|record| line(record.as_ref()))
}

fn line(record: &dyn Record) -> String {
    json_for_terminal(Value::Object(object(record)).to_string())
}

/// Writes all records of a moment, by kind in the order of the table, then by id.
///
/// # Errors
/// Whatever the snapshot cannot read, and those of `lines`.
pub fn export(snapshot: &dyn Snapshot, lines: &mut Lines<'_>) -> Result<()> {
    KINDS.iter().try_for_each(|kind| snapshot.visit(kind, &mut |record| lines(&line(record.as_ref()))))
}

/// Returns a record as one object: its front matter, the body under `body`, and the stamps last.
pub fn object(record: &dyn Record) -> Map<String, Value> {
    let mut object = record.to_map();
    let edited = object.shift_remove("edited");
    if !record.body().is_empty() {
        object.insert("body".to_owned(), record.body().into());
    }
    object.extend(edited.map(|edited| ("edited".to_owned(), edited)));
    object
}

/// Reads the record of a line.
fn row(object: Map<String, Value>) -> Result<Row> {
    match object.get("kind").and_then(Value::as_str) {
        Some(word) => match Kind::find(word) {
            Some(kind) => record(kind, object).map(|record| Row::Records(vec![record], Vec::new())),
            None => Ok(Row::PassedOver(excerpt(word, 40))),
        },
        None => Err(fault("it names no kind")),
    }
}

/// Takes the text out of a line.
fn body_of(object: &mut Map<String, Value>) -> Result<String> {
    match object.shift_remove("body") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(body)) => Ok(body),
        Some(_) => Err(fault("body must be a text")),
    }
}

fn record(kind: &Kind, mut object: Map<String, Value>) -> Result<AnyRecord> {
    let body = body_of(&mut object)?;
    (kind.build)(object, &body).map_err(|error| match error.code() {
        "bad_value" => fault(&format!("not a {}: {}", kind.name, error.message())),
        _ => error,
    })
}

fn fault(message: &str) -> Error {
    Error::invalid("bad_row", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Id, Timestamp};
    use crate::ops::fixture::World;
    use crate::ops::{Operation, agent, message, note};
    use crate::records::{Conflict, Decision, Sprint, StatusEntry, Task, conflict};
    use crate::state::get;
    use crate::state::memory::Memory;
    use crate::transfer::fixture::{Read, lines_of};

    fn world() -> World {
        let mut world = World::new();
        let profile = agent::New { name: "ada".into(), reports_to: Some("boss".into()), ..agent::New::default() };
        world.run(Operation::AgentNew(profile)).expect("a profile");
        world.task("a");
        world.claim("a");
        let note = note::Note { task: "a".into(), text: "half\n\u{1F980}".into(), ..note::Note::default() };
        world.run(Operation::Note(note)).expect("a note");
        let mut odd = Task::new(Id::parse("b").expect("an id"), Timestamp::from_seconds(7), "eve");
        odd.title = "Later".into();
        odd.status = "hooked".into();
        odd.body = "\n---\nno line end".into();
        odd.rest.insert("from_the_future".into(), serde_json::json!({"x": [1, null, 0.5]}));
        world.put(odd);
        world
    }

    #[test]
    fn what_goes_out_comes_in_again_stamps_and_all() {
        let world = world();
        let lines = lines_of("json", &world.records);
        let kinds: Vec<String> = lines.iter().map(|line| line[9..13].to_owned()).collect();
        assert_eq!(kinds, ["task", "task", "mess", "agen"]);
        assert!(lines[0].contains("\"edited\":{\"attempts\""), "{}", lines[0]);
        let mut other = World::new();
        let import = Read::of("json", lines.join("\n").as_bytes()).expect("readable");
        assert!(import.warnings.is_empty());
        import.take(&mut other);
        assert_eq!(lines_of("json", &other.records), lines);
        assert_eq!(other.get("b"), world.get("b"));
        assert!(import.plan(&other.records).expect("again").0.is_empty());
    }

    #[test]
    fn records_of_every_kind_go_out_and_come_in_again() {
        let mut world = world();
        let send = message::Send { to: ["all".to_owned()].into(), body: "Nine.".into(), ..message::Send::default() };
        let id = world.run(Operation::Send(send)).expect("sent").about.expect("a message").id().to_string();
        world.become_other("bob");
        world.run(Operation::Read(message::Read { messages: vec![id.clone()], all: false })).expect("read");
        let at = Timestamp::from_seconds(9);
        let mut sprint = Sprint::new(Id::parse("s1").expect("an id"), at, "eve");
        sprint.title = "First".into();
        sprint.body = "The plan.".into();
        world.records.put(sprint);
        let mut decision = Decision::new(Id::parse("d1").expect("an id"), at, "eve");
        decision.title = "Dates".into();
        world.records.put(decision);
        let mut entry = StatusEntry::new(Id::parse(&id).expect("an id"), at, "eve");
        entry.agent = "eve".into();
        world.records.put(entry);
        let mut conflict = Conflict::new(conflict::id_of("task/a", "title"), at, "merge");
        conflict.record = "task/a".into();
        conflict.field = "title".into();
        world.records.put(conflict);
        let lines = lines_of("json", &world.records);
        for kind in KINDS {
            let begin = format!("{{\"kind\":\"{}\"", kind.name);
            assert!(lines.iter().any(|line| line.starts_with(&begin)), "no {} in this test", kind.name);
        }
        let mut other = World::new();
        let import = Read::of("json", lines.join("\n").as_bytes()).expect("readable");
        import.take(&mut other);
        assert_eq!(lines_of("json", &other.records), lines);
        assert!(import.plan(&other.records).expect("again").0.is_empty());

        let newer = lines.iter().find(|line| line.contains("\"First\"")).expect("the sprint");
        let newer = newer.replace("First", "Second").replace("\"updated_at\":\"1970", "\"updated_at\":\"1971");
        Read::of("json", newer.as_bytes()).expect("readable").take(&mut other);
        assert_eq!(get::<Sprint>(&other.records, "s1").expect("a sprint").title, "Second");
        assert!(import.plan(&other.records).expect("passed over").0.is_empty());
        let bad = newer.replace("\"Second\"", "7");
        assert_eq!(Read::of("json", bad.as_bytes()).expect_err("refused").code(), "bad_line");
    }

    #[test]
    fn bad_lines_are_all_named_and_other_kinds_counted() {
        let good = lines_of("json", &world().records).remove(0);
        let saga = "{\"kind\":\"saga\",\"id\":\"s1\"}";
        let file = format!("{good}\n{saga}\n{saga}\n{{}}\n{{\"kind\":\"task\",\"id\":\"x\"}}\n");
        let error = Read::of("json", file.as_bytes()).expect_err("bad");
        let lines: Vec<_> = error.details()["lines"].as_array().into_iter().flatten().collect();
        assert_eq!((lines[0]["line"].as_u64(), lines[1]["line"].as_u64(), lines.len()), (Some(4), Some(5), 2));
        let import = Read::of("json", format!("{good}\n{saga}\n{saga}\n").as_bytes()).expect("readable");
        assert_eq!(import.warnings[0].message, "2 lines of kind saga cannot be imported");
    }

    #[test]
    fn an_empty_moment_gives_no_lines() {
        assert!(lines_of("json", &Memory::default()).is_empty());
        assert!(Read::of("json", b"").expect("nothing").rows.is_empty());
    }
}
