//! Removing a record: it leaves the tip, and stays in the history.

use serde::{Deserialize, Serialize};

use super::wording::listed;
use super::{Context, access};
use crate::base::{Error, Result, text};
use crate::records::record::{AnyRecord, downcast};
use crate::records::task::TASK;
use crate::records::{Kind, Task, Term, stamps};
use crate::state::snapshot::missing;
use crate::state::{Changeset, Select, Snapshot, load};

/// Which record to remove.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remove {
    /// The kind of the record.
    pub kind: String,
    /// The record.
    pub id: String,
    /// The id of the claim, where it is a task.
    pub claim_id: Option<String>,
    /// Whether the links of other records to it are taken out, and somebody else's claim is passed over.
    pub force: bool,
}

/// Removes a record; the messages of its thread stay.
///
/// # Errors
/// `not_found` (4); `not_removable` (5) for a kind whose records never change; for a task `claim_held` (3) and
/// `has_dependents` (5) without force.
pub fn remove(snapshot: &dyn Snapshot, input: &Remove, context: &Context) -> Result<Changeset> {
    let kind = Kind::find(&input.kind).filter(|kind| !kind.is_immutable()).ok_or_else(|| {
        Error::invalid("not_removable", format!("a {} is never removed", text::excerpt(&input.kind, 40)))
    })?;
    let record = snapshot.find(kind, &input.id)?.ok_or_else(|| missing(kind, &input.id))?;
    let mut changes = Changeset::new(format!("Remove {} {}{}", kind.name, record.id(), titled(&record)));
    if let Some(task) = downcast::<Task>(&record) {
        free(snapshot, task, input, context, &mut changes)?;
    }
    changes.remove(kind.path(record.id()));
    changes.about = Some(record);
    Ok(changes)
}

/// Takes out the links of other tasks to one, where that may be.
fn free(
    snapshot: &dyn Snapshot,
    task: &Task,
    input: &Remove,
    context: &Context,
    changes: &mut Changeset,
) -> Result<()> {
    access::require_holder(context, task, input.claim_id.as_deref(), input.force, "remove")?;
    let naming = ["on", "parent"].map(|name| Term::new(name, task.id.as_str()));
    let mut dependents: Vec<Task> = load(snapshot, &snapshot.under(&TASK, &Select::all().and_any(naming))?)?;
    dependents.retain(|other| other.id != task.id);
    let unreadable = snapshot.broken_naming(&TASK, &task.id)?;
    let is_needed = !dependents.is_empty() || !unreadable.is_empty();
    if is_needed && !input.force {
        let names = dependents.iter().map(|other| other.id.to_string());
        let names: Vec<String> = names.chain(unreadable.iter().map(|id| id.to_string())).collect();
        let they =
            if names.len() == 1 { "waits for it, or is a part of it" } else { "wait for it, or are parts of it" };
        let message = format!("cannot remove {}: {} {they}", task.id, listed(&names));
        return Err(Error::invalid("has_dependents", message)
            .detail("dependents", names)
            .hint(format!("git coord show {}", task.id)));
    }
    for id in &unreadable {
        changes.warn("unreadable", format!("{id} may wait for {}, and cannot be read", task.id));
    }
    for before in dependents {
        let mut after = before.clone();
        after.depends_on.remove(task.id.as_str());
        after.parent = after.parent.filter(|parent| *parent != *task.id);
        stamps::mark(&before, &mut after, context.now, &context.agent);
        changes.put(after);
    }
    if input.force {
        changes.subject = format!("Remove task {} by force: {}", task.id, text::excerpt(&task.title, 60));
    }
    changes.ends.clone_from(&task.claim);
    Ok(())
}

/// The title of a record, as it stands in a subject.
fn titled(record: &AnyRecord) -> String {
    let map = record.to_map();
    let title = map.get("title").and_then(|title| title.as_str());
    title.map(|title| format!(": {}", text::excerpt(title, 60))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::fixture::{World, code};
    use crate::ops::{Operation, note};
    use crate::records::Message;
    use crate::state::all;

    fn remove(id: &str, force: bool) -> Operation {
        Operation::Remove(Remove { kind: "task".into(), id: id.into(), force, ..Remove::default() })
    }

    fn is_there(world: &World, id: &str) -> bool {
        world.records.contains(&TASK, id).expect("an answer")
    }

    #[test]
    fn a_task_is_removed_and_its_thread_stays() {
        let mut world = World::with_task("a");
        world
            .run(Operation::Note(note::Note { task: "a".into(), text: "x".into(), ..Default::default() }))
            .expect("noted");
        let changes = world.run(remove("a", false)).expect("removed");
        assert_eq!((changes.subject.as_str(), is_there(&world, "a")), ("Remove task a: do a", false));
        assert_eq!(all::<Message>(&world.records).expect("messages").len(), 1);
        assert_eq!(code(world.run(remove("a", true))), "not_found");
    }

    #[test]
    fn a_task_that_others_need_is_removed_only_by_force_and_the_edges_go_with_it() {
        let mut world = World::with_task("a");
        world.task("waits");
        world.task("part");
        let mut waits = world.get("waits");
        waits.depends_on = ["a".to_owned()].into();
        world.put(waits);
        let mut part = world.get("part");
        part.parent = Some("a".into());
        world.put(part);
        let error = world.run(remove("a", false)).expect_err("refused");
        assert_eq!((error.code(), error.kind().exit_code()), ("has_dependents", 5));
        assert_eq!(error.details()["dependents"], serde_json::json!(["part", "waits"]));
        world.run(remove("a", true)).expect("removed");
        assert!(!is_there(&world, "a"));
        assert!(world.get("waits").depends_on.is_empty() && world.get("part").parent.is_none());
        assert!(world.get("waits").edited.contains_key("depends_on"));
    }

    #[test]
    fn a_task_that_somebody_else_holds_is_removed_only_by_force() {
        let mut world = World::with_task("a");
        world.claim("a");
        world.become_other("bob");
        assert_eq!(code(world.run(remove("a", false))), "claim_held");
        world.run(remove("a", true)).expect("removed");
    }

    #[test]
    fn what_never_changes_is_never_removed() {
        let removed = |kind: &str| Operation::Remove(Remove { kind: kind.into(), id: "a".into(), ..Remove::default() });
        for kind in ["message", "status", "nonsense"] {
            assert_eq!(code(World::new().run(removed(kind))), "not_removable");
        }
        assert_eq!(code(World::new().run(removed("sprint"))), "not_found");
    }
}
