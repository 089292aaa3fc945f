//! A row of a file of issues: an issue becomes a task and the notes in its thread.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::{Row, comment, edges, fault, kept, row as plain};
use crate::base::Result;
use crate::base::text::excerpt;
use crate::records::Typed;
use crate::records::record::AnyRecord;
use crate::transfer::{self, Odd};

/// The fields that an edge or `extra` gives, besides those in [`plain::SAME`].
const FURTHER: &[&str] = &["parent", "depends_on", "related", "discovered_from", "extra/beads"];

/// Returns the fields that beads has a word for.
pub(super) fn speaks_for() -> BTreeSet<String> {
    let same = plain::SAME.iter().map(|(_, field)| *field).chain(FURTHER.iter().copied());
    same.map(str::to_owned).collect()
}

/// Reads a row.
///
/// # Errors
/// `bad_row`, `bad_id`, `bad_record`.
pub(super) fn row(row: Row) -> Result<transfer::Row> {
    match row.get("_type").and_then(Value::as_str) {
        None | Some("issue") => issue(&row),
        Some(other) => Ok(transfer::Row::PassedOver(excerpt(other, 40))),
    }
}

fn issue(row: &Row) -> Result<transfer::Row> {
    if row.contains_key(kept::ABSENT) {
        return Err(fault(format!("the key {} is kept for this program", kept::ABSENT)));
    }
    let mut task = plain::read(row)?;
    let foreign = edges::read(row, &mut task)?;
    let comments = comment::read(row, &task)?;

    let mut keep = plain::kept(row, &task);
    let further = [("dependencies", edges::kept(row, &task)), ("comments", comments.kept)];
    for (key, value) in further {
        keep.shift_remove(key);
        keep.extend(value.map(|value| (key.to_owned(), value)));
    }
    if !keep.is_empty() {
        task.extra.insert("beads".to_owned(), keep.into());
    }
    plain::stamp(&mut task);
    task.validate()?;
    comments.notes.iter().try_for_each(Typed::validate)?;
    let odd = [(Odd::ForeignEdge, foreign), (Odd::DoubleComment, comments.doubles)];
    let mut records: Vec<AnyRecord> = vec![Arc::new(task)];
    records.extend(comments.notes.into_iter().map(|note| Arc::new(note) as AnyRecord));
    Ok(transfer::Row::Records(records, odd.into_iter().filter(|(_, count)| *count > 0).map(|(odd, _)| odd).collect()))
}
