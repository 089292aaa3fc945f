//! The plain keys of an issue and the fields of a task that mean the same.
//!
//! Whether the original of a key may go out again is decided by reading it anew: only if it still gives what the field
//! holds. So no second rule for writing has to agree with the one for reading.

use serde_json::{Map, Value, json};

use super::{NOBODY, Row, fault, kept};
use crate::base::text::{excerpt, one_line};
use crate::base::{Id, Result, Timestamp};
use crate::records::record::Record;
use crate::records::task::{Priority, Status, Type};
use crate::records::{Task, stamps};

/// The keys of an issue and the fields of a task that mean the same.
pub(super) const SAME: &[(&str, &str)] = &[
    ("title", "title"),
    ("description", "body"),
    ("status", "status"),
    ("priority", "priority"),
    ("issue_type", "type"),
    ("assignee", "assignee"),
    ("estimated_minutes", "estimate_minutes"),
    ("created_at", "created_at"),
    ("updated_at", "updated_at"),
    ("created_by", "created_by"),
    ("started_at", "started_at"),
    ("closed_at", "completed_at"),
    ("close_reason", "summary"),
    ("due_at", "due_at"),
    ("defer_until", "defer_until"),
    ("external_ref", "external_ref"),
    ("labels", "labels"),
];

/// What only a deleted issue has.
const TOMBSTONE: &[&str] = &["deleted_at", "deleted_by", "delete_reason", "original_type"];

/// Under which key of `metadata` goes what beads has no word for.
const OURS: &str = "git_coord";

/// Reads the plain keys of an issue; `extra` and what hangs together with other issues is left empty.
///
/// # Errors
/// `bad_row`, or `bad_id` for the id.
pub(super) fn read(row: &Row) -> Result<Task> {
    let id = Id::parse(text(row, "id")?.ok_or_else(|| fault("it has no id"))?)?;
    let created = moment(row, "created_at")?.unwrap_or_default();
    let mut task = Task::new(id, created, &name(row, "created_by")?.unwrap_or_else(|| NOBODY.to_owned()));
    task.updated_at = moment(row, "updated_at")?.unwrap_or(created);
    task.title = title(row)?;
    text(row, "description")?.unwrap_or_default().clone_into(&mut task.body);
    task.status = status(row)?;
    task.priority = priority(row)?;
    task.r#type = Type::from(text(row, "issue_type")?.filter(|word| !word.is_empty()).unwrap_or("task"));
    task.assignee = name(row, "assignee")?;
    task.estimate_minutes = whole(row, "estimated_minutes")?;
    task.started_at = moment(row, "started_at")?;
    task.due_at = moment(row, "due_at")?;
    task.defer_until = moment(row, "defer_until")?;
    task.external_ref = name(row, "external_ref")?;
    task.labels = labels(row)?;
    let (closed, reason) = (moment(row, "closed_at")?, text(row, "close_reason")?.filter(|text| !text.is_empty()));
    if !task.is_open() {
        let deleted = task.status == Status::Cancelled;
        let deleted_at = if deleted { moment(row, "deleted_at")? } else { None };
        let deleted_for = if deleted { text(row, "delete_reason")?.filter(|text| !text.is_empty()) } else { None };
        task.completed_at = closed.or(deleted_at);
        task.summary = reason.or(deleted_for).map(str::to_owned);
    }
    Ok(task)
}

/// Returns what has to be kept of the plain keys of an issue.
pub(super) fn kept(row: &Row, task: &Task) -> Row {
    let mut kept = kept::difference(row, &given(task));
    // A note on the status says something only beside the word it was noted for.
    if let (Some(_), Some(word)) = (noted_status(row), row.get("status")) {
        kept.insert("status".to_owned(), word.clone());
    }
    kept
}

/// Stamps all that a task holds with its last change, since beads does not say which part was changed when: of two
/// machines that took over different ages of one row, a merge then takes the later.
pub(super) fn stamp(task: &mut Task) {
    if task.updated_at > task.created_at {
        let bare = Task::new(task.id.clone(), task.created_at, &task.created_by);
        let at = task.updated_at;
        stamps::mark(&bare, task, at, NOBODY);
    }
}

