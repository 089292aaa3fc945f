//! Taking over records that were made elsewhere: new ones are added, newer ones replace, older ones are passed over.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Context;
use crate::base::{Error, Id, Result, text};
use crate::query::{Graph, Missing, cycles, missing};
use crate::records::record::{AnyRecord, Record, Typed, downcast};
use crate::records::task::Status;
use crate::records::{Agent, KINDS, Kind, Message, Rule, Task, stamps};
use crate::state::{Changeset, Edit, Snapshot, Warning, all, find};

/// The most cycles, and the most missing targets, that warnings name one by one.
const MOST_NAMED: usize = 5;

/// Records to take over, read and checked before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Import {
    /// Where they come from, for the subject of the commit.
    pub source: String,
    /// The fields that the source has a word for, and keys of maps as `field/key`; all there are where it is empty. The
    /// others stay as they are when a row replaces a record.
    pub speaks_for: BTreeSet<String>,
    /// The tasks.
    pub tasks: Vec<Entry<Task>>,
    /// The messages. Those that are there already stay as they are.
    pub messages: Vec<Entry<Message>>,
    /// The agent profiles.
    pub agents: Vec<Entry<Agent>>,
    /// Records of all other kinds.
    pub records: Vec<Row>,
    /// What was odd about the source.
    pub warnings: Vec<Warning>,
}

/// A record with its text, which its own serialisation leaves out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry<T> {
    /// The record.
    pub record: T,
    /// Its text.
    pub body: String,
}

impl<T: Typed> Entry<T> {
    /// Returns the entry for a record.
    pub fn new(record: T) -> Self {
        let body = record.body().to_owned();
        Entry { record, body }
    }

    /// Returns the record with its text in it.
    pub fn whole(&self) -> T {
        let mut record = self.record.clone();
        record.common_mut().body.clone_from(&self.body);
        record
    }
}

/// A record of any kind: its front matter with the kind in it, and its text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The front matter.
    pub fields: Map<String, Value>,
    /// The text.
    pub body: String,
}

impl Row {
    /// Returns the record.
    ///
    /// # Errors
    /// `bad_value`, `bad_record`; `unknown_kind` where this version does not know the kind.
    pub fn record(&self) -> Result<AnyRecord> {
        let name = self.fields.get("kind").and_then(Value::as_str).unwrap_or_default();
        let kind = Kind::find(name).ok_or_else(|| {
            let shown = text::excerpt(name, 40);
            Error::invalid("unknown_kind", format!("there is no kind of record called «{shown}»"))
        })?;
        (kind.build)(self.fields.clone(), &self.body)
    }
}

/// What an import did, and what is odd about what it took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Tally {
    /// Tasks that were not there.
    pub added: usize,
    /// Tasks that were there and older.
    pub updated: usize,
    /// Tasks that were there and the same.
    pub unchanged: usize,
    /// Tasks that were there and newer; they stay as they are.
    pub older: usize,
    /// Messages that were not there.
    pub messages: usize,
    /// Agent profiles that were not there or older.
    pub agents: usize,
    /// Records of other kinds that were not there or older.
    pub records: usize,
    /// Groups of tasks that wait for each other, with one that was in the source among them.
    pub cycles: Vec<Vec<String>>,
    /// Links of tasks in the source to tasks that do not exist.
    pub missing: Vec<Missing>,
}

/// Takes records over.
///
/// # Errors
/// `bad_record` where one breaks a rule, `id_taken` where an id differs from one that is there only in case,
/// `unreadable` where one that is there cannot be read.
pub fn import(snapshot: &dyn Snapshot, input: &Import, _: &Context) -> Result<Changeset> {
    plan(snapshot, input).map(|(changes, _)| changes)
}

