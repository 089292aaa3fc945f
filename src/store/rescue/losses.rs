//! What it has cost to make a history again, path by path.

use std::collections::HashSet;

use gix::objs::Kind;

use super::replay::{Fate, Replay};
use crate::base::Result;
use crate::store::tree::{self, Raw};
use crate::store::{Oid, fault};

/// What could not be read of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Where it was; the top is the empty path.
    pub path: String,
    /// Whether it is a folder, of which nobody can tell what was in it.
    pub is_folder: bool,
    /// The commit that has brought what is there now; nothing where nothing is.
    pub since: Option<Oid>,
}

impl Replay<'_> {
    /// Returns what the files of a commit have lost in becoming those of another, which is whole or was made again.
    ///
    /// # Errors
    /// As [`fate`](Self::fate).
    pub fn losses(&mut self, was: Oid, is: Option<Oid>) -> Result<Vec<Loss>> {
        let before = match self.root_of(was)? {
            Some(root) => Raw { name: Vec::new(), mode: tree::FOLDER, id: root },
            None => {
                let since = is.map(|is| self.since(is, "")).transpose()?;
                return Ok(vec![Loss { path: String::new(), is_folder: true, since }]);
            }
        };
        let after = match is {
            Some(is) => Some(Raw { id: self.commit(is)?.tree, ..before.clone() }),
            None => None,
        };
        let mut found = Vec::new();
        self.compare(&before, after.as_ref(), "", &mut found)?;
        let mut losses = Vec::with_capacity(found.len());
        for (path, is_folder, is_left) in found {
            let since = if is_left { is.map(|is| self.since(is, &path)).transpose()? } else { None };
            losses.push(Loss { path, is_folder, since });
        }
        Ok(losses)
    }

    /// Returns the objects that only commits have which were made again or are gone, as far as they can be read.
    ///
    /// # Errors
    /// As [`fate`](Self::fate).
    pub(super) fn left_behind(&mut self) -> Result<Vec<(Oid, Kind)>> {
        let mut behind = Vec::new();
        for (id, fate) in self.fates() {
            let Some(root) = (match fate {
                Fate::Whole => continue,
                Fate::Gone(_) | Fate::Remade(_) => self.root_of(id)?,
            }) else {
                continue;
            };
            behind.push((id, Kind::Commit));
            if let Fate::Remade(new) = fate {
                let new = self.commit(new)?.tree;
                self.differing(root, Some(new), &mut behind)?;
            }
        }
        behind.sort();
        behind.dedup();
        Ok(behind)
    }

    fn compare(
        &mut self,
        before: &Raw,
        after: Option<&Raw>,
        path: &str,
        found: &mut Vec<(String, bool, bool)>,
    ) -> Result<()> {
        if after.is_some_and(|after| after.id == before.id) {
            return Ok(());
        }
        if !before.is_folder() {
            found.push((path.to_owned(), false, after.is_some()));
            return Ok(());
        }
        let Some(entries) = self.read_folder(before.id)? else {
            found.push((path.to_owned(), true, after.is_some()));
            return Ok(());
        };
        let now = match after.filter(|after| after.is_folder()) {
            Some(after) => self.read_folder(after.id)?.unwrap_or_default(),
            None => Vec::new(),
        };
        for entry in entries {
            let path = tree::join(path, &String::from_utf8_lossy(&entry.name));
            self.compare(&entry, now.iter().find(|now| now.name == entry.name), &path, found)?;
        }
        Ok(())
    }

    fn differing(&mut self, old: Oid, new: Option<Oid>, behind: &mut Vec<(Oid, Kind)>) -> Result<()> {
        if Some(old) == new {
            return Ok(());
        }
        let Some(entries) = self.read_folder(old)? else { return Ok(()) };
        behind.push((old, Kind::Tree));
        let now = new.map(|id| self.read_folder(id)).transpose()?.flatten().unwrap_or_default();
        for entry in entries {
            let other = now.iter().find(|now| now.name == entry.name);
            if entry.is_folder() {
                self.differing(entry.id, other.filter(|other| other.is_folder()).map(|other| other.id), behind)?;
            }
        }
        Ok(())
    }

    /// Returns the commit that has brought what is at a path, on the line of first parents.
    ///
    /// # Errors
    /// As [`fate`](Self::fate).
    pub fn since(&mut self, tip: Oid, path: &str) -> Result<Oid> {
        let (mut at, wanted) = (tip, self.find(tip, path)?);
        while let Some(parent) = self.commit(at)?.parents.first().copied() {
            if self.find(parent, path)? != wanted {
                break;
            }
            at = parent;
        }
        Ok(at)
    }

    /// Returns the id of what is at a path of a commit that is whole or was made again.
    ///
    /// # Errors
    /// As [`fate`](Self::fate).
    pub fn find(&mut self, commit: Oid, path: &str) -> Result<Option<Oid>> {
        let mut at = self.commit(commit)?.tree;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let entries = self.read_folder(at)?.ok_or_else(|| fault::damaged(format!("object {at} is missing")))?;
            match entries.into_iter().find(|entry| entry.name == name.as_bytes()) {
                Some(entry) => at = entry.id,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// Returns what a file of a commit holds that is whole or was made again.
    ///
    /// # Errors
    /// As [`fate`](Self::fate).
    pub fn file(&mut self, commit: Oid, path: &str) -> Result<Option<Vec<u8>>> {
        let Some(id) = self.find(commit, path)? else { return Ok(None) };
        Ok(self.read(id, Kind::Blob)?.map(|bytes| bytes.to_vec()))
    }

    /// Returns whether a commit is, or follows, another; both are whole or were made again.
    ///
    /// # Errors
    /// As [`fate`](Self::fate).
    pub fn follows(&self, first: Oid, later: Oid) -> Result<bool> {
        let (mut seen, mut waiting) = (HashSet::from([later]), vec![later]);
        while let Some(id) = waiting.pop() {
            if id == first {
                return Ok(true);
            }
            waiting.extend(self.commit(id)?.parents.into_iter().filter(|parent| seen.insert(*parent)));
        }
        Ok(false)
    }
}
