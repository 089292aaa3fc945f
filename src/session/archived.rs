//! Finding what has left the tip: the commit at which the history last had a record.
//!
//! What has been archived is listed and searched by the index, or, where there is none, by looking at all of it. One record
//! is found by a walk that needs no index: back through the commits as `git log` shows them, looking for the one that
//! removed it. A whole id ends it there; the start of one has to see the whole history, since another record might
//! begin so too.

use std::collections::{BTreeMap, BTreeSet};

use super::{Session, resolve};
use crate::base::{Error, Id, Kind as ErrorKind, Result, id, text};
use crate::index::{self, Hit, Hits};
use crate::records::Kind;
use crate::records::kind::{locate, named_kinds};
use crate::records::record::AnyRecord;
use crate::state::search::{Document, Query};
use crate::state::{Page, Paging, Select};
use crate::store::Oid;

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
        let snapshot = self.snapshot()?;
        let commit = snapshot.commit();
        let absent = match resolve::any(&snapshot, name) {
            Ok((kind, id)) => return Ok(LastSeen { kind, id, commit }),
            Err(error) if error.code() == "not_found" => error,
            Err(error) => return Err(error),
        };
        let (kinds, name) = match name.split_once('/') {
            Some((kind, rest)) => (named_kinds().filter(|row| row.name == kind).collect(), rest),
            None => (named_kinds().collect::<Vec<_>>(), name),
        };
        match <[LastSeen; 1]>::try_from(self.find_removed(&kinds, name, commit)?) {
            Ok([one]) => Ok(one),
            Err(none) if none.is_empty() => Err(self.nowhere(absent, name, commit)?),
            Err(several) => Err(ambiguous(&several, name)),
        }
    }

    /// Returns a page of the records of a kind that have been archived and are wanted, each as it was last, in the order of
    /// their kind.
    ///
    /// # Errors
    /// `not_set_up`; `bad_cursor` (5); and whatever of the history cannot be read.
    pub fn archived(&self, kind: &'static Kind, wanted: &Select, paging: &Paging) -> Result<Page<LastSeen>> {
        let commit = self.viewed()?;
        let found = match self.is_at_present() {
            true => self.index.archived(self.store(), commit, (kind, wanted), paging)?,
            false => None,
        };
        let page = match found {
            Some(page) => page,
            None => index::page_of(&self.all_archived(commit, &[kind])?, wanted, paging)?,
        };
        Ok(page.map(|(id, commit)| LastSeen { kind, id, commit }))
    }

    /// Looks for words in what has been archived of some kinds, as [`search`](Self::search) does in what has not.
    ///
    /// # Errors
    /// As [`archived`](Self::archived), but for `bad_cursor`.
    pub fn search_archived(&self, query: &Query, kinds: &[&'static Kind], skip: usize, limit: usize) -> Result<Hits> {
        let commit = self.viewed()?;
        if self.is_at_present()
            && let Some(hits) = self.index.search_archived(self.store(), commit, query, kinds, (skip, limit))
        {
            return Ok(hits);
        }
        let all = self.all_archived(commit, kinds)?;
        let fitting = all.iter().filter(|(record, _)| query.fits(&Document::of(record.as_ref())));
        let mut found: Vec<Hit> = fitting
            .map(|(record, last)| Hit { kind: record.kind(), id: record.id().clone(), last: Some(*last) })
            .collect();
        let place = |hit: &Hit| kinds.iter().position(|kind| *kind == hit.kind);
        found.sort_by(|a, b| (place(a), &a.id).cmp(&(place(b), &b.id)));
        let total = found.len();
        Ok(Hits { hits: found.into_iter().skip(skip).take(limit).collect(), total })
    }

    /// Reads all that the history of a commit has archived of some kinds and that is not back there.
    fn all_archived(&self, commit: Oid, kinds: &[&'static Kind]) -> Result<Vec<(AnyRecord, Oid)>> {
        let tree = self.store().tree(commit)?;
        let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
        index::put_away(self.store(), commit, None, &mut |last, record| -> Result<()> {
            let is_wanted = kinds.contains(&record.kind()) && seen.insert((record.kind().name, record.id().clone()));
            if is_wanted && tree.find(&record.kind().path(record.id()))?.is_none() {
                all.push((record.clone(), last));
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Returns the records of exactly this id that were removed last; where there are none, all whose id begins so and
    /// that were ever removed, each as last seen.
    fn find_removed(&self, kinds: &[&'static Kind], name: &str, from: Oid) -> Result<Vec<LastSeen>> {
        let wanted = id::fold(name);
        let mut starting: BTreeMap<(&str, Id), LastSeen> = BTreeMap::new();
        for commit in self.store().log(from)?.take(MOST_COMMITS) {
            let commit = commit?;
            let Some(&parent) = commit.parents.first() else { continue };
            let mut whole = Vec::new();
            for change in self.store().diff(Some(parent), commit.id)?.into_iter().filter(|change| change.new.is_none())
            {
                let Some((kind, id)) = locate(&change.path).filter(|(kind, _)| kinds.contains(kind)) else { continue };
                let seen = LastSeen { kind, id: id.clone(), commit: parent };
                match id.folded() {
                    id if id == wanted => whole.push(seen),
                    start if start.starts_with(&wanted) => drop(starting.entry((kind.name, id)).or_insert(seen)),
                    _ => {}
                }
            }
            if !whole.is_empty() {
                return Ok(whole);
            }
        }
        let is_enough = wanted.len() >= id::SHORTEST_PREFIX;
        Ok(if is_enough { starting.into_values().collect() } else { Vec::new() })
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

fn ambiguous(found: &[LastSeen], name: &str) -> Error {
    let shown: Vec<String> =
        found.iter().take(MOST_CANDIDATES).map(|seen| format!("{}/{}", seen.kind.name, seen.id)).collect();
    let message = format!("«{}» fits {} records that have left", text::excerpt(name, 40), found.len());
    Error::new(ErrorKind::NotFound, "ambiguous", message)
        .detail("candidates", shown.clone())
        .hint(format!("name one of them: {}", shown.join(", ")))
}
