//! Taking the first task that is ready, without naming it.

use serde::{Deserialize, Serialize};

use super::Context;
use super::claim::{Terms, carrying, renew, take};
use crate::base::Result;
use crate::query::{Graph, Standing, dispatch};
use crate::records::{StatusEntry, Task};
use crate::state::{Changeset, Snapshot, all};

/// How to take the first task that is ready.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Next {
    /// How long the claim lives without a sign of life, in minutes.
    pub ttl_minutes: Option<u64>,
    /// The id of the claim.
    pub claim_id: Option<String>,
    /// The globs of the paths that it reserves.
    pub paths: Vec<String>,
    /// Whether a task with a stale claim is taken where none is ready.
    pub takeover: bool,
}

/// Takes the first task that is ready and that no other agent says to be at; where none is and `takeover` is given, the one with the longest silent claim.
///
/// Returns a changeset about nothing where there is none.
///
/// # Errors
/// `bad_id` or `bad_glob` (5) where the id of the claim or a path has a wrong form; `paths_overlap` (3).
pub fn next(snapshot: &dyn Snapshot, input: &Next, context: &Context) -> Result<Changeset> {
    let graph = Graph::of(snapshot)?;
    let terms = Terms { ttl_minutes: input.ttl_minutes, claim_id: input.claim_id.as_deref(), paths: &input.paths };
    if let Some((task, claim)) = input.claim_id.as_deref().and_then(|id| carrying(&graph, id)) {
        // Asked before, and the answer was lost.
        return renew(snapshot, task, claim, &terms, context);
    }
    let entries = all::<StatusEntry>(snapshot)?;
    let is_left = |task: &Task| dispatch::at_task(&entries, task, &context.agent).is_none();
    let stale = || {
        let stale = context.signs.stale(graph.tasks(), context.now);
        let workable = |task: &Task| {
            let free = Task { claim: None, ..task.clone() };
            matches!(graph.standing(&free, context.now), Standing::Ready | Standing::Unclaimed) && is_left(task)
        };
        stale.into_iter().map(|(task, _)| task).find(|task| workable(task))
    };
    let ready = graph.ready(context.now).into_iter().find(|task| is_left(task));
    let found = ready.or_else(|| if input.takeover { stale() } else { None });
    match found {
        Some(task) => take(&graph, task, &terms, context),
        None => Ok(Changeset::new("Nothing to claim")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::World;
    use crate::records::task::Priority;

    #[test]
    fn next_takes_the_most_important_ready_task_and_then_nothing() {
        let mut world = World::with_task("a");
        world.task("b");
        let mut urgent = world.get("b");
        urgent.priority = Priority::P0;
        world.put(urgent);
        let mut taken = Vec::new();
        while let Some(task) = world.run(Operation::ClaimNext(Next::default())).expect("an answer").about {
            taken.push(task.id().to_string());
        }
        assert_eq!(taken, ["b", "a"]);
    }

    #[test]
    fn next_takes_a_stale_task_over_where_nothing_is_ready_and_it_is_asked_to() {
        let mut world = World::with_task("a");
        world.claim("a");
        world.become_other("bob");
        world.wait(31 * 60);
        assert!(world.run(Operation::ClaimNext(Next::default())).expect("an answer").about.is_none());
        let next = Next { takeover: true, ..Next::default() };
        assert!(world.run(Operation::ClaimNext(next)).expect("an answer").about.is_some());
        assert_eq!(world.get("a").claim.expect("a claim").epoch, 2);
    }
}
