//! Looking for words in all records: by the index, or, where there is none, in each of them.

use super::Session;
use crate::base::Result;
use crate::index::{Hit, Hits};
use crate::records::Kind;
use crate::state::Snapshot;
use crate::state::search::{Document, Query};

impl Session {
    /// Looks for words in the records of some kinds, as they are at the moment that is looked at, and returns from the
    /// `skip`th record on at most `limit`: the best first, and without an index in the order of kinds and ids.
    ///
    /// # Errors
    /// `not_set_up`, and whatever the snapshot cannot read.
    pub fn search(&self, query: &Query, kinds: &[&'static Kind], skip: usize, limit: usize) -> Result<Hits> {
        let commit = self.viewed()?;
        if self.is_at_present()
            && let Some(hits) = self.index.search(self.store(), commit, query, kinds, (skip, limit))
        {
            return Ok(hits);
        }
        let snapshot = self.snapshot_at(commit)?;
        let mut found = Vec::new();
        for kind in kinds {
            let records = snapshot.scan(kind)?;
            let fitting = records.iter().filter(|record| query.fits(&Document::of(record.as_ref())));
            found.extend(fitting.map(|record| Hit { kind, id: record.id().clone(), last: None }));
        }
        let total = found.len();
        Ok(Hits { hits: found.into_iter().skip(skip).take(limit).collect(), total })
    }
}