/// Takes records over, counts what becomes of each task, and names what is odd about their links.
///
/// # Errors
/// As [`import`].
pub fn plan(snapshot: &dyn Snapshot, input: &Import) -> Result<(Changeset, Tally)> {
    let mut changes = Changeset::new(String::new());
    changes.warnings.clone_from(&input.warnings);
    let mut tally = Tally::default();
    refuse_twins(snapshot, Task::KIND, input.tasks.iter().map(|entry| &entry.record.id))?;
    refuse_twins(snapshot, Agent::KIND, input.agents.iter().map(|entry| &entry.record.id))?;
    let others = input.records.iter().map(Row::record).collect::<Result<Vec<_>>>()?;
    for kind in KINDS {
        refuse_twins(snapshot, kind, others.iter().filter(|record| record.kind() == *kind).map(|record| record.id()))?;
    }
    for entry in &input.tasks {
        match take(snapshot, entry, input, &mut changes, settle_claim)? {
            Taken::Added => tally.added += 1,
            Taken::Updated => tally.updated += 1,
            Taken::Unchanged => tally.unchanged += 1,
            Taken::Older => tally.older += 1,
        }
    }
    for entry in &input.agents {
        let taken = take(snapshot, entry, input, &mut changes, |_, _, _| {})?;
        tally.agents += usize::from(matches!(taken, Taken::Added | Taken::Updated));
    }
    for entry in &input.messages {
        let message = entry.whole();
        if find::<Message>(snapshot, &message.id)?.is_none() {
            message.validate()?;
            tally.messages += 1;
            changes.put(message);
        }
    }
    for row in &input.records {
        tally.records += usize::from(take_any(snapshot, row, input, &mut changes)?);
    }
    inspect_links(snapshot, input, &mut changes, &mut tally)?;
    changes.subject = format!(
        "Import {} from {}: {} new, {} updated",
        plural(input.tasks.len(), "task"),
        input.source,
        tally.added,
        tally.updated
    );
    Ok((changes, tally))
}

/// What became of one record.
enum Taken {
    Added,
    Updated,
    Unchanged,
    Older,
}

/// Takes one record over; `settle` has the last word on one that replaces another.
fn take<T: Typed>(
    snapshot: &dyn Snapshot,
    entry: &Entry<T>,
    input: &Import,
    changes: &mut Changeset,
    settle: fn(&T, &mut T, &mut Changeset),
) -> Result<Taken> {
    let incoming = entry.whole();
    incoming.validate()?;
    let Some(before) = find::<T>(snapshot, incoming.id())? else {
        changes.put(incoming);
        return Ok(Taken::Added);
    };
    if incoming.updated_at() < before.updated_at() {
        return Ok(Taken::Older);
    }
    let after = replaced(&before, &incoming, &input.speaks_for)?;
    let Some(mut after) = downcast::<T>(&after).cloned() else {
        return Err(Error::fatal("internal", "a record changed its kind"));
    };
    let warned = changes.warnings.len();
    settle(&before, &mut after, changes);
    // Stamped as the source says, not as whoever runs the import: two machines that take over the same rows
    // then hold the same bytes.
    let by = updated_by(&incoming);
    if stamps::mark(&before, &mut after, incoming.updated_at(), &by) {
        after.validate()?;
        changes.put(after);
        Ok(Taken::Updated)
    } else {
        changes.warnings.truncate(warned);
        Ok(Taken::Unchanged)
    }
}

fn updated_by<T: Typed>(record: &T) -> String {
    record.clone().common_mut().updated_by.clone()
}

/// Takes over one record of a kind that has no rules of its own here; returns whether anything is different.
fn take_any(snapshot: &dyn Snapshot, row: &Row, input: &Import, changes: &mut Changeset) -> Result<bool> {
    let incoming = row.record()?;
    let kind = incoming.kind();
    let Some(before) = snapshot.find(kind, incoming.id())? else {
        changes.put_any(incoming);
        return Ok(true);
    };
    if incoming.updated_at() < before.updated_at() {
        return Ok(false);
    }
    let after = replaced(before.as_ref(), incoming.as_ref(), &input.speaks_for)?;
    let by = row.fields.get("updated_by").and_then(Value::as_str).unwrap_or_default();
    let marked = (kind.mark)(&before, &after, incoming.updated_at(), by)?;
    Ok(marked.map(|marked| changes.put_any(marked)).is_some())
}

