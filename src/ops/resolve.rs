//! Settling a conflict: one of its values, another, or what stands in the record now.
//!
//! The record gets the value and the conflict the choice in one commit, and those whose value was not taken are told. What is
//! true only together with a claim is not chosen here: the life of a task is changed by its own verbs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::delivery::{deliver, one_agent};
use super::revise::revise_any;
use super::{Context, edit};
use crate::base::{Error, Kind as ErrorKind, Result, id, text};
use crate::records::conflict::{Candidate, Status, WHOLE, hash_of, locate_value, value_path};
use crate::records::field::Rule;
use crate::records::message::Type;
use crate::records::record::{AnyRecord, Typed};
use crate::records::{Conflict, Kind, Message, stamps};
use crate::state::{Changeset, Snapshot, get};

/// How to settle a conflict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resolve {
    /// The conflict.
    pub conflict: String,
    /// What to take.
    pub choice: Choice,
}

/// What to take.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// What stands in the record now.
    #[default]
    Keep,
    /// The value that the asker has set.
    Ours,
    /// The value that somebody else has set.
    Theirs,
    /// The value that this one has set.
    By(String),
    /// Another value.
    Value(Value),
}

/// Settles a conflict; where it is settled already, nothing changes.
///
/// # Errors
/// `not_found` (4); `not_choosable` or what an edit of the record is refused for (5).
pub fn resolve(snapshot: &dyn Snapshot, input: &Resolve, context: &Context) -> Result<Changeset> {
    let before: Conflict = get(snapshot, &input.conflict)?;
    let mut changes = Changeset::new(format!("Resolve {} of {}", before.field, before.record));
    let record = record_of(snapshot, &before)?;
    let of =
        |whose: &str, is_meant: &dyn Fn(&str) -> bool| value_of(snapshot, &before, &the_one(&before, whose, is_meant)?);
    let asker = id::fold(&context.agent);
    let value = match &input.choice {
        Choice::Keep => None,
        Choice::Value(value) => Some(value.clone()),
        Choice::Ours => Some(of("yours", &|by| id::fold(by) == asker)?),
        Choice::Theirs => Some(of("others", &|by| id::fold(by) != asker)?),
        Choice::By(name) => Some(of(name, &|by| id::fold(by) == id::fold(name))?),
    };
    let mut after = before.clone();
    let standing = record.as_ref().and_then(|record| part(record, &before.field));
    let taken = value.clone().unwrap_or_else(|| standing.clone().unwrap_or_default());
    after.chosen = Some(hash_of(&taken)).filter(|hash| before.values.contains_key(hash));
    after.status = Status::Resolved;
    after.resolved_at = Some(context.now.max(stamps::greatest(&before)));
    after.resolved_by = Some(context.agent.clone());
    let stands = |value: &Value| before.field != WHOLE && standing.as_ref().unwrap_or(&Value::Null) == value;
    if before.status == Status::Resolved && before.chosen == after.chosen && value.as_ref().is_none_or(stands) {
        changes.about = Some(Arc::new(before));
        return Ok(changes);
    }
    if let Some(value) = value.filter(|value| !stands(value)) {
        let record = record.ok_or_else(|| gone(&before))?;
        let changed = with_part(&record, &before.field, value)?;
        edit::check_links(snapshot, &record, &changed, context, &mut changes)?;
        revise_any(&mut changes, &record, changed, context)?;
    }
    tell(snapshot, &after, context, &mut changes)?;
    stamps::mark(&before, &mut after, context.now, &context.agent);
    after.validate()?;
    changes.put_main(after);
    Ok(changes)
}

/// Returns the record that a conflict is about; nothing where it is gone.
///
/// # Errors
/// `unreadable` where it cannot be read.
pub fn record_of(snapshot: &dyn Snapshot, conflict: &Conflict) -> Result<Option<AnyRecord>> {
    let Some((kind, id)) = conflict.record.split_once('/') else { return Ok(None) };
    Kind::find(kind).map_or(Ok(None), |kind| snapshot.find(kind, id))
}

