//! Giving tasks back.

use serde::{Deserialize, Serialize};

use super::{Context, access, note, task::require};
use crate::base::{Error, Result, text};
use crate::records::task::Status;
use crate::records::{message, stamps};
use crate::state::{Changeset, Snapshot};

/// Which task to give back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Release {
    /// The task.
    pub task: String,
    /// The id of the claim.
    pub claim_id: Option<String>,
    /// What the next one should know.
    pub handoff: Option<String>,
    /// Who should know it.
    pub to: Vec<String>,
    /// Whether somebody else's claim is removed.
    pub force: bool,
}

/// Gives a task back: whoever comes next starts where it stands.
///
/// # Errors
/// `claim_held` (3) where somebody else holds it, `not_claimed` (3) where nobody does, `not_found` (4).
pub fn release(snapshot: &dyn Snapshot, input: &Release, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    if before.claim.is_none() {
        return Err(Error::conflict("not_claimed", format!("cannot release {}: nobody holds it", before.id))
            .hint(format!("git coord show {}", before.id)));
    }
    access::require_holder(context, &before, input.claim_id.as_deref(), input.force, "release")?;
    let mut after = before.clone();
    after.claim = None;
    after.assignee = None;
    if after.status == Status::InProgress {
        after.status = Status::Pending;
    }
    stamps::mark(&before, &mut after, context.now, &context.agent);
    let mut changes = Changeset::new(format!("Release {}: {}", after.id, text::excerpt(&after.title, 60)));
    changes.ends.clone_from(&before.claim);
    if let Some(handoff) = &input.handoff {
        let said = note::Said { r#type: message::Type::Handoff, body: handoff, to: &input.to, ..note::Said::default() };
        note::say(snapshot, &after, said, context, &mut changes)?;
    }
    changes.put_main(after);
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};

    #[test]
    fn release_gives_the_task_back_and_a_blocked_one_stays_blocked() {
        let mut world = World::with_task("a");
        world.claim("a");
        let release = |force| Operation::Release(Release { task: "a".into(), force, ..Release::default() });
        world.run(release(false)).expect("released");
        let task = world.get("a");
        assert_eq!((task.status, task.claim, task.assignee, task.epoch), (Status::Pending, None, None, 1));
        assert_eq!(code(world.run(release(false))), "not_claimed");

        world.claim("a");
        let mut blocked = world.get("a");
        blocked.status = Status::Blocked;
        world.put(blocked);
        world.become_other("bob");
        assert_eq!(code(world.run(release(false))), "claim_held");
        world.run(release(true)).expect("released by force");
        assert_eq!(world.get("a").status, Status::Blocked);
    }
}
