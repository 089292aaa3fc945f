//! Which closed tasks may leave the tip: those that no sprint, no task and nobody who asked still counts on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::messages::Said;
use super::{Archivable, Kept, is_older};
use crate::base::{Result, Timestamp};
use crate::records::record::downcast;
use crate::records::task::TASK;
use crate::records::{Sprint, Task};
use crate::state::{Snapshot, all};

/// Adds the tasks that may go, and counts those that are old enough and stay.
pub(super) fn collect(
    snapshot: &dyn Snapshot,
    said: &Said,
    limit: Option<Duration>,
    now: Timestamp,
    found: &mut Archivable,
) -> Result<()> {
    let records = snapshot.scan(&TASK)?;
    let tasks: Vec<&Task> = records.iter().filter_map(downcast::<Task>).collect();
    let sprints: BTreeSet<String> = all::<Sprint>(snapshot)?
        .into_iter()
        .filter(|sprint| sprint.status.is_open())
        .map(|sprint| sprint.id.into())
        .collect();
    let named = named_by_open(&tasks);
    let is_old = |task: &Task| !task.is_open() && is_older(limit, closed_at(task), now);
    let why_kept = |task: &Task| {
        if named.contains(task.id.as_str()) {
            Some(Kept::Named)
        } else if task.sprint.as_ref().is_some_and(|sprint| sprints.contains(sprint)) {
            Some(Kept::OfSprint)
        } else {
            said.waits_in(&task.id).then_some(Kept::Asked)
        }
    };

    let mut going: BTreeMap<&str, &Task> = BTreeMap::new();
    let mut staying: Vec<&str> = Vec::new();
    for task in &tasks {
        match is_old(task).then(|| why_kept(task)) {
            Some(None) => drop(going.insert(&task.id, task)),
            Some(Some(why)) => {
                found.keep(why);
                staying.push(&task.id);
            }
            None => staying.push(&task.id),
        }
    }
    keep_parts(&tasks, &mut going, staying, found);
    found.records.extend(records.iter().filter(|record| going.contains_key(record.id().as_str())).cloned());
    Ok(())
}

/// Returns what open tasks name: what they wait for, what they are a part of, where they come from.
fn named_by_open<'a>(tasks: &[&'a Task]) -> BTreeSet<&'a str> {
    let open = tasks.iter().filter(|task| task.is_open());
    let names = open.flat_map(|task| {
        let links = task.depends_on.iter().chain(&task.related).chain(&task.discovered_from);
        links.chain(&task.parent).map(String::as_str)
    });
    names.collect()
}

/// Takes the parts of what stays, and theirs, from those that go. A chain may be long, so the stack is our own.
fn keep_parts<'a>(
    tasks: &[&'a Task],
    going: &mut BTreeMap<&'a str, &'a Task>,
    mut staying: Vec<&'a str>,
    found: &mut Archivable,
) {
    let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for task in tasks {
        if let Some(parent) = &task.parent {
            parts.entry(parent).or_default().push(&task.id);
        }
    }
    while let Some(id) = staying.pop() {
        for part in parts.remove(id).unwrap_or_default() {
            if going.remove(part).is_some() {
                found.keep(Kept::PartOf);
                staying.push(part);
            }
        }
    }
}

/// Returns since when a task is closed, as far as it says.
fn closed_at(task: &Task) -> Timestamp {
    let stamped = || task.edited.get("lifecycle").map(|stamp| stamp.0);
    task.completed_at.or_else(stamped).unwrap_or(task.updated_at)
}