/// Writes the plain keys of an issue, and whatever else is kept of it.
pub(super) fn write(task: &Task, kept: &Row) -> Row {
    let given = given(task);
    let original = kept::restore(&given, kept);
    // What others wrote under `extra` need not be an issue; then the fields alone say what it is.
    let before = read(&original).ok();
    let (fields, fields_before) = (fields(task), before.as_ref().map(fields));
    let mut row = original;
    row.insert("id".to_owned(), task.id.as_str().into());
    for (key, field) in SAME {
        if fields_before.as_ref().is_some_and(|before| before.get(*field) == fields.get(*field)) {
            continue;
        }
        match given.get(*key) {
            Some(value) => row.insert((*key).to_owned(), value.clone()),
            None => row.shift_remove(*key),
        };
    }
    if before.is_none_or(|before| before.status != task.status) {
        row.retain(|key, _| !TOMBSTONE.contains(&key.as_str()));
        note_status(&mut row, &task.status);
    }
    row
}

/// Returns what the fields of a task give by themselves: what is written of one that never was an issue.
fn given(task: &Task) -> Row {
    let mut row = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            row.insert(key.to_owned(), value);
        }
    };
    let (word, closed) = (legal(&task.status), legal(&task.status) == "closed");
    put("id", task.id.as_str().into());
    put("title", task.title.as_str().into());
    put("description", some(&task.body));
    put("status", word.into());
    put("priority", number(&task.priority).into());
    put("issue_type", task.r#type.as_str().into());
    put("assignee", json!(task.assignee));
    put("estimated_minutes", json!(task.estimate_minutes));
    put("created_at", at(Some(task.created_at)));
    put("created_by", some(if task.created_by == NOBODY { "" } else { &task.created_by }));
    put("updated_at", at(Some(task.updated_at)));
    put("started_at", at(task.started_at));
    put("closed_at", if closed { at(task.completed_at.or(Some(task.updated_at))) } else { Value::Null });
    put("close_reason", if closed { json!(task.summary) } else { Value::Null });
    put("due_at", at(task.due_at));
    put("defer_until", at(task.defer_until));
    put("external_ref", json!(task.external_ref));
    put("labels", if task.labels.is_empty() { Value::Null } else { json!(task.labels) });
    row
}

/// Writes a moment as beads does: no decimals where there are none. The start of the epoch stands for no moment.
pub(super) fn at(moment: Option<Timestamp>) -> Value {
    let Some(moment) = moment.filter(|moment| *moment != Timestamp::EPOCH) else { return Value::Null };
    let text = moment.to_string();
    let (seconds, decimals) = text.split_at(text.len() - 5);
    let decimals = decimals.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    Value::from(format!("{seconds}{decimals}Z"))
}

/// Reads a text that may be absent.
pub(super) fn text<'a>(row: &'a Row, key: &str) -> Result<Option<&'a str>> {
    match row.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(fault(format!("{key} must be a text, not {}", excerpt(&other.to_string(), 40)))),
    }
}

/// Reads a name, on one line; an empty one counts as absent.
pub(super) fn name(row: &Row, key: &str) -> Result<Option<String>> {
    Ok(text(row, key)?.map(plain).filter(|name| !name.is_empty()))
}

/// Reads a moment; an empty text and the zero of Go's clock count as absent.
pub(super) fn moment(row: &Row, key: &str) -> Result<Option<Timestamp>> {
    let Some(text) = text(row, key)?.filter(|text| !text.is_empty() && !text.starts_with("0001-01-01T00:00:00")) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        fault(format!("{key} must be a date and time like 2026-01-02T03:04:05Z, not «{}»", excerpt(text, 40)))
    })
}

fn whole(row: &Row, key: &str) -> Result<Option<u64>> {
    match row.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| fault(format!("{key} must be a whole number, not {}", excerpt(&value.to_string(), 40)))),
    }
}

