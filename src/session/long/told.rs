//! What is kept of each change of a long batch: enough to answer with, and whose claims they are about.

use crate::records::task::Claim;
use crate::state::{Changeset, Warning};

/// The most records, events and warnings that an outcome has; the others are counted.
pub(super) const MOST: usize = 200;

/// What the changes so far say.
pub(super) struct Told {
    /// The records that the first ones are about, as parts of a change that has no edits.
    pub(super) first: Changeset,
    pub(super) more_records: usize,
    pub(super) warnings: Vec<Warning>,
    pub(super) more_warnings: usize,
    pub(super) holds: Vec<Claim>,
    pub(super) ends: Vec<Claim>,
}

impl Told {
    pub(super) fn new(subject: &str) -> Self {
        Told {
            first: Changeset::new(subject),
            more_records: 0,
            warnings: Vec::new(),
            more_warnings: 0,
            holds: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Takes what has to be kept of a change, and throws the rest away.
    pub(super) fn take(&mut self, mut change: Changeset) {
        // Those of its parts are among its own.
        self.warnings.append(&mut change.warnings);
        self.more_warnings += self.warnings.len().saturating_sub(MOST);
        self.warnings.truncate(MOST);
        self.take_part(change);
    }

    fn take_part(&mut self, part: Changeset) {
        self.holds.extend(part.holds);
        self.ends.extend(part.ends);
        match part.about {
            Some(about) if self.first.parts.len() < MOST => self.first.parts.push(Changeset::about(about)),
            about => self.more_records += usize::from(about.is_some()),
        }
        part.parts.into_iter().for_each(|part| self.take_part(part));
    }
}
