//! Which task waits for which.

use serde::{Deserialize, Serialize};

use super::{Context, revise::revise, task::require};
use crate::base::{Error, Result};
use crate::query::Graph;
use crate::records::Task;
use crate::state::{Changeset, Snapshot};

/// A task and one that it waits for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edge {
    /// The task that waits.
    pub task: String,
    /// The task it waits for.
    pub on: String,
}

/// Makes a task wait for another; where it does already, nothing changes.
///
/// # Errors
/// `not_found` (4), `cycle` (5).
pub fn add(snapshot: &dyn Snapshot, input: &Edge, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    require_no_cycle(snapshot, &input.task, &input.on)?;
    let mut after = before.clone();
    after.depends_on.insert(input.on.clone());
    Ok(changed(&before, after, format!("Let {} wait for {}", input.task, input.on), context))
}

/// Makes a task no longer wait for another, which need not be there.
///
/// # Errors
/// `not_found` (4) where the task is not there or does not wait for the other.
pub fn remove(snapshot: &dyn Snapshot, input: &Edge, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    let mut after = before.clone();
    if !after.depends_on.remove(&input.on) {
        return Err(Error::not_found(format!("{} does not wait for {}", input.task, input.on))
            .hint(format!("git coord show {}", input.task)));
    }
    Ok(changed(&before, after, format!("Let {} no longer wait for {}", input.task, input.on), context))
}

/// Refuses to let a task wait for one that is not there, or that itself waits for the task.
///
/// # Errors
/// `not_found` (4), `cycle` (5).
pub fn require_no_cycle(snapshot: &dyn Snapshot, task: &str, on: &str) -> Result<()> {
    require(snapshot, on)?;
    if Graph::reach(snapshot, on, None)?.waits_for(on, task) {
        let why = if task == on { "it is the task itself".to_owned() } else { format!("{on} waits for {task}") };
        return Err(Error::invalid("cycle", format!("cannot let {task} wait for {on}: {why}"))
            .hint(format!("git coord show {on}")));
    }
    Ok(())
}

fn changed(before: &Task, after: Task, subject: String, context: &Context) -> Changeset {
    let mut changes = Changeset::new(subject);
    revise(&mut changes, before, after, context);
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};

    fn edge(task: &str, on: &str) -> Edge {
        Edge { task: task.into(), on: on.into() }
    }

    #[test]
    fn an_edge_is_added_once_and_removed_once() {
        let mut world = World::new();
        world.task("a");
        world.task("b");
        assert!(!world.run(Operation::DependencyAdd(edge("a", "b"))).expect("added").is_empty());
        assert!(world.run(Operation::DependencyAdd(edge("a", "b"))).expect("there already").is_empty());
        world.run(Operation::DependencyRemove(edge("a", "b"))).expect("removed");
        assert_eq!(code(world.run(Operation::DependencyRemove(edge("a", "b")))), "not_found");
    }

    #[test]
    fn no_edge_closes_a_circle() {
        let mut world = World::new();
        for id in ["a", "b", "c"] {
            world.task(id);
        }
        world.run(Operation::DependencyAdd(edge("a", "b"))).expect("added");
        world.run(Operation::DependencyAdd(edge("b", "c"))).expect("added");
        assert_eq!(code(world.run(Operation::DependencyAdd(edge("c", "a")))), "cycle");
        assert_eq!(code(world.run(Operation::DependencyAdd(edge("a", "a")))), "cycle");
        assert_eq!(code(world.run(Operation::DependencyAdd(edge("a", "zz")))), "not_found");
    }
}
