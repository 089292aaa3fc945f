//! Which status entries may leave the tip: all but the latest, and the last word of an agent on what goes on.

use std::collections::{BTreeMap, BTreeSet};

use super::{Archivable, Kept};
use crate::base::{Result, id};
use crate::query::dispatch::{Subject, subject};
use crate::records::record::downcast;
use crate::records::status::{STATUS, Word};
use crate::records::{Sprint, StatusEntry, Task};
use crate::state::{Snapshot, find};

/// Adds the entries that may go, and counts those beyond the latest that stay.
pub(super) fn collect(
    snapshot: &dyn Snapshot,
    gone: &BTreeSet<String>,
    most: Option<usize>,
    found: &mut Archivable,
) -> Result<()> {
    let Some(most) = most else { return Ok(()) };
    let records = snapshot.scan(&STATUS)?;
    let mut entries: Vec<&StatusEntry> = records.iter().filter_map(downcast::<StatusEntry>).collect();
    entries.sort_by_key(|entry| (entry.timestamp, &entry.id));
    let words = standing(&entries);
    let mut going = BTreeSet::new();
    for entry in &entries[..entries.len().saturating_sub(most)] {
        if words.contains(entry.id.as_str()) && goes_on(snapshot, gone, entry)? {
            found.keep(Kept::LastWord);
        } else {
            going.insert(entry.id.as_str());
        }
    }
    found.records.extend(records.iter().filter(|record| going.contains(record.id().as_str())).cloned());
    Ok(())
}

/// Returns the entries that count still: what an agent said last of something, unless it is complete, and that by which
/// it is at it, which may be earlier.
fn standing<'a>(entries: &[&'a StatusEntry]) -> BTreeSet<&'a str> {
    let mut last: BTreeMap<(String, Option<Subject<'_>>), [Option<&StatusEntry>; 2]> = BTreeMap::new();
    for &entry in entries {
        let [word, at_it] = last.entry((id::fold(&entry.agent), subject(entry))).or_default();
        *word = Some(entry).filter(|entry| entry.status != Word::Complete);
        match entry.status {
            Word::Started | Word::InProgress => *at_it = Some(entry),
            Word::Complete | Word::Failed | Word::Handoff => *at_it = None,
            _ => {}
        }
    }
    last.into_values().flatten().flatten().map(|entry| entry.id.as_str()).collect()
}

/// Returns whether what an entry is about goes on. A sprint that is not here may be one to come.
fn goes_on(snapshot: &dyn Snapshot, gone: &BTreeSet<String>, entry: &StatusEntry) -> Result<bool> {
    Ok(match subject(entry) {
        Some(Subject::Task(task)) => {
            !gone.contains(task) && readable(find::<Task>(snapshot, task))?.is_some_and(|task| task.is_open())
        }
        Some(Subject::Sprint(sprint)) => {
            readable(find::<Sprint>(snapshot, sprint))?.is_none_or(|sprint| sprint.status.is_open())
        }
        None => true,
    })
}

/// Takes a file that is no record for one that is not there.
fn readable<T>(found: Result<Option<T>>) -> Result<Option<T>> {
    match found {
        Err(error) if error.code() == "unreadable" => Ok(None),
        found => found,
    }
}
