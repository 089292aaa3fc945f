//! What is over: only such records are archived, so one that is gone and was not over has been removed by somebody.

use super::conflict;
use super::record::{AnyRecord, downcast};
use super::{Conflict, Sprint, Task};

/// Returns whether a record is over, so that it may leave the tip for the history alone: what never changes once it is
/// made, what only says more about such a record, and whatever has been closed.
pub fn is_closed(record: &AnyRecord) -> bool {
    if let Some(task) = downcast::<Task>(record) {
        return !task.is_open();
    }
    if let Some(sprint) = downcast::<Sprint>(record) {
        return !sprint.status.is_open();
    }
    if let Some(conflict) = downcast::<Conflict>(record) {
        return conflict.status == conflict::Status::Resolved;
    }
    let kind = record.kind();
    kind.is_immutable() || kind.companion_of.is_some_and(super::Kind::is_immutable)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::{Id, Timestamp};
    use crate::records::{Agent, Message, Reads, task};

    #[test]
    fn what_may_still_change_is_not_over() {
        let id = || Id::parse("a").expect("an id");
        let at = Timestamp::from_seconds(1);
        let task = |status| -> AnyRecord { Arc::new(Task { status, ..Task::new(id(), at, "ada") }) };
        assert!(!is_closed(&task(task::Status::Pending)));
        assert!(!is_closed(&task(task::Status::Other("hooked".into()))));
        assert!(is_closed(&task(task::Status::Completed)));
        assert!(is_closed(&(Arc::new(Message::new(id(), at, "ada")) as AnyRecord)));
        assert!(is_closed(&(Arc::new(Reads::new(id(), at, "ada")) as AnyRecord)));
        assert!(!is_closed(&(Arc::new(Agent::new(id(), at, "ada")) as AnyRecord)));
        assert!(!is_closed(&(Arc::new(Conflict::new(id(), at, "ada")) as AnyRecord)));
    }
}
