//! Taking over records that were made elsewhere: new ones are added, newer ones replace, older ones are passed over.

use serde::{Deserialize, Serialize};

use super::Context;
use crate::base::Result;
use crate::records::record::Typed;
use crate::records::{Message, Task, stamps};
use crate::state::{Changeset, Snapshot, find};

/// Records to take over, read and checked before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Import {
    /// Where they come from, for the subject of the commit.
    pub source: String,
    /// The tasks.
    pub tasks: Vec<Entry<Task>>,
    /// The messages. Those that are there already stay as they are.
    pub messages: Vec<Entry<Message>>,
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

    fn whole(&self) -> T {
        let mut record = self.record.clone();
        record.common_mut().body.clone_from(&self.body);
        record
    }
}

/// What an import did with each task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Tally {
    /// Tasks that were not there.
    pub added: usize,
    /// Tasks that were there and older.
    pub updated: usize,
    /// Tasks that were there and as new.
    pub unchanged: usize,
    /// Tasks that were there and newer; they stay as they are.
    pub older: usize,
    /// Messages that were not there.
    pub messages: usize,
}

/// Takes records over.
///
/// # Errors
/// `bad_record` where one breaks a rule, `unreadable` where one that is there cannot be read.
pub fn import(snapshot: &dyn Snapshot, input: &Import, context: &Context) -> Result<Changeset> {
    plan(snapshot, input, context).map(|(changes, _)| changes)
}

/// Takes records over, and counts what becomes of each.
///
/// # Errors
/// As [`import`].
pub fn plan(snapshot: &dyn Snapshot, input: &Import, context: &Context) -> Result<(Changeset, Tally)> {
    let mut changes = Changeset::new(String::new());
    let mut tally = Tally::default();
    for entry in &input.tasks {
        take_task(snapshot, entry.whole(), context, &mut changes, &mut tally)?;
    }
    for entry in &input.messages {
        let message = entry.whole();
        if find::<Message>(snapshot, &message.id)?.is_none() {
            message.validate()?;
            tally.messages += 1;
            changes.put(message);
        }
    }
    changes.subject = format!(
        "Import {} from {}: {} new, {} updated",
        plural(input.tasks.len()),
        input.source,
        tally.added,
        tally.updated
    );
    Ok((changes, tally))
}

fn take_task(
    snapshot: &dyn Snapshot,
    mut task: Task,
    context: &Context,
    changes: &mut Changeset,
    tally: &mut Tally,
) -> Result<()> {
    task.validate()?;
    let Some(before) = find::<Task>(snapshot, &task.id)? else {
        tally.added += 1;
        changes.put(task);
        return Ok(());
    };
    if task.updated_at < before.updated_at {
        tally.older += 1;
        return Ok(());
    }
    let at = task.updated_at;
    keep_what_is_ours(&before, &mut task);
    if at > before.updated_at && stamps::mark(&before, &mut task, at, &context.agent) {
        tally.updated += 1;
        changes.put(task);
    } else {
        tally.unchanged += 1;
    }
    Ok(())
}

/// Keeps what the source has no word for, and what never changes after a record was made.
fn keep_what_is_ours(before: &Task, task: &mut Task) {
    task.created_at = before.created_at;
    task.created_by.clone_from(&before.created_by);
    task.updated_at = before.updated_at;
    task.updated_by.clone_from(&before.updated_by);
    task.edited.clone_from(&before.edited);
    task.epoch = before.epoch.max(task.epoch);
    task.attempts = before.attempts.max(task.attempts);
    if task.is_open() && task.status == before.status {
        task.claim.clone_from(&before.claim);
        task.started_at = before.started_at.or(task.started_at);
    }
    for (name, value) in &before.rest {
        task.rest.entry(name.clone()).or_insert_with(|| value.clone());
    }
    for (name, value) in &before.extra {
        task.extra.entry(name.clone()).or_insert_with(|| value.clone());
    }
}

fn plural(tasks: usize) -> String {
    if tasks == 1 { "1 task".to_owned() } else { format!("{tasks} tasks") }
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
        Import { source: "a file".into(), tasks: vec![Entry::new(task)], messages: vec![] }
    }

    fn run(world: &mut World, import: &Import) -> Tally {
        let (changes, tally) = plan(&world.records, import, &world.context()).expect("a plan");
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
}
