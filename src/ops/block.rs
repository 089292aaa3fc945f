//! Saying that a task cannot go on, and that it can again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::close::require_open;
use super::dependency::require_no_cycle;
use super::{Context, access, message, note, task::require};
use crate::base::{Error, Result, text};
use crate::records::message::{Type, Urgency};
use crate::records::stamps;
use crate::records::task::Status;
use crate::state::{Changeset, Snapshot};

/// Which task cannot go on, and why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Block {
    /// The task.
    pub task: String,
    /// Why.
    pub reason: String,
    /// The task it waits for from now on.
    pub on: Option<String>,
    /// The id of the claim.
    pub claim_id: Option<String>,
    /// Whether somebody else's claim is passed over.
    pub force: bool,
}

/// Which task can go on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unblock {
    /// The task.
    pub task: String,
}

/// Says that a task cannot go on, and tells whom the asker reports to. Its holder keeps it.
///
/// # Errors
/// `closed` or `claim_held` (3), `empty_text` or `cycle` (5), `not_found` (4).
pub fn block(snapshot: &dyn Snapshot, input: &Block, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    require_open(&before, "block")?;
    access::require_holder(context, &before, input.claim_id.as_deref(), input.force, "block")?;
    message::require_text(&input.reason, "reason")?;
    let mut after = before.clone();
    after.status = Status::Blocked;
    after.blocked_on = Some(input.reason.clone());
    if let Some(on) = &input.on {
        require_no_cycle(snapshot, &after.id, on)?;
        after.depends_on.insert(on.clone());
    }
    stamps::mark(&before, &mut after, context.now, &context.agent);

    let mut changes = Changeset::new(format!("Block {}: {}", after.id, text::excerpt(&input.reason, 60)));
    changes.holds = access::held_by(context, &before, input.claim_id.as_deref());
    let metadata: BTreeMap<String, Value> =
        input.on.iter().map(|on| ("on".to_owned(), Value::from(on.clone()))).collect();
    let said = note::Said {
        r#type: Type::Blocker,
        body: &input.reason,
        report: true,
        priority: Urgency::Urgent,
        metadata,
        ..note::Said::default()
    };
    note::say(snapshot, &after, said, context, &mut changes)?;
    changes.put_main(after);
    Ok(changes)
}

/// Says that a blocked task can go on: with its holder, or for whoever comes next.
///
/// # Errors
/// `not_blocked` (3), `not_found` (4).
pub fn unblock(snapshot: &dyn Snapshot, input: &Unblock, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    if before.status != Status::Blocked {
        return Err(Error::conflict("not_blocked", format!("cannot unblock {}: it is {}", before.id, before.status))
            .hint(format!("git coord show {}", before.id)));
    }
    let mut after = before.clone();
    after.status = if before.claim.is_some() { Status::InProgress } else { Status::Pending };
    after.blocked_on = None;
    stamps::mark(&before, &mut after, context.now, &context.agent);
    let mut changes = Changeset::new(format!("Unblock {}: {}", after.id, text::excerpt(&after.title, 60)));
    changes.put_main(after);
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};
    use crate::records::Message;
    use crate::state::all;

    fn stop(on: Option<&str>) -> Operation {
        Operation::Block(Block {
            task: "a".into(),
            reason: "no key".into(),
            on: on.map(str::to_owned),
            ..Block::default()
        })
    }

    fn go_on() -> Operation {
        Operation::Unblock(Unblock { task: "a".into() })
    }

    #[test]
    fn a_blocked_task_keeps_its_holder_and_goes_on_with_it() {
        let mut world = World::new();
        world.task("a");
        world.claim("a");
        world.run(stop(None)).expect("blocked");
        let task = world.get("a");
        assert_eq!(
            (task.status, task.blocked_on.as_deref(), task.claim.is_some()),
            (Status::Blocked, Some("no key"), true)
        );
        assert_eq!(all::<Message>(&world.records).expect("messages")[0].r#type, Type::Blocker);
        world.run(go_on()).expect("unblocked");
        assert_eq!((world.get("a").status, world.get("a").blocked_on), (Status::InProgress, None));
        assert_eq!(code(world.run(go_on())), "not_blocked");
    }

    #[test]
    fn an_unclaimed_task_waits_again_when_it_is_unblocked() {
        let mut world = World::new();
        world.task("a");
        world.run(stop(None)).expect("blocked");
        world.run(go_on()).expect("unblocked");
        assert_eq!(world.get("a").status, Status::Pending);
    }

    #[test]
    fn blocking_on_a_task_adds_the_dependency_and_never_a_cycle() {
        let mut world = World::new();
        world.task("a");
        world.task("b");
        world.run(stop(Some("b"))).expect("blocked");
        assert!(world.get("a").depends_on.contains("b"));
        assert_eq!(code(world.run(stop(Some("a")))), "cycle");
        assert_eq!(code(world.run(stop(Some("zz")))), "not_found");
    }

    #[test]
    fn only_the_holder_blocks_a_claimed_task() {
        let mut world = World::new();
        world.task("a");
        world.claim("a");
        world.become_other("bob");
        assert_eq!(code(world.run(stop(None))), "claim_held");
    }
}
