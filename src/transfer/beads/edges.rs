//! The edges of an issue (`dependencies`) and the fields of a task that name other tasks.
//!
//! An edge has facts that no field holds: its type, who drew it and when. So all edges of a row are kept, and go out
//! again as long as the field still names their target.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Row, fault, row};
use crate::base::Result;
use crate::base::text::excerpt;
use crate::records::Task;

/// What an edge means to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    /// The task waits for the target.
    Waits,
    /// The task is part of the target.
    Parent,
    /// The task was found while the target was worked on.
    Found,
    /// The task has to do with the target.
    Related,
}

/// Reads the edges of an issue into the fields of its task.
///
/// Returns how many edges are drawn from another issue; they are kept and mean nothing to this task.
///
/// # Errors
/// `bad_row` where an edge has no target.
pub(super) fn read(row: &Row, task: &mut Task) -> Result<usize> {
    let mut foreign = 0;
    for edge in list(row)? {
        let edge = edge.as_object().ok_or_else(|| fault("each of dependencies must be an object"))?;
        let target = row::name(edge, "depends_on_id")?.ok_or_else(|| fault("a dependency has no depends_on_id"))?;
        row::text(edge, "type")?;
        foreign += usize::from(is_foreign(edge, &task.id));
        match relation(edge, &task.id) {
            Some(Relation::Waits) => _ = task.depends_on.insert(target),
            Some(Relation::Found) => _ = task.discovered_from.insert(target),
            Some(Relation::Related) => _ = task.related.insert(target),
            // Further parents are kept and have no field.
            Some(Relation::Parent) => _ = task.parent.get_or_insert(target),
            None => {}
        }
    }
    Ok(foreign)
}

/// Returns what has to be kept of the edges of an issue; nothing where the fields of its task give them back.
pub(super) fn kept(row: &Row, task: &Task) -> Option<Value> {
    let edges = row.get("dependencies")?;
    let given = given(task, &BTreeSet::new());
    // An empty list is none that the fields give.
    (given.is_empty() || *edges != Value::from(given)).then(|| edges.clone())
}

/// Writes the edges of an issue; nothing where it has none and never said so.
pub(super) fn write(task: &Task, kept: &Row) -> Option<Value> {
    let before = kept.get("dependencies");
    let before_edges = before.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    let mut edges: Vec<Value> = Vec::new();
    let mut said = BTreeSet::new();
    let parents = parents(task, before_edges);
    for edge in before_edges {
        match edge.as_object().and_then(|edge| Some((relation(edge, &task.id)?, target(edge)?))) {
            None => edges.push(edge.clone()),
            // All of them stand where the first one stood: the first is the one that counts.
            Some((Relation::Parent, _)) if said.iter().any(|(relation, _)| *relation == Relation::Parent) => {}
            Some((Relation::Parent, _)) => {
                said.insert((Relation::Parent, task.parent.clone().unwrap_or_default()));
                edges.extend(parents.iter().cloned());
            }
            Some((relation, target)) if names(task, relation, &target) => {
                said.insert((relation, target));
                edges.push(edge.clone());
            }
            Some(_) => {}
        }
    }
    edges.extend(given(task, &said));
    match before {
        Some(before) if edges.is_empty() && before_edges.is_empty() => Some(before.clone()),
        _ => (!edges.is_empty()).then(|| edges.into()),
    }
}

/// Returns the edges to the parent of the task and its further parents, in order.
fn parents(task: &Task, edges: &[Value]) -> Vec<Value> {
    let is_parent =
        |edge: &&Value| edge.as_object().is_some_and(|edge| relation(edge, &task.id) == Some(Relation::Parent));
    let mut parents: Vec<Value> = edges.iter().filter(is_parent).cloned().collect();
    let to = |edge: &Value| edge.as_object().and_then(target);
    let Some(parent) = &task.parent else { return Vec::new() };
    if parents.first().and_then(to).as_ref() != Some(parent) {
        parents.drain(..parents.len().min(1));
        let place = parents.iter().position(|edge| to(edge).as_ref() == Some(parent));
        let first = place.map_or_else(|| edge(task, parent, "parent-child"), |place| parents.remove(place));
        parents.insert(0, first);
    }
    parents
}

/// Returns the edges that the fields of a task give by themselves, without those that stand already.
fn given(task: &Task, said: &BTreeSet<(Relation, String)>) -> Vec<Value> {
    let parent: BTreeSet<String> = task.parent.iter().cloned().collect();
    let fields = [
        (Relation::Parent, &parent, "parent-child"),
        (Relation::Waits, &task.depends_on, "blocks"),
        (Relation::Found, &task.discovered_from, "discovered-from"),
        (Relation::Related, &task.related, "relates-to"),
    ];
    let missing = fields.into_iter().flat_map(|(relation, targets, word)| {
        targets.iter().filter(move |target| !said.contains(&(relation, (*target).clone()))).map(move |t| (t, word))
    });
    missing.map(|(target, word)| edge(task, target, word)).collect()
}

fn edge(task: &Task, target: &str, word: &str) -> Value {
    json!({
        "issue_id": task.id.as_str(),
        "depends_on_id": target,
        "type": word,
        "created_at": row::at(Some(task.created_at)),
        "created_by": task.created_by,
    })
}

fn relation(edge: &Row, issue: &str) -> Option<Relation> {
    if is_foreign(edge, issue) {
        return None;
    }
    // Some tools write an underscore.
    match row::text(edge, "type").ok()?.unwrap_or("blocks").replace('_', "-").as_str() {
        "blocks" | "conditional-blocks" | "waits-for" => Some(Relation::Waits),
        "parent-child" => Some(Relation::Parent),
        "discovered-from" => Some(Relation::Found),
        "related" | "relates-to" => Some(Relation::Related),
        _ => None,
    }
}

fn is_foreign(edge: &Row, issue: &str) -> bool {
    edge.get("issue_id").and_then(Value::as_str).is_some_and(|from| !from.is_empty() && from != issue)
}

fn target(edge: &Row) -> Option<String> {
    row::name(edge, "depends_on_id").ok()?
}

fn names(task: &Task, relation: Relation, target: &str) -> bool {
    match relation {
        Relation::Waits => task.depends_on.contains(target),
        Relation::Found => task.discovered_from.contains(target),
        Relation::Related => task.related.contains(target),
        Relation::Parent => task.parent.as_deref() == Some(target),
    }
}

fn list(row: &Row) -> Result<&[Value]> {
    match row.get("dependencies") {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(edges)) => Ok(edges),
        Some(other) => Err(fault(format!("dependencies must be a list, not {}", excerpt(&other.to_string(), 40)))),
    }
}
