//! A commit of many files, whose contents come one by one: everything goes into one pack, and nothing is kept but names.

use gix::objs::Kind;

use super::commit;
use super::grow::{self, Sink, Wish};
use super::pack::{Kept, Pack, Packed, Packer};
use super::waiters;
use super::writer::NewCommit;
use super::{Oid, Store, sign};
use crate::base::Result;

/// Objects on their way into one pack. Dropping it leaves nothing behind.
pub struct Bulk<'s> {
    store: &'s Store,
    pack: Pack,
    packer: Packer,
}

impl Store {
    /// Begins to write many objects.
    ///
    /// # Errors
    /// `disk_full`, `read_only`, `io`, `bad_config`.
    pub fn bulk(&self) -> Result<Bulk<'_>> {
        Ok(Bulk { store: self, pack: Pack::begin(self)?, packer: self.packing()?.packer() })
    }
}

impl Bulk<'_> {
    /// Writes an object that is ready.
    ///
    /// # Errors
    /// `disk_full`, `io`, `too_many`.
    pub fn add(&mut self, object: &Packed) -> Result<()> {
        self.pack.add(object.id, &object.entry)
    }

    /// Writes a file, and returns its name.
    ///
    /// # Errors
    /// As [`add`](Self::add); `bad_object`.
    pub fn blob(&mut self, bytes: &[u8]) -> Result<Oid> {
        let object = self.packer.blob(bytes)?;
        self.add(&object).map(|()| object.id)
    }

    /// Writes the commit that a base becomes by these wishes, which are sorted for it, besides the edits of the commit
    /// itself, of which it has none. The files are in this pack, or in the one that is [`Kept`].
    ///
    /// # Errors
    /// As [`add`](Self::add); `bad_path`, `path_clash`, `damaged`, `bad_message`, `sign_failed`.
    pub fn commit<W: Wish>(&mut self, new: &NewCommit, wishes: &mut [W]) -> Result<Oid> {
        let (store, base) = (self.store, new.base);
        let base = base.map(|id| commit::read(&store.objects, id)).transpose()?.map(|commit| commit.tree);
        grow::sort(wishes);
        let tree = grow::grow(&store.objects, self, base, wishes)?;
        let bytes = sign::encode(store, new, tree)?;
        Sink::add(self, Kind::Commit, bytes)
    }

    /// Makes everything durable and part of the repository, where nothing refers to it yet. What is returned keeps it
    /// there until the ref has moved.
    ///
    /// # Errors
    /// `disk_full`, `io`.
    pub fn finish(self) -> Result<Option<Kept>> {
        let kept = self.pack.finish(&self.store.waiters)?;
        waiters::check(self.store.waiters.finish())?;
        Ok(kept)
    }
}

impl Sink for Bulk<'_> {
    fn add(&mut self, kind: Kind, bytes: Vec<u8>) -> Result<Oid> {
        let id = self.store.format.name(kind, &bytes)?;
        self.pack.add(id, self.packer.entry(kind, &bytes))?;
        Ok(id)
    }
}
