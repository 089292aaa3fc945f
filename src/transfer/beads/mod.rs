//! The JSON lines of the beads issue tracker: issues are tasks, comments are notes in their threads.
//!
//! A row becomes the fields of a task as far as beads and this program have a word for the same thing (`row`, `edges`,
//! `comment`). What the fields would not give back as it was (unknown keys, the facts of an edge, nanoseconds, an
//! empty text) stands under `extra.beads` by the names beads has for it (`kept`). So an untouched record goes out as
//! it came in, and of a changed one the fields win.

mod comment;
mod edges;
mod file;
mod kept;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Lines, Reader};
use crate::base::text::json_for_terminal;
use crate::base::{Error, Id, Result};
use crate::records::message::MESSAGE;
use crate::records::record::downcast;
use crate::records::task::TASK;
use crate::records::{Message, Task};
use crate::state::{Snapshot, find};

/// How issues are read.
pub const READER: Reader =
    Reader { row: file::row, speaks_for: file::speaks_for, no_place: "of type {} have no place here" };

/// One line: an issue, with its comments in it.
type Row = Map<String, Value>;

/// Who is named where a row names nobody.
const NOBODY: &str = "beads";

/// Writes all tasks of a moment as issues, in the order of their ids; the notes among the messages become the comments
/// of their threads.
///
/// # Errors
/// Whatever the snapshot cannot read, and those of `lines`.
pub fn export(snapshot: &dyn Snapshot, lines: &mut Lines<'_>) -> Result<()> {
    let mut threads: BTreeMap<String, Vec<Id>> = BTreeMap::new();
    snapshot.visit(&MESSAGE, &mut |record| {
        let note = downcast::<Message>(&record).filter(|message| comment::is_one(message));
        if let Some((thread, id)) = note.and_then(|note| Some((note.thread.clone()?, note.id.clone()))) {
            threads.entry(thread).or_default().push(id);
        }
        Ok(())
    })?;
    snapshot.visit(&TASK, &mut |record| {
        let Some(task) = downcast::<Task>(&record) else { return Ok(()) };
        let ids = threads.get(task.id.as_str()).into_iter().flatten();
        let notes: Vec<Message> = ids.filter_map(|id| find(snapshot, id).transpose()).collect::<Result<_>>()?;
        lines(&line(task, &notes))
    })
}

fn line(task: &Task, notes: &[Message]) -> String {
    json_for_terminal(Value::Object(issue(task, &notes.iter().collect::<Vec<_>>())).to_string())
}

fn issue(task: &Task, notes: &[&Message]) -> Row {
    let kept = kept::of(&task.extra);
    let mut issue = row::write(task, kept);
    // What is kept of these two is not what goes out.
    for (key, value) in [("dependencies", edges::write(task, kept)), ("comments", comment::write(notes, kept))] {
        issue.shift_remove(key);
        issue.extend(value.map(|value| (key.to_owned(), value)));
    }
    issue
}

/// Makes the fault of a row; the file adds the line.
fn fault(message: impl Into<String>) -> Error {
    Error::invalid("bad_row", message)
}
