//! Full records as JSON lines, out and in again: what a file in the tip tree holds, in one object.
//!
//! Writing knows no kinds. Reading takes all kinds that this version knows; lines of others are passed over and counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::lines::{self, BadLines};
use crate::base::text::{excerpt, json_for_terminal};
use crate::base::{Error, Result};
use crate::ops::import::{Entry, Import, Row};
use crate::records::{Agent, KINDS, Kind, Message, Record, Task, Typed, codec};
use crate::state::{Snapshot, Warning};

/// Writes records as lines, in the order given.
pub fn write<'a>(records: &'a [Arc<dyn Record>]) -> impl Iterator<Item = String> + 'a {
    records.iter().map(|record| json_for_terminal(Value::Object(object(record.as_ref())).to_string()))
}

/// Writes all records of a moment, by kind in the order of the table, then by id.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn export(snapshot: &dyn Snapshot) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for kind in KINDS {
        lines.extend(write(&snapshot.scan(kind)?));
    }
    Ok(lines)
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

/// Reads lines that [`write()`] wrote, here or elsewhere.
///
/// # Errors
/// `bad_line` where there are lines that hold no record, with all of them counted and the first ones named.
pub fn read(bytes: &[u8]) -> Result<Import> {
    let mut import = Import { source: "json".to_owned(), ..Import::default() };
    let mut bad = BadLines::default();
    let mut passed_over: BTreeMap<String, usize> = BTreeMap::new();
    for (line, object) in lines::objects(bytes) {
        let taken = object.map_err(|message| fault(&message)).and_then(|object| take(&mut import, object));
        match taken {
            Ok(None) => {}
            Ok(Some(kind)) => *passed_over.entry(kind).or_default() += 1,
            Err(error) => bad.add(line, error.message()),
        }
    }
    bad.finish("import json")?;
    for (kind, count) in passed_over {
        let lines = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        import.warnings.push(Warning::new("passed_over", format!("{lines} of kind {kind} cannot be imported")));
    }
    Ok(import)
}

/// Adds the record of a line; returns its kind where an import does not take it.
fn take(import: &mut Import, mut object: Map<String, Value>) -> Result<Option<String>> {
    let kind = object.shift_remove("kind");
    match kind.as_ref().and_then(Value::as_str) {
        Some("task") => import.tasks.push(record::<Task>(object)?),
        Some("message") => import.messages.push(record::<Message>(object)?),
        Some("agent") => import.agents.push(record::<Agent>(object)?),
        Some(other) if Kind::find(other).is_some() => import.records.push(row(other, object)?),
        Some(other) => return Ok(Some(excerpt(other, 40))),
        None => return Err(fault("it names no kind")),
    }
    Ok(None)
}

/// Takes the text out of a line.
fn body_of(object: &mut Map<String, Value>) -> Result<String> {
    match object.shift_remove("body") {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(body)) => Ok(body),
        Some(_) => Err(fault("body must be a text")),
    }
}

/// Reads a record of a kind that an import treats as any other.
fn row(kind: &str, mut fields: Map<String, Value>) -> Result<Row> {
    let body = body_of(&mut fields)?;
    fields.insert("kind".to_owned(), kind.into());
    let row = Row { fields, body };
    let record = row.record().map_err(|error| match error.code() {
        "bad_value" => fault(&format!("not a {kind}: {}", error.message())),
        _ => error,
    })?;
    codec::encode(record.as_ref())?;
    Ok(row)
}

fn record<T: Typed>(mut object: Map<String, Value>) -> Result<Entry<T>> {
    let body = body_of(&mut object)?;
    let mut record: T = serde_json::from_value(Value::Object(object))
        .map_err(|error| fault(&format!("not a {}: {error}", T::KIND.name)))?;
    *record.common_mut().body = body;
    record.validate()?;
    codec::encode(&record)?;
    Ok(Entry::new(record))
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
    use crate::records::{Conflict, Decision, Sprint, StatusEntry, conflict};
    use crate::state::get;
    use crate::state::memory::Memory;

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
        let lines = export(&world.records).expect("lines");
        let kinds: Vec<String> = lines.iter().map(|line| line[9..13].to_owned()).collect();
        assert_eq!(kinds, ["task", "task", "mess", "agen"]);
        assert!(lines[0].contains("\"edited\":{\"attempts\""), "{}", lines[0]);
        let mut other = World::new();
        let import = read(lines.join("\n").as_bytes()).expect("readable");
        assert!(import.warnings.is_empty());
        other.run(Operation::Import(import.clone())).expect("taken over");
        assert_eq!(export(&other.records).expect("lines"), lines);
        assert_eq!(other.get("b"), world.get("b"));
        assert!(other.run(Operation::Import(import)).expect("again").is_empty());
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
        let lines = export(&world.records).expect("lines");
        for kind in KINDS {
            let begin = format!("{{\"kind\":\"{}\"", kind.name);
            assert!(lines.iter().any(|line| line.starts_with(&begin)), "no {} in this test", kind.name);
        }
        let mut other = World::new();
        let import = read(lines.join("\n").as_bytes()).expect("readable");
        other.run(Operation::Import(import.clone())).expect("taken over");
        assert_eq!(export(&other.records).expect("lines"), lines);
        assert!(other.run(Operation::Import(import)).expect("again").is_empty());

        let newer = lines.iter().find(|line| line.contains("\"First\"")).expect("the sprint");
        let newer = newer.replace("First", "Second").replace("\"updated_at\":\"1970", "\"updated_at\":\"1971");
        other.run(Operation::Import(read(newer.as_bytes()).expect("readable"))).expect("replaced");
        assert_eq!(get::<Sprint>(&other.records, "s1").expect("a sprint").title, "Second");
        let older = Operation::Import(read(lines.join("\n").as_bytes()).expect("readable"));
        assert!(other.run(older).expect("passed over").is_empty());
        let bad = newer.replace("\"Second\"", "7");
        assert_eq!(read(bad.as_bytes()).expect_err("refused").code(), "bad_line");
    }

    #[test]
    fn bad_lines_are_all_named_and_other_kinds_counted() {
        let good = export(&world().records).expect("lines").remove(0);
        let saga = "{\"kind\":\"saga\",\"id\":\"s1\"}";
        let file = format!("{good}\n{saga}\n{saga}\n{{}}\n{{\"kind\":\"task\",\"id\":\"x\"}}\n");
        let error = read(file.as_bytes()).expect_err("bad");
        let lines: Vec<_> = error.details()["lines"].as_array().into_iter().flatten().collect();
        assert_eq!((lines[0]["line"].as_u64(), lines[1]["line"].as_u64(), lines.len()), (Some(4), Some(5), 2));
        let import = read(format!("{good}\n{saga}\n{saga}\n").as_bytes()).expect("readable");
        assert_eq!(import.warnings[0].message, "2 lines of kind saga cannot be imported");
    }

    #[test]
    fn an_empty_moment_gives_no_lines() {
        assert!(export(&Memory::default()).expect("no lines").is_empty());
        assert!(read(b"").expect("nothing").tasks.is_empty());
    }
}
