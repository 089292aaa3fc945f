//! Taking the first task that is ready, without naming it.

use serde::{Deserialize, Serialize};

use super::Context;
use super::claim::{Terms, renew, standing_if_free, take};
use crate::base::Result;
use crate::query::lists::{self, Lists};
use crate::query::{Standing, dispatch};
use crate::records::Task;
use crate::state::{Changeset, Snapshot};

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
    let terms = Terms { ttl_minutes: input.ttl_minutes, claim_id: input.claim_id.as_deref(), paths: &input.paths };
    let asked_before = input.claim_id.as_deref().map(|id| lists::carrying(snapshot, id)).transpose()?.flatten();
    if let Some((task, claim)) = asked_before.as_ref().and_then(|task| Some((task, task.claim.as_ref()?))) {
        // And the answer was lost.
        return renew(snapshot, task, claim, &terms, context);
    }
    let is_left =
        |task: &Task| Ok(dispatch::at_task(&lists::entries_of(snapshot, &task.id)?, task, &context.agent).is_none());
    let mut found = Lists::of(snapshot).first_ready(context.now, is_left)?;
    if found.is_none() && input.takeover {
        let claimed = lists::claimed(snapshot)?;
        for (task, _) in context.signs.stale(claimed.iter(), context.now) {
            let standing = standing_if_free(snapshot, task, context)?;
            if matches!(standing, Standing::Ready | Standing::Unclaimed) && is_left(task)? {
                found = Some(task.clone());
                break;
            }
        }
    }
    match found {
        Some(task) => take(snapshot, &task, &terms, context),
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