/// Returns whether there is nothing to choose any more. A record that cannot be read has not settled anything.
pub fn is_settled(snapshot: &dyn Snapshot, conflict: &Conflict) -> bool {
    match record_of(snapshot, conflict) {
        Ok(record) => conflict.is_settled(record.as_deref()),
        Err(_) => conflict.status == Status::Resolved,
    }
}

/// Returns what stands in a part of a record: a field, a key or an element of one, the members of a unit, the text.
pub fn part(record: &AnyRecord, name: &str) -> Option<Value> {
    let kind = record.kind();
    if name == "body" {
        return Some(record.body().into()).filter(|body: &Value| body != "");
    }
    let fields = record.to_map();
    let members = || kind.fields.iter().filter(|field| field.rule == Rule::Unit(unit_of(kind, name).unwrap_or("")));
    match (name.split_once('/'), kind.field(name)) {
        (Some((field, key)), _) => match kind.field(field)?.rule {
            Rule::Keyed(by) => fields.get(field)?.as_array()?.iter().find(|item| item[by] == key).cloned(),
            _ => fields.get(field)?.get(key).cloned(),
        },
        (None, Some(_)) => fields.get(name).cloned(),
        (None, None) if unit_of(kind, name).is_some() => {
            let members = members().filter_map(|field| Some((field.name.to_owned(), fields.get(field.name)?.clone())));
            Some(Value::Object(members.collect())).filter(|unit| unit.as_object().is_some_and(|unit| !unit.is_empty()))
        }
        (None, None) => fields.get(name).cloned(),
    }
}

fn unit_of(kind: &'static Kind, name: &str) -> Option<&'static str> {
    kind.fields.iter().find_map(|field| match field.rule {
        Rule::Unit(unit) if unit == name => Some(unit),
        _ => None,
    })
}

/// Returns a record with another value in a part, without a stamp for it.
fn with_part(record: &AnyRecord, name: &str, value: Value) -> Result<AnyRecord> {
    let kind = record.kind();
    let (field, key) = name.split_once('/').map_or((name, None), |(field, key)| (field, Some(key)));
    let rule = kind.field(field).map_or(Rule::Scalar, |field| field.rule);
    let is_set_by_nobody = matches!(rule, Rule::Immutable | Rule::Stamp | Rule::Min | Rule::Max | Rule::Counter);
    if name == WHOLE || unit_of(kind, name).is_some() || is_set_by_nobody {
        let message = format!("«{name}» of {} {} is not set by a choice", kind.name, record.id());
        return Err(Error::invalid("not_choosable", message)
            .hint("bring it about by the verbs of the record, and then give --keep"));
    }
    if name == "body" {
        let Value::String(body) = &value else { return Err(bad(name, "is a text")) };
        return (kind.build)(record.to_map(), body);
    }
    let mut fields = record.to_map();
    match (key, rule) {
        (Some(key), Rule::Keyed(by)) => put_element(&mut fields, (field, by, key), value)?,
        (Some(key), _) => {
            let map = fields.entry(field).or_insert_with(|| Value::Object(Map::new()));
            put(map.as_object_mut().ok_or_else(|| bad(field, "is no map"))?, key, value);
        }
        (None, _) => put(&mut fields, field, value),
    }
    (kind.build)(fields, record.body())
}

fn put(map: &mut Map<String, Value>, key: &str, value: Value) {
    match value {
        Value::Null => drop(map.remove(key)),
        value => drop(map.insert(key.to_owned(), value)),
    }
}

fn put_element(fields: &mut Map<String, Value>, (field, by, key): (&str, &str, &str), value: Value) -> Result<()> {
    let list = fields.entry(field).or_insert_with(|| Value::Array(Vec::new()));
    let list = list.as_array_mut().ok_or_else(|| bad(field, "is no list"))?;
    let at = list.iter().position(|item| item[by] == key);
    match (at, value) {
        (Some(at), Value::Null) => drop(list.remove(at)),
        (None, Value::Null) => {}
        (_, value) if value[by] != key => return Err(bad(field, &format!("takes an object whose `{by}` is {key}"))),
        (Some(at), value) => list[at] = value,
        (None, value) => list.push(value),
    }
    Ok(())
}

fn bad(field: &str, rule: &str) -> Error {
    Error::invalid("bad_value", format!("cannot set {field}: it {rule}"))
}

/// Returns the value of a hash, from the conflict or from beside it.
///
/// # Errors
/// `not_found` (4) where there is none.
pub fn value_of(snapshot: &dyn Snapshot, conflict: &Conflict, hash: &str) -> Result<Value> {
    let unknown = || Error::not_found(format!("conflict {} has no such value", conflict.id));
    let candidate = conflict.values.get(hash).ok_or_else(unknown)?;
    let Some(uri) = &candidate.uri else { return Ok(candidate.value.clone()) };
    let found = read_value(snapshot, conflict, hash)?;
    found.ok_or_else(|| Error::not_found(format!("the value that lies at {uri} is not there, or is no text")))
}

/// Returns what all values began from; null where that was nothing, or cannot be read.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn base_of(snapshot: &dyn Snapshot, conflict: &Conflict) -> Result<Value> {
    let Some(uri) = &conflict.base_uri else { return Ok(conflict.base.clone().unwrap_or_default()) };
    let path = uri.strip_prefix("coord://").unwrap_or_default();
    // What somebody wrote into a conflict is no path to anything else.
    let Some((_, hash)) = locate_value(path).filter(|(id, _)| *id == conflict.id) else { return Ok(Value::Null) };
    Ok(read_value(snapshot, conflict, hash)?.unwrap_or_default())
}

