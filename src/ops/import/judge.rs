//! What becomes of a record that replaces another state of it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::base::{Error, Result};
use crate::records::record::{AnyRecord, Record, downcast};
use crate::records::task::Status;
use crate::records::{Rule, Task, Typed};

/// A record that replaces another.
pub(super) struct Replaced {
    pub(super) record: AnyRecord,
    /// The claim that ends with it, in words.
    pub(super) ends: Option<String>,
}

/// Returns what a record becomes by an incoming state of it that is not older; nothing where that says nothing else.
///
/// # Errors
/// `bad_record` where the two do not go together.
pub(super) fn replace(
    before: &AnyRecord,
    incoming: &AnyRecord,
    speaks_for: &BTreeSet<String>,
) -> Result<Option<Replaced>> {
    let mut after = replaced(before.as_ref(), incoming.as_ref(), speaks_for)?;
    let mut ends = None;
    if let (Some(before), Some(task)) = (downcast::<Task>(before), downcast::<Task>(&after)) {
        let mut task = task.clone();
        ends = settle_claim(before, &mut task);
        task.validate()?;
        after = std::sync::Arc::new(task);
    }
    // Stamped as the source says, not as whoever runs the import: two machines that take over the same rows then
    // hold the same bytes.
    let fields = incoming.to_map();
    let by = fields.get("updated_by").and_then(Value::as_str).unwrap_or_default();
    let marked = (incoming.kind().mark)(before, &after, incoming.updated_at(), by)?;
    Ok(marked.map(|record| Replaced { record, ends }))
}

/// Makes the error for an id that differs only in case from one that is there: one file system holds not both.
pub(super) fn id_taken(incoming: &AnyRecord, other: &str) -> Error {
    let (kind, id) = (incoming.kind().name, incoming.id());
    let message = format!("cannot import {kind} {id}: {other} differs from it only in case");
    Error::conflict("id_taken", message).detail("id", id.as_str()).detail("taken", other)
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

/// Leaves a task with whoever holds it here, unless the source has closed it or knows of a later claim. Returns in
/// words which claim ends.
fn settle_claim(before: &Task, after: &mut Task) -> Option<String> {
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
        return None;
    }
    if !after.is_open() {
        after.claim = None;
    }
    if after.status != Status::Blocked {
        after.blocked_on = None;
    }
    let ended = before.claim.as_ref().filter(|claim| after.claim.as_ref() != Some(claim));
    ended.map(|claim| format!("the import ends the claim of {} on {}", claim.agent, before.id))
}
