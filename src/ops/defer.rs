//! Putting tasks off.

use serde::{Deserialize, Serialize};

use super::{Context, revise::revise, task::require};
use crate::base::{Error, Result, Timestamp, text};
use crate::records::task::Status;
use crate::state::{Changeset, Snapshot};

/// Which task to put off, and until when.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Defer {
    /// The task.
    pub task: String,
    /// When it can be taken again.
    pub until: Timestamp,
}

/// Puts a task off that nobody has begun; one that is put off already, to another time.
///
/// # Errors
/// `not_pending` or `claim_held` (3), `bad_value` (5) for a time that has gone, `not_found` (4).
pub fn defer(snapshot: &dyn Snapshot, input: &Defer, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    if !matches!(before.status, Status::Pending | Status::Deferred) || before.claim.is_some() {
        let status = text::excerpt(before.status.as_str(), 40);
        return Err(Error::conflict("not_pending", format!("cannot put {} off: it is {status}", before.id))
            .detail("status", before.status.as_str())
            .hint(format!("git coord show {}", before.id)));
    }
    if input.until <= context.now {
        return Err(Error::invalid(
            "bad_value",
            format!("cannot put {} off until {}: that has gone", before.id, input.until),
        ));
    }
    let mut after = before.clone();
    after.status = Status::Deferred;
    after.defer_until = Some(input.until);
    let mut changes = Changeset::new(format!("Put {} off until {}", after.id, input.until));
    revise(&mut changes, &before, after, context);
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};

    fn until(seconds: i64) -> Operation {
        Operation::Defer(Defer { task: "a".into(), until: Timestamp::from_seconds(seconds) })
    }

    #[test]
    fn a_pending_task_is_put_off_and_comes_back_by_itself() {
        let mut world = World::new();
        world.task("a");
        world.run(until(2_000)).expect("put off");
        assert_eq!(
            (world.get("a").status, world.get("a").defer_until),
            (Status::Deferred, Some(Timestamp::from_seconds(2_000)))
        );
        world.run(until(3_000)).expect("put off for longer");
        world.wait(5_000);
        world.claim("a");
        assert_eq!((world.get("a").status, world.get("a").defer_until), (Status::InProgress, None));
        assert_eq!(code(world.run(until(1 << 30))), "not_pending");
    }

    #[test]
    fn a_time_that_has_gone_is_refused() {
        let mut world = World::new();
        world.task("a");
        assert_eq!(code(world.run(until(10))), "bad_value");
    }
}
