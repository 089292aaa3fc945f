//! A change as paths that are set and removed, and the objects that it needs.

use std::sync::Arc;

use gix::objs::Kind;

use super::grow::{self, Sink, Wanted, Wish};
use super::objects::Objects;
use super::{ObjectFormat, Oid};
use crate::base::Result;

/// One path to set or to remove.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Where: components joined by `/`.
    pub path: String,
    /// What stands there afterwards; nothing removes it. Removing what is not there changes nothing.
    pub content: Option<Content>,
}

/// What a path is set to.
#[derive(Debug, Clone)]
pub enum Content {
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// A blob that the repository has.
    Existing(Oid),
}

/// An object that is to be written.
pub(super) struct Fresh {
    pub(super) id: Oid,
    pub(super) kind: Kind,
    pub(super) bytes: Arc<[u8]>,
    /// The folder that it was made from.
    pub(super) base: Option<Oid>,
}

/// Collects objects that do not exist yet.
pub(super) struct Draft {
    format: ObjectFormat,
    pub(super) fresh: Vec<Fresh>,
    /// Blobs that were named by id, and must be there and be kept.
    pub(super) named: Vec<Oid>,
}

impl Draft {
    pub(super) fn new(format: ObjectFormat) -> Self {
        Draft { format, fresh: Vec::new(), named: Vec::new() }
    }

    pub(super) fn add(&mut self, kind: Kind, bytes: Arc<[u8]>) -> Result<Oid> {
        let id = self.format.name(kind, &bytes)?;
        self.fresh.push(Fresh { id, kind, bytes, base: None });
        Ok(id)
    }

    /// Takes in what another draft has collected.
    pub(super) fn absorb(&mut self, other: Draft) {
        self.fresh.extend(other.fresh);
        self.named.extend(other.named);
    }

    /// Applies the edits to a tree and returns the id of the result. The last edit of a path counts.
    pub(super) fn apply(&mut self, objects: &Objects, base: Option<Oid>, edits: &[Edit]) -> Result<Oid> {
        let mut wishes = Vec::with_capacity(edits.len());
        for edit in edits {
            let wanted = match &edit.content {
                None => Wanted::Remove,
                Some(Content::Bytes(bytes)) => Wanted::Set(Draft::add(self, Kind::Blob, Arc::clone(bytes))?),
                Some(Content::Existing(id)) => {
                    self.named.push(*id);
                    Wanted::Set(*id)
                }
            };
            wishes.push((edit.path.as_str(), wanted));
        }
        grow::sort(&mut wishes);
        grow::grow(objects, self, base, &wishes)
    }
}

impl Sink for Draft {
    fn add(&mut self, kind: Kind, bytes: Vec<u8>) -> Result<Oid> {
        Draft::add(self, kind, bytes.into())
    }

    fn replace(&mut self, base: Option<Oid>, bytes: Vec<u8>) -> Result<Oid> {
        let id = Draft::add(self, Kind::Tree, bytes.into())?;
        self.fresh.last_mut().into_iter().for_each(|fresh| fresh.base = base);
        Ok(id)
    }
}

impl Wish for (&str, Wanted) {
    fn path(&self) -> &str {
        self.0
    }

    fn wanted(&self) -> Wanted {
        self.1
    }
}
