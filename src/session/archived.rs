//! Finding what has left the tip: the commit at which the history last had a record.
//!
//! This is the walk that needs no index: back through the commits as `git log` shows them, looking at trees only where a
//! folder differs from the one seen before. A whole id ends it at the first commit that has it; the start of one has to
//! see the whole history, since another record might begin so too.

use std::collections::BTreeMap;

use super::{Session, resolve};
use crate::base::{Error, Id, Kind as ErrorKind, Result, id, text};
use crate::records::Kind;
use crate::records::kind::{locate, named_kinds};
use crate::store::{Oid, Tree};

/// The most commits that are looked at: minutes, and more than years of work.
const MOST_COMMITS: usize = 500_000;

/// The most candidates that an ambiguous name lists.
const MOST_CANDIDATES: usize = 10;

/// A record, and the commit at which history last had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSeen {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its id.
    pub id: Id,
    /// The commit; the one that is looked at, where the record has not left it.
    pub commit: Oid,
}

impl Session {
    /// Returns where the record was last that a text names: `kind/id`, an id, or the start of one. What is still there is
    /// found there.
    ///
    /// # Errors
    /// `not_found` or `ambiguous`, both 4.
    pub fn find_last(&self, name: &str) -> Result<LastSeen> {
        let commit = self.viewed()?;
        let absent = match resolve::any(&self.snapshot_at(commit)?, name) {
            Ok((kind, id)) => return Ok(LastSeen { kind, id, commit }),
            Err(error) if error.code() == "not_found" => error,
            Err(error) => return Err(error),
        };
        let (kinds, name) = match name.split_once('/') {
            Some((kind, rest)) => (named_kinds().filter(|row| row.name == kind).collect(), rest),
            None => (named_kinds().collect::<Vec<_>>(), name),
        };
        let exact = self.find_whole(&kinds, name, commit)?;
        let found = if exact.is_empty() { self.find_starting(&kinds, name, commit)? } else { exact };
        match <[LastSeen; 1]>::try_from(found) {
            Ok([one]) => Ok(one),
            Err(none) if none.is_empty() => Err(self.nowhere(absent, name, commit)?),
            Err(several) => Err(ambiguous(&several, name)),
        }
    }

    /// Returns the records of exactly this id at the first commit that has any.
    fn find_whole(&self, kinds: &[&'static Kind], name: &str, from: Oid) -> Result<Vec<LastSeen>> {
        let Ok(id) = Id::parse(name) else { return Ok(Vec::new()) };
        let mut places: Vec<Place> = kinds.iter().map(|kind| Place::of(kind, &id)).collect();
        for commit in self.store().log(from)?.take(MOST_COMMITS) {
            let commit = commit?.id;
            let tree = self.store().tree(commit)?;
            let mut found = Vec::new();
            for place in &mut places {
                found.extend(place.look(&tree, &id)?.map(|id| LastSeen { kind: place.kind, id, commit }));
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Returns the records whose id begins so and that a commit of the history has removed, each as last seen.
    fn find_starting(&self, kinds: &[&'static Kind], name: &str, from: Oid) -> Result<Vec<LastSeen>> {
        let start = id::fold(name);
        if start.len() < id::SHORTEST_PREFIX {
            return Ok(Vec::new());
        }
        let mut found: BTreeMap<(&str, Id), LastSeen> = BTreeMap::new();
        for commit in self.store().log(from)?.take(MOST_COMMITS) {
            let commit = commit?;
            let Some(&parent) = commit.parents.first() else { continue };
            for change in self.store().diff(Some(parent), commit.id)?.into_iter().filter(|change| change.new.is_none())
            {
                let Some((kind, id)) = locate(&change.path).filter(|(kind, _)| kinds.contains(kind)) else { continue };
                if id.folded().starts_with(&start) {
                    let seen = LastSeen { kind, id: id.clone(), commit: parent };
                    found.entry((kind.name, id)).or_insert(seen);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// Returns the error for what history has not, or has not here.
    fn nowhere(&self, absent: Error, name: &str, from: Oid) -> Result<Error> {
        let message = format!("{}, and the history has none", absent.message());
        let error = Error::not_found(message).detail("id", text::excerpt(name, 60)).hint("git coord log");
        Ok(match self.store().cut(from)? {
            Some(_) => error.hint(self.store().unshallow()),
            None => error,
        })
    }
}

/// Where a record of one kind would lie, and the folders that were looked into in vain.
struct Place {
    kind: &'static Kind,
    folder: String,
    /// The folder of the kind, and the one in it, as last seen.
    seen: [Option<Oid>; 2],
    is_fresh: bool,
}

impl Place {
    fn of(kind: &'static Kind, id: &Id) -> Self {
        let path = kind.path(id);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        Place { kind, folder, seen: [None; 2], is_fresh: true }
    }

    /// Returns the id of the record as its file in a tree has it; case plays no part in which it is.
    fn look(&mut self, tree: &Tree<'_>, id: &Id) -> Result<Option<Id>> {
        let top = tree.folder(self.kind.folder())?;
        if !self.is_fresh && top == self.seen[0] {
            return Ok(None);
        }
        let own = tree.folder(&self.folder)?;
        let is_known = !self.is_fresh && own == self.seen[1];
        (self.seen, self.is_fresh) = ([top, own], false);
        if is_known || own.is_none() {
            return Ok(None);
        }
        let folded = id.folded();
        let entries = tree.list(&self.folder)?;
        let ids = entries.iter().filter(|entry| entry.is_file()).filter_map(|entry| entry.name.strip_suffix(".md"));
        let mut ids = ids.filter_map(|name| Id::parse(name).ok());
        Ok(ids.find(|other| other.folded() == folded))
    }
}

fn ambiguous(found: &[LastSeen], name: &str) -> Error {
    let shown: Vec<String> =
        found.iter().take(MOST_CANDIDATES).map(|seen| format!("{}/{}", seen.kind.name, seen.id)).collect();
    let message = format!("«{}» fits {} records that have left", text::excerpt(name, 40), found.len());
    Error::new(ErrorKind::NotFound, "ambiguous", message)
        .detail("candidates", shown.clone())
        .hint(format!("name one of them: {}", shown.join(", ")))
}