/// Returns `before` with what the source speaks for replaced; what never changes after a record was made stays.
fn replaced(before: &dyn Record, incoming: &dyn Record, speaks_for: &BTreeSet<String>) -> Result<AnyRecord> {
    let kind = before.kind();
    let spoken = |name: &str| speaks_for.is_empty() || speaks_for.contains(name);
    let (mut fields, mut new) = (before.to_map(), incoming.to_map());
    for field in kind.fields.iter().filter(|field| field.name != "body") {
        let (old, new) = (fields.shift_remove(field.name), new.shift_remove(field.name));
        let value = match field.rule {
            Rule::Immutable => old.or(new),
            Rule::Max | Rule::Counter if spoken(field.name) => greater(old, new),
            _ if spoken(field.name) => new,
            Rule::Map => keys_replaced(field.name, old, new, speaks_for),
            _ => old,
        };
        fields.extend(value.map(|value| (field.name.to_owned(), value)));
    }
    if speaks_for.is_empty() {
        let unknown = |name: &String| kind.field(name).is_none();
        fields.retain(|name, _| !unknown(name));
        fields.extend(new.into_iter().filter(|(name, _)| unknown(name)));
    }
    let is_fixed = kind.field("body").is_some_and(|field| field.rule == Rule::Immutable);
    let body = if spoken("body") && !is_fixed { incoming.body() } else { before.body() };
    (kind.build)(fields, body).map_err(|error| {
        Error::invalid("bad_record", format!("cannot replace {} {}", kind.name, before.id())).because(error)
    })
}

/// Replaces the keys of a map that the source speaks for, written as `field/key`.
fn keys_replaced(field: &str, old: Option<Value>, new: Option<Value>, speaks_for: &BTreeSet<String>) -> Option<Value> {
    let object = |value| if let Some(Value::Object(map)) = value { map } else { Map::new() };
    let (mut map, mut new) = (object(old), object(new));
    for key in speaks_for.iter().filter_map(|name| name.strip_prefix(field)?.strip_prefix('/')) {
        map.shift_remove(key);
        map.extend(new.shift_remove(key).map(|value| (key.to_owned(), value)));
    }
    Some(map.into())
}

fn greater(old: Option<Value>, new: Option<Value>) -> Option<Value> {
    let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_u64);
    if number(&old) > number(&new) { old } else { new }
}

/// Leaves a task with whoever holds it here, unless the source has closed it or knows of a later claim.
fn settle_claim(before: &Task, after: &mut Task, changes: &mut Changeset) {
    let epoch = |task: &Task| task.claim.as_ref().map(|claim| claim.epoch);
    if before.claim.is_some() && after.is_open() && epoch(after) <= epoch(before) {
        after.status.clone_from(&before.status);
        after.assignee.clone_from(&before.assignee);
        after.claim.clone_from(&before.claim);
        after.started_at = before.started_at;
        after.completed_at = before.completed_at;
        after.summary.clone_from(&before.summary);
        after.blocked_on.clone_from(&before.blocked_on);
        after.defer_until = before.defer_until;
        return;
    }
    if !after.is_open() {
        after.claim = None;
    }
    if after.status != Status::Blocked {
        after.blocked_on = None;
    }
    if let Some(claim) = before.claim.as_ref().filter(|claim| after.claim.as_ref() != Some(claim)) {
        changes.warn("claim_ended", format!("the import ends the claim of {} on {}", claim.agent, before.id));
    }
}

/// Refuses records whose id differs from one that is there only in case: one file system holds not both.
fn refuse_twins<'a>(
    snapshot: &dyn Snapshot,
    kind: &'static Kind,
    incoming: impl Iterator<Item = &'a Id>,
) -> Result<()> {
    let mut incoming = incoming.peekable();
    if incoming.peek().is_none() {
        return Ok(());
    }
    let there: BTreeMap<String, Id> = snapshot.ids(kind)?.into_iter().map(|id| (id.folded(), id)).collect();
    for id in incoming {
        if let Some(other) = there.get(&id.folded()).filter(|other| *other != id) {
            let message = format!("cannot import {} {id}: {other} differs from it only in case", kind.name);
            return Err(Error::conflict("id_taken", message).detail("id", id.as_str()).detail("taken", other.as_str()));
        }
    }
    Ok(())
}

