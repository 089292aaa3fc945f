//! What was laid over the records of one kind: which there are, under which numbers a [`Shelf`](super::Shelf) has them,
//! and under which terms they are found.
//!
//! A batch may lay a million of them, and asks for each of its operations. So an id stands here once and everything else
//! is numbers, and each question is answered about as fast as by what lies below.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::base::{Id, id};
use crate::records::Term;
use crate::state::Select;

/// The records of one kind.
#[derive(Default)]
pub(super) struct Laid {
    /// The places in `entries`, by id.
    places: BTreeMap<Key, u32>,
    entries: Vec<Entry>,
    /// The places of the records with a term.
    terms: BTreeMap<Term, BTreeSet<u32>>,
}

struct Entry {
    id: Rc<str>,
    /// The number of the record; nothing where it was removed.
    record: Option<u32>,
}

/// An id, in an order in which those stand together that differ only in case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key(Rc<str>);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let folded = |byte: u8| byte.to_ascii_lowercase();
        let (one, two) = (self.0.bytes().map(folded), other.0.bytes().map(folded));
        one.cmp(two).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Laid {
    /// Lays a record, or its absence, in the place of one that may have been laid before; the terms are those of both.
    pub(super) fn lay(&mut self, id: &str, record: Option<u32>, old: &[Term], new: Vec<Term>) {
        let place = match self.place(id) {
            Some(place) => place,
            None => {
                let (key, place) = (Key(id.into()), self.entries.len() as u32);
                self.entries.push(Entry { id: Rc::clone(&key.0), record });
                self.places.insert(key, place);
                place
            }
        };
        self.entries[place as usize].record = record;
        for term in old.iter().filter(|term| !new.contains(term)) {
            if let Some(places) = self.terms.get_mut(term) {
                places.remove(&place);
            }
        }
        for term in new {
            self.terms.entry(term).or_default().insert(place);
        }
    }

    fn place(&self, id: &str) -> Option<u32> {
        self.places.get(&Key(id.into())).copied()
    }

    /// Returns what was laid under an id: the number of a record, or that there is none; nothing where nothing was.
    pub(super) fn find(&self, id: &str) -> Option<Option<u32>> {
        self.place(id).map(|place| self.entries[place as usize].record)
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.place(id).is_some()
    }

    /// Returns id and number of the records that were laid, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = (Id, u32)> {
        self.everything().filter_map(|(id, record)| Some((Id::parse(id).ok()?, record?)))
    }

    /// Returns the ids with the numbers of their records, in order; none where the record was removed.
    pub(super) fn everything(&self) -> impl Iterator<Item = (&str, Option<u32>)> {
        let entries = self.places.values().map(|place| &self.entries[*place as usize]);
        entries.map(|entry| (entry.id.as_ref(), entry.record))
    }

    /// Returns the ids of the records that were laid and whose folded ids begin like this, in order.
    pub(super) fn starting(&self, folded: &str) -> impl Iterator<Item = Id> {
        // Of ids that differ only in case, the one in capitals comes first.
        let first = Key(folded.to_ascii_uppercase().into());
        let alike = self.places.range(first..).take_while(move |(key, _)| begins(&key.0, folded));
        let records = alike.map(|(_, place)| &self.entries[*place as usize]);
        records.filter(|entry| entry.record.is_some()).filter_map(|entry| Id::parse(&entry.id).ok())
    }

    /// Returns the record that was laid under an id that differs at most in case.
    pub(super) fn twin(&self, id: &str) -> Option<Id> {
        let folded = id::fold(id);
        self.starting(&folded).find(|twin| twin.len() == folded.len())
    }

    /// Returns the ids of the records that were laid and are wanted.
    pub(super) fn wanted(&self, wanted: &Select) -> Vec<Id> {
        let groups: Vec<Vec<&BTreeSet<u32>>> = wanted
            .groups()
            .iter()
            .map(|group| group.iter().filter_map(|term| self.terms.get(term)).collect())
            .collect();
        let size = |group: &Vec<&BTreeSet<u32>>| group.iter().map(|places| places.len()).sum::<usize>();
        // The group with the fewest records is gone through, the others are asked about each of them.
        let Some(least) = groups.iter().min_by_key(|group| size(group)) else {
            return self.all().map(|(id, _)| id).collect();
        };
        let candidates: BTreeSet<u32> = least.iter().copied().flatten().copied().collect();
        let fits = |place: &u32| groups.iter().all(|group| group.iter().any(|places| places.contains(place)));
        let entries = candidates.into_iter().filter(fits).map(|place| &self.entries[place as usize]);
        entries.filter_map(|entry| Id::parse(&entry.id).ok()).collect()
    }
}

fn begins(id: &str, folded: &str) -> bool {
    let start = id.as_bytes().get(..folded.len());
    start
        .is_some_and(|start| start.iter().zip(folded.bytes()).all(|(byte, wanted)| byte.to_ascii_lowercase() == wanted))
}
