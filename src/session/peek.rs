//! Records of a commit, read one by one, whatever else is wrong with it: what others have published is looked at before
//! it is known whether it can be taken over.

use super::Session;
use super::snapshot::decode;
use crate::base::{Id, Kind, Result};
use crate::records::record::{Typed, downcast};
use crate::store::{Oid, Tree};

/// The tree of a commit.
pub struct Peek<'s>(Tree<'s>);

impl Session {
    /// Returns a look into a commit.
    ///
    /// # Errors
    /// `damaged` where its objects cannot be read.
    pub fn peek(&self, commit: Oid) -> Result<Peek<'_>> {
        self.store().tree(commit).map(Peek)
    }
}

impl Peek<'_> {
    /// Returns a record, where it is there and can be read.
    ///
    /// # Errors
    /// `damaged` where the objects cannot be read.
    pub fn find<T: Typed + Clone>(&self, id: &str) -> Result<Option<T>> {
        let Ok(id) = Id::parse(id) else { return Ok(None) };
        let read = self.0.read(&T::KIND.path(&id));
        let decoded = read.and_then(|blob| blob.map(|blob| decode(T::KIND, &id, &blob.bytes)).transpose());
        match decoded {
            Ok(record) => Ok(record.as_ref().and_then(downcast::<T>).cloned()),
            Err(error) if error.kind() == Kind::Invalid || error.code() == "unreadable" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the object of the file of a record; nothing where there is none.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn blob<T: Typed>(&self, id: &str) -> Result<Option<Oid>> {
        let Ok(id) = Id::parse(id) else { return Ok(None) };
        self.0.find(&T::KIND.path(&id))
    }
}