fn title(row: &Row) -> Result<String> {
    let title = plain(text(row, "title")?.unwrap_or_default());
    if title.trim().is_empty() { Err(fault("it has no title")) } else { Ok(title) }
}

fn labels(row: &Row) -> Result<std::collections::BTreeSet<String>> {
    let wrong = || fault("labels must be a list of texts");
    match row.get("labels") {
        None | Some(Value::Null) => Ok(Default::default()),
        Some(Value::Array(labels)) => {
            let names = labels.iter().map(|label| label.as_str().map(plain).ok_or_else(wrong));
            names.filter(|name| !matches!(name, Ok(name) if name.is_empty())).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn priority(row: &Row) -> Result<Priority> {
    let words = Priority::WORDS;
    let word = match row.get("priority") {
        None | Some(Value::Null) => return Ok(Priority::default()),
        Some(Value::String(text)) if words.contains(&text.as_str()) => text.clone(),
        Some(value) => format!("P{}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
    };
    if words.contains(&word.as_str()) {
        return Ok(Priority::from(word.as_str()));
    }
    Err(fault(format!("priority must be a whole number from 0 to 4, not {}", excerpt(&word[1..], 40))))
}

fn status(row: &Row) -> Result<Status> {
    let word = text(row, "status")?.filter(|word| !word.is_empty()).unwrap_or("open");
    let status = meaning(word);
    let status = noted_status(row).filter(|ours| legal(ours) == word).unwrap_or(status);
    // A word of its own keeps it out of `ready`; the key itself gives the original back.
    let aside =
        ["ephemeral", "is_template", "pinned"].into_iter().find(|key| row.get(*key) == Some(&Value::Bool(true)));
    Ok(aside.filter(|_| status.is_open()).map_or(status, Status::from))
}

/// Returns the status for a word of beads.
fn meaning(word: &str) -> Status {
    match word {
        "open" => Status::Pending,
        "closed" => Status::Completed,
        "tombstone" => Status::Cancelled,
        word => Status::from(word),
    }
}

/// Returns the word that beads has for a status, or the nearest that it takes.
fn legal(status: &Status) -> &str {
    match status {
        Status::Pending => "open",
        Status::InProgress => "in_progress",
        Status::Deferred => "deferred",
        Status::Completed | Status::Cancelled => "closed",
        Status::Blocked | Status::AwaitingApproval => "blocked",
        Status::Other(word) if matches!(word.as_str(), "pinned" | "hooked") => word,
        Status::Other(_) => "blocked",
    }
}

fn noted_status(row: &Row) -> Option<Status> {
    row.get("metadata")?.get(OURS)?.get("status")?.as_str().map(Status::from)
}

/// Notes in `metadata` which status it is that beads has no word for, and no longer which it was.
fn note_status(row: &mut Row, status: &Status) {
    let mut metadata = match row.get("metadata") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(metadata)) => metadata.clone(),
        // Nothing can be noted in a text or a list.
        Some(_) => return,
    };
    let had = metadata.shift_remove(OURS).is_some();
    if meaning(legal(status)) != *status {
        metadata.insert(OURS.to_owned(), json!({ "status": status }));
    } else if !had {
        return;
    }
    if metadata.is_empty() {
        row.shift_remove("metadata");
    } else {
        row.insert("metadata".to_owned(), metadata.into());
    }
}

fn number(priority: &Priority) -> u64 {
    let place = Priority::WORDS.iter().position(|word| *word == priority.as_str());
    place.and_then(|place| u64::try_from(place).ok()).unwrap_or(2)
}

fn some(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

/// Returns the text as it is, or on one line where it would not be a name or a title otherwise.
fn plain(text: &str) -> String {
    if text.chars().any(char::is_control) { one_line(text) } else { text.to_owned() }
}

fn fields(task: &Task) -> Map<String, Value> {
    let mut fields = task.to_map();
    fields.insert("body".to_owned(), task.body.as_str().into());
    fields
}
