//! What differs between the commit that the file describes and the one that is asked about.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Attempt, Broken, Failure, Found, look, lookup};
use crate::base::Id;
use crate::query::derive;
use crate::query::derive::Having;
use crate::query::near::{self, Changed, Near};
use crate::records::kind;
use crate::records::record::AnyRecord;
use crate::records::{Kind, Position, Term};
use crate::state::{Select, Snapshot};
use crate::store::{Oid, Store};

/// The most files that are looked at one by one. What differs by more is made anew.
const FARTHEST: usize = 20_000;

/// From how many records on they are sorted by their terms: fewer are looked through as quickly. Under test few are many.
const MANY: usize = if cfg!(feature = "testing") { 3 } else { 64 };

/// The files that differ between two commits, and what becomes of their records.
pub(super) struct Delta {
    /// The commit that the file describes.
    pub(super) from: Oid,
    pub(super) files: Vec<(Option<(&'static Kind, Id)>, Changed)>,
    pub(super) rows: BTreeMap<(&'static str, Id), Row>,
    /// Of many, those that have a term, before or after.
    having: HashMap<(&'static str, Term), BTreeSet<Id>>,
    /// Paths of files that are no records any more or have become some, and of those that are none now.
    pub(super) broken: BTreeMap<String, Option<Broken>>,
}

/// A record before and after, with all terms that follow from itself.
#[derive(Default)]
pub(super) struct Row {
    pub(super) before: Option<Entry>,
    pub(super) after: Option<Entry>,
}

/// Where a record stands, and under which terms.
pub(super) struct Entry {
    pub(super) position: Position,
    pub(super) terms: Vec<Term>,
}

impl Entry {
    pub(super) fn of(record: &AnyRecord) -> Self {
        let mut terms = (record.kind().terms)(record);
        terms.push(Term::flag(lookup::ALL));
        Entry { position: Position::of(record), terms }
    }

    fn fits(&self, wanted: &Select) -> bool {
        wanted.fits(&self.terms)
    }
}

impl Delta {
    /// Returns that nothing differs.
    pub(super) fn nothing(from: Oid) -> Self {
        let (rows, having) = (BTreeMap::new(), HashMap::new());
        Delta { from, files: Vec::new(), rows, having, broken: BTreeMap::new() }
    }

    /// Finds out what differs.
    ///
    /// # Errors
    /// Where it is too much to be kept in memory, and what the store cannot read.
    pub(super) fn between(store: &Store, from: Oid, to: Oid) -> Attempt<Self> {
        let mut delta = Delta::nothing(from);
        if from == to {
            return Ok(delta);
        }
        let changes = store.diff_up_to(Some(from), to, FARTHEST)?.ok_or(Failure::Git)?;
        let tree = store.tree(to)?;
        for change in changes {
            let before = change.old.map(|blob| look(&tree, &change.path, blob)).transpose()?;
            let after = change.new.map(|blob| look(&tree, &change.path, blob)).transpose()?;
            if [&before, &after].iter().any(|found| matches!(found, Some(Found::Broken(_)))) {
                let path = change.path.clone();
                let now = match &after {
                    Some(Found::Broken(place)) => {
                        let place = place.as_ref().map(|(kind, id)| (kind.name, id.clone()));
                        Some(Broken { path: path.clone(), place })
                    }
                    _ => None,
                };
                delta.broken.insert(path, now);
            }
            let is_there = (before.is_some(), after.is_some());
            let [before, after] = [before, after].map(|found| match found {
                Some(Found::Record(record)) => Some(record),
                _ => None,
            });
            let place = kind::locate(&change.path);
            if let Some((kind, id)) = &place {
                let row = Row { before: before.as_ref().map(Entry::of), after: after.as_ref().map(Entry::of) };
                delta.rows.insert((kind.name, id.clone()), row);
            }
            delta.files.push((place, Changed { path: change.path, before, after, is_there }));
        }
        delta.sort();
        Ok(delta)
    }

    /// Sorts the records by their terms, where there are many: a question about each of them would else look at all, each time.
    fn sort(&mut self) {
        if self.rows.len() < MANY {
            return;
        }
        for ((kind, id), row) in &self.rows {
            for term in [&row.before, &row.after].into_iter().flatten().flat_map(|entry| &entry.terms) {
                self.having.entry((kind, term.clone())).or_default().insert(id.clone());
            }
        }
    }

    /// Returns the rows of a kind among which are all that fit a question, in the order of their ids.
    fn candidates(&self, kind: &'static Kind, wanted: &Select) -> Vec<&Row> {
        let having = |term: &Term| self.having.get(&(kind.name, term.clone()));
        let count = |group: &&Vec<Term>| group.iter().filter_map(having).map(BTreeSet::len).sum::<usize>();
        match wanted.groups().iter().min_by_key(count).filter(|_| !self.having.is_empty()) {
            Some(fewest) => {
                let ids: BTreeSet<&Id> = fewest.iter().filter_map(having).flatten().collect();
                ids.into_iter().filter_map(|id| self.rows.get(&(kind.name, id.clone()))).collect()
            }
            None => self.rows.iter().filter(|((name, _), _)| *name == kind.name).map(|(_, row)| row).collect(),
        }
    }

    /// Returns whether a record differs.
    pub(super) fn has(&self, kind: &Kind, id: &Id) -> bool {
        // The map is empty for most questions, and then nothing is made to look.
        !self.rows.is_empty() && self.rows.contains_key(&(kind.name, id.clone()))
    }

    /// Returns the records that differ and are found by a question now, and how many were found by it before.
    pub(super) fn found(&self, kind: &'static Kind, wanted: &Select) -> (Vec<Position>, usize) {
        let (mut now, mut before) = (Vec::new(), 0);
        for row in self.candidates(kind, wanted) {
            before += usize::from(row.before.as_ref().is_some_and(|entry| entry.fits(wanted)));
            now.extend(row.after.as_ref().filter(|entry| entry.fits(wanted)).map(|entry| entry.position.clone()));
        }
        (now, before)
    }
}

/// The records whose derived terms may differ.
pub(super) struct DerivedDelta {
    pub(super) touched: near::Named,
    /// The terms that they may have had before.
    pub(super) before: BTreeMap<(&'static str, Term), Vec<Position>>,
    /// The terms that they have now.
    pub(super) after: BTreeMap<(&'static str, Term), Vec<Position>>,
}

impl DerivedDelta {
    /// Finds out the derived terms of all records that the files touch, in the moment after.
    pub(super) fn of(delta: &Delta, snapshot: &dyn Snapshot) -> Attempt<Self> {
        let touched = near::touched(snapshot, &delta.files)?;
        let mut near = Near::new(snapshot);
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        let changed: BTreeMap<(&str, &Id), &Changed> = delta
            .files
            .iter()
            .filter_map(|(place, file)| place.as_ref().map(|(kind, id)| ((kind.name, id), file)))
            .collect();
        for (name, id) in &touched {
            let Some(kind) = Kind::find(name) else { continue };
            let old = match changed.get(&(*name, id)) {
                Some(file) => file.before.clone(),
                None => snapshot.find(kind, id).ok().flatten(),
            };
            let possible = old.iter().flat_map(derive::possible);
            add(&mut before, name, possible);
            add(&mut after, name, near.of(kind, id)?);
        }
        after.values_mut().for_each(|positions: &mut Vec<Position>| positions.sort());
        Ok(DerivedDelta { touched, before, after })
    }

    /// Returns the ids of a kind that are touched.
    pub(super) fn ids(&self, kind: &Kind) -> BTreeSet<&Id> {
        self.touched.iter().filter(|(name, _)| *name == kind.name).map(|(_, id)| id).collect()
    }
}

fn add(
    terms: &mut BTreeMap<(&'static str, Term), Vec<Position>>,
    kind: &'static str,
    having: impl IntoIterator<Item = Having>,
) {
    for Having { term, position } in having {
        terms.entry((kind, term)).or_default().push(position);
    }
}
