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

use serde_json::{Map, Value};

use crate::base::text::json_for_terminal;
use crate::base::{Error, Result};
use crate::records::{Message, Task};
use crate::state::{Snapshot, all};

pub use file::read;

/// One line: an issue, with its comments in it.
type Row = Map<String, Value>;

/// Who is named where a row names nobody.
const NOBODY: &str = "beads";

/// Writes tasks as issues in the order given; the notes among the messages become the comments of their threads.
pub fn write<'a>(tasks: &'a [Task], messages: &'a [Message]) -> impl Iterator<Item = String> + 'a {
    let notes = comment::by_thread(messages);
    tasks.iter().map(move |task| {
        let notes = notes.get(task.id.as_str()).map_or(&[] as &[&Message], Vec::as_slice);
        json_for_terminal(Value::Object(issue(task, notes)).to_string())
    })
}

/// Writes all tasks of a moment as issues, in the order of their ids.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn export(snapshot: &dyn Snapshot) -> Result<Vec<String>> {
    let (tasks, messages) = (all::<Task>(snapshot)?, all::<Message>(snapshot)?);
    Ok(write(&tasks, &messages).collect())
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
