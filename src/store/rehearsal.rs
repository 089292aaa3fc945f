//! Commits that no ref leads to: written, or only named, to see what they would be.

use super::rescue::{Removal, draft_of, draft_without};
use super::{NewCommit, Oid, Store};
use crate::base::Result;

/// Who makes commits to which no ref leads.
pub trait Maker {
    /// Makes a commit and moves no ref.
    ///
    /// # Errors
    /// As [`Writer::publish`](super::Writer::publish).
    fn make(&self, new: &NewCommit) -> Result<Oid>;

    /// Makes a commit without some entries and moves no ref. The edits of `new` play no part.
    ///
    /// # Errors
    /// As [`make`](Self::make).
    fn make_without(&self, new: &NewCommit, removals: &[Removal]) -> Result<Oid>;
}

/// Names commits, and writes nothing. As long as it is there what was named can be read, so that more can be put on top.
pub struct Rehearsal<'s> {
    store: &'s Store,
}

impl Store {
    /// Begins to name commits that may never be. No [`Chain`](super::Chain) may be begun meanwhile.
    pub fn rehearsal(&self) -> Rehearsal<'_> {
        Rehearsal { store: self }
    }
}

impl Maker for Rehearsal<'_> {
    fn make(&self, new: &NewCommit) -> Result<Oid> {
        let (draft, id) = draft_of(self.store, new)?;
        self.store.objects.add_pending(&draft.fresh);
        Ok(id)
    }

    fn make_without(&self, new: &NewCommit, removals: &[Removal]) -> Result<Oid> {
        let (draft, id) = draft_without(self.store, new, removals)?;
        self.store.objects.add_pending(&draft.fresh);
        Ok(id)
    }
}

impl Drop for Rehearsal<'_> {
    fn drop(&mut self) {
        self.store.objects.drop_pending();
    }
}