/// Reads a value that lies beside a conflict; nothing where it is not there, or is no text.
fn read_value(snapshot: &dyn Snapshot, conflict: &Conflict, hash: &str) -> Result<Option<Value>> {
    let bytes = snapshot.file(&value_path(&conflict.id, hash))?;
    // A text lies there as it is, any other value as JSON.
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let json = text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    Ok(text.map(Value::from).into_iter().chain(json).find(|value| hash_of(value) == hash))
}

fn gone(conflict: &Conflict) -> Error {
    Error::not_found(format!("{} is gone: there is nothing left to set", conflict.record))
        .hint(format!("git coord resolve {} --keep", conflict.id))
}

/// Returns a value as people read it, on one line.
pub fn worded(value: &Value) -> String {
    match value {
        Value::Null => "(nothing)".to_owned(),
        Value::String(said) => text::excerpt(said, 100),
        value => text::excerpt(&value.to_string(), 100),
    }
}

/// Tells everybody whose value is in the conflict, but for the one who settles it.
fn tell(snapshot: &dyn Snapshot, after: &Conflict, context: &Context, changes: &mut Changeset) -> Result<()> {
    let mut to = BTreeSet::new();
    for candidate in after.values.values() {
        // A name that no agent can have was written by a person or another system, and has no inbox.
        to.extend(one_agent(snapshot, &candidate.by).ok().filter(|name| id::fold(name) != id::fold(&context.agent)));
    }
    if to.is_empty() {
        return Ok(());
    }
    let mut message = Message::new(context.seed.ulid(context.now, 0), context.now, &context.agent);
    message.from.clone_from(&context.agent);
    message.timestamp = context.now;
    message.r#type = Type::Note;
    message.to = to;
    message.thread = after.record.split_once('/').filter(|(kind, _)| *kind == "task").map(|(_, id)| id.to_owned());
    message.references.insert(after.id.to_string());
    message.metadata = BTreeMap::from([("event".to_owned(), json!("conflict.resolved"))]);
    let taken = match after.chosen.as_ref().and_then(|hash| after.values.get(hash)) {
        Some(Candidate { by, uri: Some(_), .. }) => format!("what {by} wrote was taken"),
        Some(Candidate { by, value, .. }) => format!("what {by} wrote was taken: {}", worded(value)),
        None => "none of the values was taken".to_owned(),
    };
    message.body = format!("The conflict about {} of {} is settled; {taken}", after.field, after.record);
    message.validate()?;
    deliver(snapshot, &message, changes)
}