/// Names cycles and missing targets among the tasks of the source, as they are after the import.
fn inspect_links(snapshot: &dyn Snapshot, input: &Import, changes: &mut Changeset, tally: &mut Tally) -> Result<()> {
    let mut tasks: BTreeMap<String, Task> =
        all::<Task>(snapshot)?.into_iter().map(|task| (task.id.to_string(), task)).collect();
    for edit in changes.edits().values() {
        if let Edit::Put(record) = edit
            && let Some(task) = downcast::<Task>(record)
        {
            tasks.insert(task.id.to_string(), task.clone());
        }
    }
    let graph = Graph::from_tasks(tasks.values());
    let ours: BTreeSet<&str> = input.tasks.iter().map(|entry| entry.record.id.as_str()).collect();
    tally.cycles = cycles(&graph);
    tally.cycles.retain(|cycle| cycle.iter().any(|id| ours.contains(id.as_str())));
    tally.missing = missing(&graph, tasks.values());
    tally.missing.retain(|link| ours.contains(link.task.as_str()));

    let cycles = tally.cycles.iter().map(|cycle| format!("these tasks wait for each other: {}", cycle.join(", ")));
    warn_of(changes, "cycle", cycles, tally.cycles.len());
    let links = tally.missing.iter();
    let links =
        links.map(|link| format!("{} names {} in {}, which does not exist", link.task, link.target, link.field));
    warn_of(changes, "missing_target", links, tally.missing.len());
    Ok(())
}

fn warn_of(changes: &mut Changeset, code: &str, messages: impl Iterator<Item = String>, total: usize) {
    for message in messages.take(MOST_NAMED) {
        changes.warn(code, message);
    }
    if total > MOST_NAMED {
        changes.warn(code, format!("and {} more", total - MOST_NAMED));
    }
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Id, Timestamp};
    use crate::ops::fixture::World;

    fn row(id: &str, updated: i64, title: &str) -> Import {
        let mut task = Task::new(Id::parse(id).expect("an id"), Timestamp::from_seconds(10), "origin");
        task.updated_at = Timestamp::from_seconds(updated);
        task.title = title.into();
        Import { source: "a file".into(), tasks: vec![Entry::new(task)], ..Import::default() }
    }

    fn run(world: &mut World, import: &Import) -> Tally {
        let (changes, tally) = plan(&world.records, import).expect("a plan");
        world.records.apply(&changes);
        tally
    }

    #[test]
    fn new_rows_are_added_newer_replace_and_older_are_passed_over() {
        let mut world = World::new();
        assert_eq!(run(&mut world, &row("a", 20, "one")), Tally { added: 1, ..Tally::default() });
        assert_eq!(run(&mut world, &row("a", 20, "one")), Tally { unchanged: 1, ..Tally::default() });
        assert_eq!(run(&mut world, &row("a", 30, "two")), Tally { updated: 1, ..Tally::default() });
        assert_eq!(run(&mut world, &row("a", 25, "old")), Tally { older: 1, ..Tally::default() });
        let task = world.get("a");
        assert_eq!((task.title.as_str(), task.updated_at), ("two", Timestamp::from_seconds(30)));
        assert_eq!((task.created_by.as_str(), task.edited.len()), ("origin", 1));
    }

    #[test]
    fn a_row_of_the_same_time_that_differs_replaces_once() {
        let mut world = World::new();
        run(&mut world, &row("a", 20, "one"));
        assert_eq!(run(&mut world, &row("a", 20, "two")).updated, 1);
        assert_eq!(world.get("a").updated_at, Timestamp::from_millis(20_001));
        assert_eq!(run(&mut world, &row("a", 20, "two")).older, 1);
    }

    #[test]
    fn what_the_source_does_not_speak_for_stays() {
        let mut world = World::new();
        let mut first = row("a", 20, "one");
        first.tasks[0].record.sprint = Some("s".into());
        first.tasks[0].record.epoch = 7;
        run(&mut world, &first);
        let mut second = row("a", 30, "two");
        second.speaks_for = BTreeSet::from(["title".to_owned()]);
        run(&mut world, &second);
        let task = world.get("a");
        assert_eq!((task.title.as_str(), task.sprint.as_deref(), task.epoch), ("two", Some("s"), 7));
        run(&mut world, &row("a", 40, "three"));
        let task = world.get("a");
        assert_eq!((task.sprint, task.epoch), (None, 7), "an epoch never falls");
    }
}
