//! Rotation: what is closed leaves the tip and stays in the history, and may come back.
//!
//! That a record is gone stands in the trees; that it was put away, and not removed, only the commit can say. It is taken at
//! its word for records that are closed, and for no others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::Difference;
use crate::records::conflict::{self, Conflict};
use crate::records::record::{AnyRecord, downcast};
use crate::records::{Message, Reads, StatusEntry, Task, kind};

/// What a commit does with what is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// It leaves the tip.
    Archived,
    /// It comes back.
    Restored,
}

/// What the event of a rotation is about, since it is about no single record.
pub const STATE: &str = "state";

impl Rotation {
    /// Returns the word of the event.
    pub fn event(self) -> &'static str {
        match self {
            Rotation::Archived => "state.archived",
            Rotation::Restored => "state.restored",
        }
    }

    /// Returns the rotation that takes this one back.
    pub fn reversed(self) -> Self {
        match self {
            Rotation::Archived => Rotation::Restored,
            Rotation::Restored => Rotation::Archived,
        }
    }

    /// Returns the rotation that a commit says it is, by an event of it and the record of the event.
    pub fn of(event: &str, record: &str) -> Option<Self> {
        let known = [Rotation::Archived, Rotation::Restored];
        known.into_iter().find(|rotation| record == STATE && rotation.event() == event)
    }

    /// Returns the rotation that the trailers of a commit tell of: an event of it and the record of the event stand one after
    /// the other.
    pub fn told_by(trailers: &[(String, String)]) -> Option<Self> {
        trailers.windows(2).find_map(|pair| match pair {
            [(event, what), (record, of)] if event == "Coord-Event" && record == "Coord-Record" => {
                Rotation::of(what, of)
            }
            _ => None,
        })
    }

    /// Returns the kind of the record that a difference puts away or brings back; nothing where it does neither.
    fn moves(self, difference: &Difference) -> Option<&'static str> {
        let record = match (self, &difference.before, &difference.after) {
            (Rotation::Archived, Some(gone), None) if difference.blob.is_none() => gone,
            (Rotation::Restored, None, Some(back)) => back,
            _ => return None,
        };
        let (kind, _) = kind::locate(&difference.path).filter(|_| is_closed(record))?;
        Some(kind.name)
    }
}

/// Returns whether a record is one that can be put away.
fn is_closed(record: &AnyRecord) -> bool {
    let is = |task: Option<&Task>| task.is_some_and(|task| !task.is_open());
    let is_settled = |conflict: &Conflict| conflict.status == conflict::Status::Resolved;
    is(downcast::<Task>(record))
        || downcast::<StatusEntry>(record).is_some()
        || downcast::<Message>(record).is_some()
        || downcast::<Reads>(record).is_some()
        || downcast::<Conflict>(record).is_some_and(is_settled)
}

/// Splits differences into those of a rotation, counted by kind, and the others.
pub(super) fn split(
    differences: &[Difference],
    rotation: Option<Rotation>,
) -> (BTreeMap<&'static str, usize>, Vec<&Difference>) {
    let mut moved: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut others = Vec::new();
    for difference in differences {
        match rotation.and_then(|rotation| rotation.moves(difference)) {
            Some(kind) => *moved.entry(kind).or_default() += 1,
            None => others.push(difference),
        }
    }
    // Who has read a message goes where it goes, and is not counted.
    moved.remove(crate::records::reads::READS.name);
    (moved, others)
}
