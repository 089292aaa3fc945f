//! The comments of an issue and the notes in the thread of a task.
//!
//! The id of the note is made of issue and comment id, so a second import makes the same note and adds nothing. A note
//! that was made here goes out with its own id, and keeps it when it comes back.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{NOBODY, Row, fault, kept, row};
use crate::base::text::excerpt;
use crate::base::{Id, Result, Timestamp, id};
use crate::records::message::Type;
use crate::records::{Message, Task};

/// The comments of one issue, read.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// The notes, each once, in the order of the comments.
    pub(super) notes: Vec<Message>,
    /// What has to be kept of their order; nothing where time gives it back.
    pub(super) kept: Option<Value>,
    /// How many stood there a second time.
    pub(super) doubles: usize,
}

/// Reads the comments of an issue.
///
/// # Errors
/// `bad_row` where one is no comment.
pub(super) fn read(issue: &Row, task: &Task) -> Result<Comments> {
    let mut comments = Comments::default();
    let list = match issue.get("comments") {
        None => return Ok(comments),
        Some(Value::Array(list)) if !list.is_empty() => list,
        Some(nothing @ (Value::Null | Value::Array(_))) => {
            comments.kept = Some(nothing.clone());
            return Ok(comments);
        }
        Some(other) => {
            return Err(fault(format!("comments must be a list, not {}", excerpt(&other.to_string(), 40))));
        }
    };
    let mut order = Vec::new();
    for comment in list {
        let comment = comment.as_object().ok_or_else(|| fault("each of comments must be an object"))?;
        let note = note(comment, task, &comments.notes)?;
        order.push(note.id.clone());
        if comments.notes.contains(&note) {
            comments.doubles += 1;
        } else {
            comments.notes.push(note);
        }
    }
    let mut natural: Vec<&Message> = comments.notes.iter().collect();
    natural.sort_by_key(|note| place(note));
    if !natural.iter().map(|note| &note.id).eq(order.iter()) {
        comments.kept = Some(order.iter().map(|id| Value::from(id.as_str())).collect());
    }
    Ok(comments)
}

/// Writes the comments of an issue; nothing where it has none and never said so.
pub(super) fn write(notes: &[&Message], kept: &Row) -> Option<Value> {
    let before = kept.get("comments");
    let order: Vec<&str> = before.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let known: BTreeMap<&str, &Message> = notes.iter().map(|note| (note.id.as_str(), *note)).collect();
    let in_order = order.iter().filter_map(|id| known.get(id).copied());
    let mut others: Vec<&Message> = notes.iter().copied().filter(|note| !order.contains(&note.id.as_str())).collect();
    others.sort_by_key(|note| place(note));
    let comments: Vec<Value> = in_order.chain(others).map(|note| Value::from(comment(note))).collect();
    match before {
        Some(before) if comments.is_empty() && order.is_empty() => Some(before.clone()),
        _ => (!comments.is_empty()).then(|| comments.into()),
    }
}

/// Returns whether a message stands in the thread of a task as a comment.
pub(super) fn is_one(message: &Message) -> bool {
    message.r#type == Type::Note
}

fn note(comment: &Row, task: &Task, others: &[Message]) -> Result<Message> {
    let own = match comment.get("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => (!text.is_empty()).then(|| text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(other) => {
            let shown = excerpt(&other.to_string(), 40);
            return Err(fault(format!("the id of a comment must be a number or a text, not {shown}")));
        }
    };
    let text = row::text(comment, "text")?.unwrap_or_default();
    let from = row::name(comment, "author")?.unwrap_or_else(|| NOBODY.to_owned());
    // Of the issue, what never changes.
    let at = row::moment(comment, "created_at")?.unwrap_or(task.created_at);
    let ours = own.as_deref().and_then(|own| made_here(own, at));
    // A comment without an id is told apart by what it says.
    let name = own.as_ref().map_or_else(|| format!("{}/{from}/{text}", task.id), |own| format!("{}/{own}", task.id));
    let make = |id: Id| {
        let mut note = Message::new(id, at, &from);
        note.from.clone_from(&from);
        note.timestamp = at;
        note.r#type = Type::Note;
        note.thread = Some(task.id.to_string());
        note.external_ref = own.clone().filter(|_| ours.is_none());
        text.clone_into(&mut note.body);
        let kept = kept::difference(comment, &given(&note));
        if !kept.is_empty() {
            note.extra.insert("beads".to_owned(), kept.into());
        }
        note
    };
    if let Some(id) = &ours {
        return Ok(make(id.clone()));
    }
    // Two comments of one issue that differ and have the same id and time get the next one.
    let mut note = make(id::ulid_of(at, &name));
    let mut more = 1;
    while others.iter().any(|other| other.id == note.id && *other != note) {
        more += 1;
        note = make(id::ulid_of(at, &format!("{name}#{more}")));
    }
    Ok(note)
}

/// Returns the id of a comment as that of a note where it was made here: a ULID of the moment it was said.
fn made_here(own: &str, at: Timestamp) -> Option<Id> {
    let is_ours = id::ulid_time(own) == Some(at) && own == own.to_ascii_uppercase();
    Id::parse(own).ok().filter(|_| is_ours)
}

fn comment(note: &Message) -> Row {
    kept::restore(&given(note), kept::of(&note.extra))
}

/// Returns the comment that the fields of a note give by themselves.
fn given(note: &Message) -> Row {
    let mut comment = Map::new();
    comment.insert("id".into(), note.external_ref.as_deref().unwrap_or(&note.id).into());
    comment.insert("issue_id".into(), note.thread.as_deref().unwrap_or_default().into());
    comment.insert("author".into(), note.from.as_str().into());
    comment.insert("text".into(), note.body.as_str().into());
    comment.insert("created_at".into(), row::at(Some(note.timestamp)));
    comment
}

fn place(note: &Message) -> (Timestamp, Id) {
    (note.timestamp, note.id.clone())
}
