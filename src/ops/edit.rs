//! Changing the fields of a record that anybody may change, whatever its kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Context;
use super::revise::revise_any;
use super::task::{check_place, refuse_deadlock, require};
use crate::base::{Error, Result, text};
use crate::query::Graph;
use crate::records::recipient::Recipient;
use crate::records::record::{AnyRecord, downcast};
use crate::records::{Agent, Decision, Field, Kind, Rule, SetBy, Task};
use crate::state::snapshot::missing;
use crate::state::{Changeset, Snapshot};

/// Which fields of which record to change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edit {
    /// The kind of the record.
    pub kind: String,
    /// The record.
    pub id: String,
    /// New values by field; `field.key` for one key of a map; an empty text clears.
    pub set: BTreeMap<String, String>,
    /// Elements to add to sets, by field.
    pub add: BTreeMap<String, Vec<String>>,
    /// Elements to take out of sets, by field.
    pub remove: BTreeMap<String, Vec<String>>,
    /// The new text.
    pub body: Option<String>,
}

/// Changes fields of a record; where all have their new values already, nothing changes.
///
/// # Errors
/// `not_found` (4); `field_not_editable`, `unknown_field`, `bad_value`, `cycle` or `bad_record` (5).
pub fn edit(snapshot: &dyn Snapshot, input: &Edit, context: &Context) -> Result<Changeset> {
    let Some(kind) = Kind::find(&input.kind) else {
        let shown = text::excerpt(&input.kind, 40);
        return Err(Error::invalid("field_not_editable", format!("there is no kind of record called «{shown}»")));
    };
    let before = snapshot.find(kind, &input.id)?.ok_or_else(|| missing(kind, &input.id))?;
    let after = edited(&before, input)?;
    let names = input.set.keys().chain(input.add.keys()).chain(input.remove.keys()).map(String::as_str);
    let parts: Vec<&str> = names.chain(input.body.iter().map(|_| "body")).collect();
    let parts = text::excerpt(&parts.join(", "), 60);
    let mut changes = Changeset::new(format!("Edit {} {}: {parts}", kind.name, before.id()));
    check_links(snapshot, &before, &after, context, &mut changes)?;
    revise_any(&mut changes, &before, after, context)?;
    Ok(changes)
}

/// Returns a record with the changes in it, and without stamps for them.
fn edited(before: &AnyRecord, input: &Edit) -> Result<AnyRecord> {
    let kind = before.kind();
    let mut fields = before.to_map();
    for (name, value) in &input.set {
        set(kind, &mut fields, name, value)?;
    }
    for (name, elements) in &input.add {
        change_set(kind, &mut fields, name, |set| elements.iter().for_each(|e| insert(set, e)))?;
    }
    for (name, elements) in &input.remove {
        change_set(kind, &mut fields, name, |set| set.retain(|e| !elements.iter().any(|gone| e == gone)))?;
    }
    if input.body.is_some() {
        editable(kind, "body")?;
    }
    (kind.build)(fields, input.body.as_deref().unwrap_or_else(|| before.body())).map_err(|error| match error.code() {
        "bad_value" => {
            Error::invalid("bad_value", format!("cannot change {} {}: {}", kind.name, before.id(), error.message()))
        }
        _ => error,
    })
}

/// Checks what an edit makes a record point to; the rules of single kinds stand here.
/// Checks what is new about the links of a record, and what follows from it for others.
///
/// # Errors
/// `cycle`, `not_found`, and others that the kind has.
pub(super) fn check_links(
    snapshot: &dyn Snapshot,
    before: &AnyRecord,
    after: &AnyRecord,
    context: &Context,
    changes: &mut Changeset,
) -> Result<()> {
    if let (Some(before), Some(after)) = (downcast::<Task>(before), downcast::<Task>(after)) {
        return check_moved(snapshot, before, after, changes);
    }
    if let (Some(before), Some(after)) = (downcast::<Decision>(before), downcast::<Decision>(after)) {
        return super::decision::settle(snapshot, Some(before), after, context, changes);
    }
    if let (Some(before), Some(after)) = (downcast::<Agent>(before), downcast::<Agent>(after))
        && let Some(boss) = after.reports_to.as_ref().filter(|_| before.reports_to != after.reports_to)
    {
        Recipient::parse_superior(boss)?;
    }
    Ok(())
}

