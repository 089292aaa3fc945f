//! Taking entries out of a tree that no path of ours can name: of odd names, twice of one name, of modes that are no file.

use std::collections::BTreeMap;

use gix::objs::Kind;

use super::replace::add_commit;
use crate::base::Result;
use crate::store::edit::Draft;
use crate::store::refs::{self, Move};
use crate::store::rehearsal::Maker;
use crate::store::tree::{self, Raw};
use crate::store::writer::{NewCommit, Published, Writer};
use crate::store::{Oid, STATE_REF, Store, commit};

/// Entries of one folder that are to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The folder; the top is the empty path.
    pub folder: String,
    /// The places of the entries among those that [`Tree::list`](crate::store::Tree::list) returns of it.
    pub at: Vec<usize>,
}

impl Writer<'_> {
    /// Makes a commit without some entries and moves the state's ref to it. The edits of `new` play no part.
    ///
    /// # Errors
    /// As [`publish`](Writer::publish).
    pub fn publish_without(&mut self, new: &NewCommit, removals: &[Removal]) -> Result<Published> {
        let store = self.store;
        if store.tip()? != new.expected {
            return Ok(Published::Moved);
        }
        let id = self.make_without(new, removals)?;
        let next = refs::prepare(store, id)?;
        self.move_ref(Move {
            name: STATE_REF,
            expected: new.expected,
            new: id,
            committer: &new.committer,
            time: new.commit_time,
            reason: &new.reflog,
            next: next.as_ref(),
        })
    }
}

/// Returns a commit without some entries, and the objects that it needs.
pub(in crate::store) fn draft_without(store: &Store, new: &NewCommit, removals: &[Removal]) -> Result<(Draft, Oid)> {
    let removals: BTreeMap<&str, &[usize]> =
        removals.iter().map(|removal| (removal.folder.as_str(), removal.at.as_slice())).collect();
    let mut draft = Draft::new(store.format);
    let base = new.base.map(|id| commit::read(&store.objects, id)).transpose()?.map(|commit| commit.tree);
    let mut strip = Strip { store, removals, draft: &mut draft };
    let tree = base.map(|id| strip.folder(id, "")).transpose()?.flatten();
    let tree = tree.map_or_else(|| draft.add(Kind::Tree, Vec::new().into()), Ok)?;
    let id = add_commit(store, &mut draft, tree, new)?;
    Ok((draft, id))
}

struct Strip<'a> {
    store: &'a Store,
    removals: BTreeMap<&'a str, &'a [usize]>,
    draft: &'a mut Draft,
}

impl Strip<'_> {
    fn folder(&mut self, id: Oid, path: &str) -> Result<Option<Oid>> {
        let below = format!("{path}/");
        let is_concerned =
            path.is_empty() || self.removals.keys().any(|folder| *folder == path || folder.starts_with(&below));
        if !is_concerned {
            return Ok(Some(id));
        }
        let before = tree::entries(&self.store.objects, id)?;
        let gone = self.removals.get(path).copied().unwrap_or_default();
        let mut after: Vec<Raw> = Vec::with_capacity(before.len());
        for entry in before.iter().enumerate().filter(|(at, _)| !gone.contains(at)).map(|(_, entry)| entry) {
            match (entry.is_folder(), std::str::from_utf8(&entry.name)) {
                (true, Ok(name)) => {
                    let id = self.folder(entry.id, &tree::join(path, name))?;
                    after.extend(id.map(|id| Raw { id, ..entry.clone() }));
                }
                _ => after.push(entry.clone()),
            }
        }
        if after == before {
            return Ok(Some(id));
        }
        if after.is_empty() { Ok(None) } else { self.draft.add(Kind::Tree, tree::encode(&after).into()).map(Some) }
    }
}