/// Returns the hash of the one value of a conflict that is meant, by who has set it.
///
/// # Errors
/// `not_found` (4) where there is none, `ambiguous` (4) where there are several.
fn the_one(conflict: &Conflict, whose: &str, is_meant: &dyn Fn(&str) -> bool) -> Result<String> {
    let meant: Vec<&String> = conflict.values.iter().filter(|(_, it)| is_meant(&it.by)).map(|(hash, _)| hash).collect();
    match meant.as_slice() {
        [hash] => Ok((*hash).clone()),
        [] => Err(Error::not_found(format!("conflict {} has no value of {}", conflict.id, text::excerpt(whose, 40)))
            .hint(format!("git coord conflicts show {}", conflict.id))),
        several => {
            let message = format!("conflict {} has {} values of {whose}", conflict.id, several.len());
            let error = Error::new(ErrorKind::NotFound, "ambiguous", message);
            Err(error.hint(format!("git coord conflicts show {}", conflict.id)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};
    use crate::records::Task;
    use crate::records::conflict::id_of;
    use crate::records::task::{Gate, GateStatus, Step};
    use crate::state::{all, find};

    /// Makes a conflict about a part of the task `a`, which holds what Bob has set.
    fn world(field: &str, values: &[(&str, Value)]) -> World {
        let mut world = World::with_task("a");
        let mut task = world.get("a");
        task.title = "of Bob".into();
        task.gates.insert("pytest".into(), Gate { status: GateStatus::Failed, ..Gate::default() });
        task.steps.push(Step { name: "wire".into(), ..Step::default() });
        world.put(task);
        let at = Timestamp::from_millis(1);
        let mut conflict = Conflict::new(id_of("task/a", field), at, "git-coord merge");
        (conflict.record, conflict.field) = ("task/a".into(), field.into());
        for (by, value) in values {
            let candidate = Candidate { value: value.clone(), uri: None, by: (*by).into(), at, rest: BTreeMap::new() };
            conflict.values.insert(hash_of(value), candidate);
        }
        world.put(conflict);
        world
    }

    fn titles() -> World {
        world("title", &[("bob", json!("of Bob")), ("Ada", json!("of Ada"))])
    }

    fn settle(world: &mut World, field: &str, choice: Choice) -> Result<Changeset> {
        let conflict = id_of("task/a", field).into();
        world.run(Operation::Resolve(Resolve { conflict, choice }))
    }

    fn conflict(world: &World, field: &str) -> Conflict {
        find(&world.records, &id_of("task/a", field)).expect("readable").expect("a conflict")
    }

    #[test]
    fn a_value_is_taken_by_who_set_it_and_the_others_are_told() {
        for (choice, title) in [
            (Choice::By("bob".into()), "of Bob"),
            (Choice::By("ADA".into()), "of Ada"),
            (Choice::Value(json!("of both")), "of both"),
            (Choice::Keep, "of Bob"),
        ] {
            let mut world = titles();
            world.agent = "carl".into();
            settle(&mut world, "title", choice).expect(title);
            assert_eq!(world.get("a").title, title);
            let settled = conflict(&world, "title");
            assert_eq!((&settled.status, settled.resolved_by.as_deref()), (&Status::Resolved, Some("carl")));
            let chosen = Some(hash_of(&json!(title))).filter(|_| title != "of both");
            assert_eq!(settled.chosen, chosen, "{title}");
            assert!(settled.resolved_at.is_some_and(|at| settled.values.values().all(|it| it.at <= at)));
            let said = all::<Message>(&world.records).expect("messages");
            assert_eq!(said.len(), 1);
            assert_eq!(said[0].to.iter().map(|to| id::fold(to)).collect::<Vec<_>>(), ["ada", "bob"]);
            assert_eq!(said[0].metadata["event"], "conflict.resolved");
        }
    }

    #[test]
    fn ours_and_theirs_are_the_askers_and_of_others() {
        let mut world = titles();
        world.agent = "ada".into();
        settle(&mut world, "title", Choice::Ours).expect("hers");
        assert_eq!(world.get("a").title, "of Ada");
        let stamp = world.get("a").edited["title"].clone();
        assert_eq!(stamp.1, "ada");
        assert!(
            conflict(&world, "title").values.values().all(|it| it.at < stamp.0),
            "the edit is later than all values"
        );
        let mut world = titles();
        world.agent = "ada".into();
        settle(&mut world, "title", Choice::Theirs).expect("his");
        assert_eq!(world.get("a").title, "of Bob");
        assert!(!world.get("a").edited.contains_key("title"), "it stood there already");
        let to: Vec<_> =
            all::<Message>(&world.records).expect("messages").iter().flat_map(|it| it.to.clone()).collect();
        assert_eq!(to, ["bob"]);
        world.agent = "carl".into();
        assert_eq!(code(settle(&mut world, "title", Choice::Ours)), "not_found");
        assert_eq!(code(settle(&mut world, "title", Choice::Theirs)), "ambiguous");
    }

    #[test]
    fn parts_of_fields_are_set_and_emptied() {
        let passed = json!({"status": "passed"});
        let mut world = world("gates/pytest", &[("bob", json!({"status": "failed"})), ("ada", passed)]);
        settle(&mut world, "gates/pytest", Choice::By("ada".into())).expect("hers");
        assert_eq!(world.get("a").gates["pytest"].status, GateStatus::Passed);
        settle(&mut world, "gates/pytest", Choice::Value(Value::Null)).expect("none");
        assert!(world.get("a").gates.is_empty());

        let done = json!({"name": "wire", "done": true});
        let mut world = self::world("steps/wire", &[("ada", done)]);
        assert_eq!(code(settle(&mut world, "steps/wire", Choice::Value(json!({"name": "other"})))), "bad_value");
        settle(&mut world, "steps/wire", Choice::By("ada".into())).expect("hers");
        assert!(world.get("a").steps[0].done);
        settle(&mut world, "steps/wire", Choice::Value(Value::Null)).expect("none");
        assert!(world.get("a").steps.is_empty());

        let mut world = self::world("body", &[("ada", json!("Her text"))]);
        settle(&mut world, "body", Choice::By("ada".into())).expect("hers");
        assert_eq!(world.get("a").body, "Her text");
        assert_eq!(code(settle(&mut world, "body", Choice::Value(json!(7)))), "bad_value");
    }

    #[test]
    fn the_life_of_a_task_and_a_whole_file_are_not_chosen() {
        for (field, value) in [("lifecycle", json!({"status": "completed"})), (WHOLE, Value::Null)] {
            let mut world = world(field, &[("ada", value)]);
            assert_eq!(code(settle(&mut world, field, Choice::By("ada".into()))), "not_choosable", "{field}");
            assert_eq!(conflict(&world, field).status, Status::Open);
            settle(&mut world, field, Choice::Keep).expect("kept");
            assert_eq!(conflict(&world, field).status, Status::Resolved);
        }
    }

    #[test]
    fn what_is_gone_can_only_be_kept_so_and_what_is_settled_stays() {
        let mut world = titles();
        let mut lost = conflict(&world, "title");
        lost.record = "task/gone".into();
        world.put(lost);
        assert_eq!(code(settle(&mut world, "title", Choice::By("ada".into()))), "not_found");
        settle(&mut world, "title", Choice::Keep).expect("kept");
        assert!(settle(&mut world, "title", Choice::Keep).expect("again").is_empty());
        let mut world = titles();
        settle(&mut world, "title", Choice::By("ada".into())).expect("hers");
        assert!(
            settle(&mut world, "title", Choice::By("ada".into())).expect("again").is_empty(),
            "nobody is told twice"
        );
        assert!(!settle(&mut world, "title", Choice::By("bob".into())).expect("another").is_empty());
        assert!(find::<Task>(&world.records, "gone").expect("readable").is_none());
    }
}
