//! Looking at all records of a kind one by one, without keeping them.

use std::sync::Arc;

use super::TreeSnapshot;
use super::snapshot::{decode, holds};
use crate::base::{Id, Result};
use crate::records::record::Record;
use crate::records::{Kind, kind};
use crate::store::Oid;

/// What is done with a record.
type Visit<'a> = dyn FnMut(Arc<dyn Record>) -> Result<()> + 'a;

impl TreeSnapshot<'_> {
    /// The order of the ids is not that of the paths, so ids and object ids are all that is kept.
    pub(super) fn visit_in_order(&self, kind: &'static Kind, visit: &mut Visit<'_>) -> Result<()> {
        let mut files: Vec<(Id, Oid)> = Vec::new();
        self.each_file(kind, &mut |id, blob| {
            files.push((id, blob));
            Ok(())
        })?;
        files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        files.into_iter().try_for_each(|(id, blob)| self.visit_one(kind, &id, blob, &|_| true, visit))
    }

    pub(super) fn visit_files_holding(&self, kind: &'static Kind, words: &[&str], visit: &mut Visit<'_>) -> Result<()> {
        let looks_right = |bytes: &[u8]| words.iter().any(|word| holds(bytes, word));
        self.each_file(kind, &mut |id, blob| self.visit_one(kind, &id, blob, &looks_right, visit))
    }

    /// Calls `visit` with id and object id of every file that lies where a record of the kind may lie.
    pub(super) fn each_file(&self, kind: &Kind, visit: &mut dyn FnMut(Id, Oid) -> Result<()>) -> Result<()> {
        self.tree.walk(kind.folder(), &mut |path, blob| match kind::locate(path) {
            Some((_, id)) => visit(id, blob),
            None => Ok(()),
        })
    }

    fn visit_one(
        &self,
        kind: &'static Kind,
        id: &Id,
        blob: Oid,
        looks_right: &dyn Fn(&[u8]) -> bool,
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        match self.bytes(blob)?.filter(|bytes| looks_right(bytes)).map(|bytes| decode(kind, id, &bytes)) {
            Some(Ok(record)) => visit(record),
            Some(Err(_)) | None => Ok(()),
        }
    }
}
