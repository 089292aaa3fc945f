//! What came of an operation, as the verbs tell it.

use std::sync::Arc;

use super::Draft;
use crate::base::Timestamp;
use crate::ops::Context;
use crate::records::Config;
use crate::records::record::Record;
use crate::state::{Changeset, Event, Warning};
use crate::store::Oid;

/// What an operation did.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The commit; nothing where nothing had to change.
    pub commit: Option<Oid>,
    /// Whether something is different now, or would be.
    pub changed: bool,
    /// The records that the operation was about, as they are now; of very many the first.
    pub records: Vec<Arc<dyn Record>>,
    /// How many more there are.
    pub more_records: usize,
    /// What happened; of very much the first.
    pub events: Vec<Event>,
    /// How much more happened.
    pub more_events: usize,
    /// The settings of the team as they are now, where they have changed.
    pub settings: Option<Arc<Config>>,
    /// What the user should know; of very much the first.
    pub warnings: Vec<Warning>,
    /// How much more there is to know.
    pub more_warnings: usize,
    /// When.
    pub at: Timestamp,
    /// What would have been written, where nothing was to be.
    pub draft: Option<Draft>,
    /// Whether the remote of the team has yet to say that a claim which was taken holds.
    pub is_provisional: bool,
}

impl Outcome {
    /// Returns what became of a change that made no commit.
    pub(super) fn of(changes: &Changeset, context: &Context) -> Self {
        Outcome {
            commit: None,
            changed: !changes.is_empty(),
            records: changes.all_parts().iter().filter_map(|part| part.about.clone()).collect(),
            more_records: 0,
            events: Vec::new(),
            more_events: 0,
            settings: changes.settings(),
            warnings: changes.warnings.clone(),
            more_warnings: 0,
            at: context.now,
            draft: None,
            is_provisional: false,
        }
    }

    /// Returns the record that the operation was about, as it is now; of several the first.
    pub fn record(&self) -> Option<&Arc<dyn Record>> {
        self.records.first()
    }
}
