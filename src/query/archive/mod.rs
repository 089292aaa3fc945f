//! What may leave the tip: what is closed or old, and what nothing that is open still needs.
//!
//! Nothing is lost by it, the history keeps all; but whatever somebody still counts, waits for or has to read stays. What
//! cannot be read stays too. The rules of each kind are in a file of their own.

mod messages;
mod status;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::base::{Result, Timestamp};
use crate::records::record::{AnyRecord, downcast};
use crate::records::{Conflict, Task, conflict};
use crate::state::Snapshot;

/// When records are old enough. Where there is no limit, none is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For how long a task must have been closed, or a conflict settled.
    pub tasks: Option<Duration>,
    /// How old a message must be.
    pub messages: Option<Duration>,
    /// How many of the latest status entries stay.
    pub status: Option<usize>,
}

/// Why a record stays that is old enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// A closed task that an open one waits for, is a part of, or refers to.
    Named,
    /// A closed task of a sprint that is open, which counts it.
    OfSprint,
    /// A closed task that is a part of one that stays, which counts it.
    PartOf,
    /// A closed task in whose thread something waits for an answer.
    Asked,
    /// A message that somebody has not read.
    Unread,
    /// A question that nobody has answered.
    Unanswered,
    /// A message about a task that stays or a sprint that is open, or to which a message that stays belongs.
    InThread,
    /// A status entry that is the last word of an agent on something that goes on.
    LastWord,
}

impl Kept {
    /// Returns the stable word for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Kept::Named => "named",
            Kept::OfSprint => "of_sprint",
            Kept::PartOf => "part_of",
            Kept::Asked => "asked",
            Kept::Unread => "unread",
            Kept::Unanswered => "unanswered",
            Kept::InThread => "in_thread",
            Kept::LastWord => "last_word",
        }
    }
}

/// What may leave the tip.
#[derive(Debug, Default)]
pub struct Archivable {
    /// The records, by kind and id. What goes with them (who has read a message, a link that all have read) is not among
    /// them.
    pub records: Vec<AnyRecord>,
    /// How many stay although they are old enough, and why.
    pub kept: BTreeMap<Kept, usize>,
}

impl Archivable {
    fn keep(&mut self, why: Kept) {
        *self.kept.entry(why).or_default() += 1;
    }
}

/// Returns what may leave the tip.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn archivable(snapshot: &dyn Snapshot, limits: Limits, now: Timestamp) -> Result<Archivable> {
    let mut found = Archivable::default();
    let said = messages::Said::read(snapshot)?;
    tasks::collect(snapshot, &said, limits.tasks, now, &mut found)?;
    let gone: BTreeSet<String> =
        found.records.iter().filter_map(downcast::<Task>).map(|task| task.id.to_string()).collect();
    status::collect(snapshot, &gone, limits.status, &mut found)?;
    said.collect(snapshot, &gone, limits.messages, now, &mut found)?;
    for record in snapshot.scan(&conflict::CONFLICT)? {
        let is_old = |conflict: &Conflict| {
            conflict.status == conflict::Status::Resolved
                && is_older(limits.tasks, conflict.resolved_at.unwrap_or(conflict.updated_at), now)
        };
        if downcast::<Conflict>(&record).is_some_and(is_old) {
            found.records.push(record);
        }
    }
    Ok(found)
}

fn is_older(limit: Option<Duration>, then: Timestamp, now: Timestamp) -> bool {
    limit.is_some_and(|limit| now >= then && now.since(then) >= limit)
}