/// Returns the row of a field that may be edited.
///
/// # Errors
/// `unknown_field` with the fields there are, `field_not_editable` with the verb that changes it.
pub fn editable(kind: &'static Kind, name: &str) -> Result<&'static Field> {
    let Some(field) = kind.field(name) else {
        let names: Vec<&str> =
            kind.fields.iter().filter(|field| field.set_by == SetBy::Edit).map(|field| field.name).collect();
        let shown = text::excerpt(name, 40);
        return Err(Error::invalid("unknown_field", format!("a {} has no field «{shown}»", kind.name))
            .hint(format!("fields that can be set: {}", names.join(", "))));
    };
    if kind.is_immutable() {
        let message = format!("a {} never changes", kind.name);
        return Err(Error::invalid("field_not_editable", message).detail("field", name));
    }
    let cannot = || format!("cannot set {name} of a {}", kind.name);
    match field.set_by {
        SetBy::Edit => Ok(field),
        SetBy::Verb(verbs) => Err(Error::invalid("field_not_editable", format!("{}: it changes by {verbs}", cannot()))
            .detail("field", name)
            .hints_of(verbs_to_look_at(verbs).map(|verb| format!("git coord {verb} -h")))),
        SetBy::Nobody => Err(Error::invalid("field_not_editable", format!("{}: it never changes by hand", cannot()))
            .detail("field", name)),
    }
}

/// One or two verbs are worth a look each; of many, the message names all.
fn verbs_to_look_at(verbs: &str) -> impl Iterator<Item = &str> {
    let shown = if verbs.split(", ").count() > 2 { 1 } else { 2 };
    verbs.split(", ").take(shown)
}

fn set(kind: &'static Kind, fields: &mut Map<String, Value>, name: &str, text: &str) -> Result<()> {
    let (name, key) = match name.split_once('.') {
        Some((name, key)) => (name, Some(key)),
        None => (name, None),
    };
    let field = editable(kind, name)?;
    match (field.rule, key) {
        (Rule::Map, Some(key)) if !key.is_empty() => {
            let map = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
            let map = map.as_object_mut().ok_or_else(|| bad_value(name, "is no map"))?;
            match text {
                "" => map.remove(key),
                text => map.insert(key.to_owned(), any_value(text)),
            };
        }
        (Rule::Map, None) if text.is_empty() => {
            fields.remove(name);
        }
        (Rule::Map, None) => {
            let value = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
            fields.insert(
                name.to_owned(),
                value.ok_or_else(|| bad_value(name, "takes a JSON object, or name one key: field.key=value"))?,
            );
        }
        (Rule::Keyed(by), Some(key)) if !key.is_empty() => set_element(fields, name, by, key, text)?,
        (Rule::Keyed(_), None) if !text.is_empty() => {
            let value = serde_json::from_str::<Value>(text).ok().filter(Value::is_array);
            fields.insert(
                name.to_owned(),
                value.ok_or_else(|| bad_value(name, "takes a JSON array, or name one element: field.name={…}"))?,
            );
        }
        (_, Some(_)) => return Err(bad_value(name, "has no keys")),
        (_, None) if name == "body" => return Err(bad_value(name, "is set by --body")),
        (_, None) if text.is_empty() => {
            fields.remove(name);
        }
        (Rule::Set | Rule::List, None) => {
            fields.insert(name.to_owned(), list_value(field.rule, text));
        }
        (_, None) => {
            fields.insert(name.to_owned(), scalar_value(name, text)?);
        }
    }
    Ok(())
}

/// Changes members of one element of a keyed list, adds it where it is not there, or removes it where the text is empty.
fn set_element(fields: &mut Map<String, Value>, name: &str, by: &str, key: &str, text: &str) -> Result<()> {
    let list = fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    let list = list.as_array_mut().ok_or_else(|| bad_value(name, "is no list"))?;
    if text.is_empty() {
        list.retain(|element| element[by] != key);
        return Ok(());
    }
    let Ok(Value::Object(mut members)) = serde_json::from_str(text) else {
        return Err(bad_value(name, "takes a JSON object for an element"));
    };
    members.insert(by.to_owned(), key.into());
    match list.iter_mut().find(|element| element[by] == key).and_then(Value::as_object_mut) {
        Some(element) => element.extend(members),
        None => list.push(Value::Object(members)),
    }
    Ok(())
}

/// Changes the elements of a set.
fn change_set(
    kind: &'static Kind,
    fields: &mut Map<String, Value>,
    name: &str,
    change: impl Fn(&mut Vec<Value>),
) -> Result<()> {
    let field = editable(kind, name)?;
    if !matches!(field.rule, Rule::Set | Rule::List) {
        return Err(bad_value(name, "is no set"));
    }
    let list = fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    change(list.as_array_mut().ok_or_else(|| bad_value(name, "is no set"))?);
    Ok(())
}

fn insert(set: &mut Vec<Value>, element: &str) {
    if !set.iter().any(|e| e == element) {
        set.push(Value::from(element));
    }
}

/// A set is given with commas or as JSON; a list as JSON, or as its only element.
fn list_value(rule: Rule, text: &str) -> Value {
    if let Ok(value @ Value::Array(_)) = serde_json::from_str(text) {
        return value;
    }
    match rule {
        Rule::Set => text.split(',').map(str::trim).filter(|e| !e.is_empty()).collect(),
        _ => Value::from(vec![text]),
    }
}

/// A number where the field is one by name; else the text itself.
fn scalar_value(name: &str, text: &str) -> Result<Value> {
    if name == "estimate_minutes" {
        let minutes: u64 = text.parse().map_err(|_| bad_value(name, "takes a number of minutes"))?;
        return Ok(Value::from(minutes));
    }
    if name == "priority" {
        return Ok(Value::from(super::task::parse_priority(text)?.as_str()));
    }
    Ok(Value::from(text))
}

/// JSON where it is JSON, else the text.
fn any_value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

fn bad_value(field: &str, rule: &str) -> Error {
    Error::invalid("bad_value", format!("{field} {rule}")).detail("field", field)
}

/// Checks a task that was moved: its parent must be there and must not be part of it.
fn check_moved(snapshot: &dyn Snapshot, before: &Task, after: &Task, changes: &mut Changeset) -> Result<()> {
    let mut moved = after.clone();
    if before.sprint == after.sprint {
        moved.sprint = None;
    }
    moved.discovered_from.retain(|from| !before.discovered_from.contains(from));
    if before.parent == after.parent {
        moved.parent = None;
    } else if let Some(parent) = &after.parent {
        require(snapshot, parent)?;
        if Graph::reach(snapshot, &after.id, None)?.waits_for(&after.id, parent) {
            let message = format!("cannot make {} a part of {parent}: it waits for it", after.id);
            return Err(Error::invalid("cycle", message).hint(format!("git coord show {}", after.id)));
        }
        refuse_deadlock(snapshot, after)?;
    }
    check_place(snapshot, &moved, changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};
    use crate::records::Sprint;
    use crate::state::get;

    fn set_field(field: &str, value: &str) -> Operation {
        let set = BTreeMap::from([(field.to_owned(), value.to_owned())]);
        Operation::Edit(Edit { kind: "task".into(), id: "a".into(), set, ..Edit::default() })
    }

    fn world() -> World {
        let mut world = World::new();
        world.task("a");
        world
    }

    #[test]
    fn every_sort_of_field_can_be_set_and_cleared() {
        let mut world = world();
        for (field, value) in [
            ("title", "123"),
            ("estimate_minutes", "45"),
            ("labels", "x, y"),
            ("questions", "What, now?"),
            ("metrics.lines", "450"),
            ("due_at", "2026-01-02T03:04:05+01:00"),
            ("extra", "{\"k\":[1]}"),
            ("priority", "0"),
        ] {
            world.run(set_field(field, value)).expect(field);
        }
        let task = world.get("a");
        assert_eq!((task.title.as_str(), task.estimate_minutes, task.labels.len()), ("123", Some(45), 2));
        assert_eq!((task.questions[0].as_str(), task.metrics["lines"].as_u64()), ("What, now?", Some(450)));
        assert_eq!(task.due_at.expect("a time").to_string(), "2026-01-02T02:04:05.000Z");
        assert_eq!((task.extra["k"][0].as_u64(), task.priority.as_str()), (Some(1), "P0"));
        for field in ["estimate_minutes", "labels", "metrics.lines", "due_at", "extra"] {
            world.run(set_field(field, "")).expect(field);
        }
        let task = world.get("a");
        assert!(task.labels.is_empty() && task.metrics.is_empty() && task.due_at.is_none() && task.extra.is_empty());
    }

    #[test]
    fn what_a_verb_changes_is_refused_with_the_verb_named() {
        let mut world = world();
        for field in ["status", "claim", "epoch", "assignee", "completed_at", "edited", "created_at", "id"] {
            let error = world.run(set_field(field, "x")).expect_err(field);
            assert_eq!(error.code(), "field_not_editable", "{field}");
        }
        assert!(world.run(set_field("status", "x")).expect_err("refused").message().contains("done"));
        assert_eq!(code(world.run(set_field("colour", "x"))), "unknown_field");
        assert_eq!(code(world.run(set_field("due_at", "soon"))), "bad_value");
        assert_eq!(code(world.run(set_field("title", ""))), "bad_record");
    }

    #[test]
    fn labels_come_and_go_one_by_one() {
        let mut world = world();
        let edit = |add: &[&str], remove: &[&str]| {
            let field = |names: &[&str]| {
                BTreeMap::from([("labels".to_owned(), names.iter().map(|n| (*n).to_owned()).collect())])
            };
            Operation::Edit(Edit {
                kind: "task".into(),
                id: "a".into(),
                add: field(add),
                remove: field(remove),
                ..Edit::default()
            })
        };
        world.run(edit(&["x", "y"], &[])).expect("added");
        world.run(edit(&["z"], &["x"])).expect("changed");
        assert_eq!(world.get("a").labels.iter().collect::<Vec<_>>(), ["y", "z"]);
        assert!(world.run(edit(&["z"], &["x"])).expect("as it is").is_empty());
    }

    fn edit(kind: &str, id: &str, field: &str, value: &str) -> Operation {
        let set = BTreeMap::from([(field.to_owned(), value.to_owned())]);
        Operation::Edit(Edit { kind: kind.into(), id: id.into(), set, ..Edit::default() })
    }

    #[test]
    fn every_kind_is_edited_by_its_table_of_fields() {
        let at = crate::base::Timestamp::from_seconds(5);
        for kind in crate::records::KINDS {
            let id = if let crate::records::Place::Dated(_) = kind.place { "01KAHD4V2M0000000000000000" } else { "a" };
            let fields = serde_json::json!({
                "id": id, "created_at": at, "created_by": "ada", "updated_at": at, "updated_by": "ada",
                "title": "A", "agent": "ada", "from": "ada", "record": "task/a", "field": "title",
            });
            let fields: Map<String, Value> = fields.as_object().expect("fields").clone();
            let fields = fields.into_iter().filter(|(name, _)| kind.field(name).is_some()).collect();
            let mut world = World::new();
            world.records.put_any((kind.build)(fields, "").expect(kind.name));
            for field in kind.fields.iter().chain(crate::records::field::COMMON) {
                let row = kind.field(field.name).expect("a row");
                let refused = edit(kind.name, id, row.name, "");
                let result = world.run(refused).map_err(|error| error.code());
                let open = row.set_by == SetBy::Edit;
                let code = if open { "bad_value bad_record" } else { "field_not_editable" };
                match result {
                    Ok(_) => assert!(open, "{}.{} was changed", kind.name, row.name),
                    Err(found) => assert!(code.contains(found), "{}.{}: {found}", kind.name, row.name),
                }
            }
            let body = Edit { kind: kind.name.into(), id: id.into(), body: Some("x".into()), ..Edit::default() };
            let open = kind.field("body").expect("a row").set_by == SetBy::Edit;
            assert_eq!(world.run(Operation::Edit(body)).is_ok(), open, "{}", kind.name);
        }
        assert_eq!(code(World::new().run(edit("saga", "a", "title", "x"))), "field_not_editable");
        assert_eq!(code(World::new().run(edit("sprint", "a", "title", "x"))), "not_found");
    }

    #[test]
    fn an_element_of_a_keyed_list_is_set_by_its_name() {
        let mut world = World::new();
        let mut sprint = Sprint::new(crate::base::Id::parse("s").expect("an id"), context_time(), "ada");
        sprint.title = "S".into();
        world.records.put(sprint);
        let phases = |world: &World| get::<Sprint>(&world.records, "s").expect("a sprint").phases;
        world.run(edit("sprint", "s", "phases", "[{\"name\":\"a\"},{\"name\":\"b\"}]")).expect("both");
        world.run(edit("sprint", "s", "phases.b", "{\"status\":\"active\"}")).expect("changed");
        world.run(edit("sprint", "s", "phases.b", "{\"title\":\"B\"}")).expect("changed");
        let b = phases(&world)[1].clone();
        assert_eq!((b.status.as_str(), b.title.as_deref()), ("active", Some("B")));
        world.run(edit("sprint", "s", "phases.c", "{}")).expect("added");
        world.run(edit("sprint", "s", "phases.a", "")).expect("removed");
        assert_eq!(phases(&world).iter().map(|phase| phase.name.as_str()).collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(code(world.run(edit("sprint", "s", "phases.c", "active"))), "bad_value");
        let keys: Vec<String> = get::<Sprint>(&world.records, "s").expect("a sprint").edited.into_keys().collect();
        assert_eq!(keys, ["phases/a", "phases/b", "phases/c"]);
        world.run(edit("sprint", "s", "phases", "")).expect("cleared");
        assert!(phases(&world).is_empty());
    }

    fn context_time() -> crate::base::Timestamp {
        crate::base::Timestamp::from_seconds(1)
    }

    #[test]
    fn a_task_cannot_be_moved_into_itself() {
        let mut world = world();
        world.task("b");
        let mut child = world.get("b");
        child.parent = Some("a".into());
        world.put(child);
        assert_eq!(code(world.run(set_field("parent", "b"))), "cycle");
        assert_eq!(code(world.run(set_field("parent", "a"))), "cycle");
        assert_eq!(code(world.run(set_field("parent", "zz"))), "not_found");
    }
}
