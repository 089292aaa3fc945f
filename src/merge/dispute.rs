//! Values that found no place in what a merge made, and the conflicts that keep them.
//!
//! A conflict is made from the values alone, so that it is the same whichever merge found it; two of them unite. None
//! of this makes a conflict in its turn: what unites here never fails, and never forgets a value.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{MERGER, NOBODY};
use crate::base::id::digest_of;
use crate::base::{Id, Timestamp};
use crate::records::conflict::{CONFLICT, Candidate, Status, hash_of, id_of, is_hash, text_of, value_path};
use crate::records::{Conflict, Stamp, check, codec};

/// The most bytes, as JSON, of a value that stands in the conflict itself.
const LONGEST_INSIDE: usize = 512;

/// The most values that stand in one conflict, the latest; those before lie beside it.
const MOST_INSIDE: usize = 32;

/// Values of one part, of which only one could be kept in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispute {
    /// The record as `kind/id`, or the path of a file that is no record.
    pub record: String,
    /// The part, or [`WHOLE`](crate::records::conflict::WHOLE).
    pub field: String,
    /// What both sides began from.
    pub base: Option<Held>,
    /// The values with their stamps.
    pub values: Vec<(Held, Stamp)>,
}

/// A value of a field, or the bytes of a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// A value; null where there is none any more.
    Value(Value),
    /// A file that is no text.
    Bytes(Arc<[u8]>),
}

/// A conflict, and the files of the values that do not stand in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    pub(super) conflict: Conflict,
    /// The values by their hash.
    pub(super) outside: BTreeMap<String, Arc<[u8]>>,
}

impl Held {
    /// Returns what a file holds.
    pub fn of_file(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Held::Value(text.into()),
            Err(_) => Held::Bytes(bytes.into()),
        }
    }

    fn hash(&self) -> String {
        match self {
            Held::Value(value) => hash_of(value),
            Held::Bytes(bytes) => digest_of(bytes),
        }
    }

    fn inside(&self) -> Option<&Value> {
        match self {
            Held::Value(value) if text_of(value).len() <= LONGEST_INSIDE => Some(value),
            _ => None,
        }
    }

    /// What a file of its own holds: a text as it is, any other value as JSON.
    fn outside(&self) -> Arc<[u8]> {
        match self {
            Held::Value(Value::String(text)) => text.as_bytes().into(),
            Held::Value(value) => text_of(value).into_bytes().into(),
            Held::Bytes(bytes) => bytes.clone(),
        }
    }
}

impl Dispute {
    /// Returns the conflict that keeps the values.
    pub(super) fn kept(&self) -> Kept {
        let (record, field) = (named(&self.record), named(&self.field));
        let id = id_of(&record, &field);
        let stamps = self.values.iter().map(|(_, stamp)| stamp);
        let (first, last) = (stamps.clone().min().cloned(), stamps.max().cloned());
        let moment = |stamp: Option<Stamp>| stamp.map_or(Timestamp::EPOCH, |stamp| stamp.0);
        let mut conflict = Conflict::new(id.clone(), moment(first), MERGER);
        conflict.updated_at = moment(last);
        let mut outside = BTreeMap::new();
        let mut put = |held: &Held| match held.inside() {
            Some(value) => (value.clone(), None),
            None => {
                outside.insert(held.hash(), held.outside());
                (Value::Null, Some(uri(&id, &held.hash())))
            }
        };
        if let Some(base) = &self.base {
            let (value, uri) = put(base);
            conflict.base = Some(value).filter(|value| !value.is_null());
            conflict.base_uri = uri;
        }
        for (held, Stamp(at, by)) in &self.values {
            let (value, uri) = put(held);
            // The stamps of a record may name anybody; a conflict may not.
            let by = if check::name("by", by).is_ok() { by.clone() } else { NOBODY.to_owned() };
            let candidate = Candidate { value, uri, by, at: *at, rest: BTreeMap::new() };
            add(&mut conflict.values, held.hash(), candidate);
        }
        (conflict.record, conflict.field) = (record, field);
        Kept { conflict, outside }
    }
}

/// A name that is too long or holds control characters, which only a file made for it has, gives way to its hash.
fn named(name: &str) -> String {
    if check::title("name", name).is_ok() { name.to_owned() } else { format!("sha256:{}", digest_of(name.as_bytes())) }
}

fn uri(conflict: &Id, hash: &str) -> String {
    format!("coord://{}", value_path(conflict, hash))
}

/// Unites two conflicts about the same part: the values of both, the later choice.
pub(super) fn united(a: &Conflict, b: &Conflict) -> Kept {
    let mut conflict = a.clone();
    let bases = [(&a.base, &a.base_uri), (&b.base, &b.base_uri)];
    let base = bases.into_iter().min_by_key(|(base, uri)| (text_of(&serde_json::json!(base)), (*uri).clone()));
    (conflict.base, conflict.base_uri) = base.map(|(base, uri)| (base.clone(), uri.clone())).unwrap_or_default();
    conflict.values.clear();
    for (hash, candidate) in a.values.iter().chain(&b.values) {
        // What somebody else wrote is no name of a file before it looks like one.
        let hash =
            if is_hash(hash) { hash.clone() } else { hash_of(&serde_json::json!([candidate.value, candidate.uri])) };
        add(&mut conflict.values, hash, candidate.clone());
    }
    let choice = [a, b].into_iter().max_by_key(|it| (it.resolved_at, it.resolved_by.clone(), it.chosen.clone()));
    let choice = choice.unwrap_or(a);
    (conflict.resolved_at, conflict.resolved_by) = (choice.resolved_at, choice.resolved_by.clone());
    conflict.chosen.clone_from(&choice.chosen);
    conflict.record = a.record.clone().min(b.record.clone());
    conflict.field = a.field.clone().min(b.field.clone());
    conflict.body = a.body.clone().min(b.body.clone());
    let pair = |it: &Conflict, is_first: bool| match is_first {
        true => Stamp(it.created_at, it.created_by.clone()),
        false => Stamp(it.updated_at, it.updated_by.clone()),
    };
    Stamp(conflict.created_at, conflict.created_by) = pair(a, true).min(pair(b, true));
    Stamp(conflict.updated_at, conflict.updated_by) = pair(a, false).max(pair(b, false));
    for (key, stamp) in &b.edited {
        let later = conflict.edited.get(key).map_or(stamp, |other| other.max(stamp)).clone();
        conflict.edited.insert(key.clone(), later);
    }
    for (name, value) in &b.rest {
        let other = conflict.rest.get(name).filter(|other| text_of(other) >= text_of(value));
        let value = other.unwrap_or(value).clone();
        conflict.rest.insert(name.clone(), value);
    }
    conflict.status = status(&conflict, a, b);
    let mut kept = Kept { conflict, outside: BTreeMap::new() };
    kept.shorten();
    kept
}

/// A choice holds until a value comes that is newer than it. Words that this version does not know are kept.
fn status(united: &Conflict, a: &Conflict, b: &Conflict) -> Status {
    let words = [&a.status, &b.status];
    if let Some(word) = words.into_iter().filter(|word| matches!(word, Status::Other(_))).max() {
        return word.clone();
    }
    match united.resolved_at {
        Some(chosen_at) if united.values.values().all(|candidate| candidate.at <= chosen_at) => Status::Resolved,
        Some(_) => Status::Open,
        None => words.into_iter().max().cloned().unwrap_or_default(),
    }
}

/// Adds a value; of the same value set twice the later time counts, for a choice may lie between.
fn add(values: &mut BTreeMap<String, Candidate>, hash: String, candidate: Candidate) {
    let key = |it: &Candidate| (it.at, it.by.clone(), text_of(&serde_json::json!(it)));
    match values.get(&hash) {
        Some(known) if key(known) >= key(&candidate) => {}
        _ => {
            values.insert(hash, candidate);
        }
    }
}

impl Kept {
    /// Takes in another conflict about the same part.
    pub(super) fn absorb(&mut self, other: Kept) {
        let Kept { conflict, outside } = united(&self.conflict, &other.conflict);
        self.conflict = conflict;
        self.outside.extend(other.outside);
        self.outside.extend(outside);
    }

    /// Leaves the latest values in the conflict and lays the others beside it, where they stay.
    fn shorten(&mut self) {
        while self.conflict.values.len() > MOST_INSIDE {
            let values = self.conflict.values.iter();
            let Some(oldest) = values.min_by_key(|(hash, it)| (it.at, &it.by, *hash)).map(|(hash, _)| hash.clone())
            else {
                return;
            };
            if let Some(candidate) = self.conflict.values.remove(&oldest).filter(|candidate| candidate.uri.is_none()) {
                self.outside.insert(oldest, Held::Value(candidate.value).outside());
            }
        }
    }

    /// Lays all values beside the conflict that do not lie there yet.
    pub(super) fn empty(&mut self) {
        let id = self.conflict.id.clone();
        for (hash, candidate) in self.conflict.values.iter_mut().filter(|(_, candidate)| candidate.uri.is_none()) {
            let value = Held::Value(std::mem::take(&mut candidate.value));
            self.outside.insert(hash.clone(), value.outside());
            candidate.uri = Some(uri(&id, hash));
        }
        if let Some(base) = self.conflict.base.take().map(Held::Value) {
            self.outside.insert(base.hash(), base.outside());
            self.conflict.base_uri = Some(uri(&id, &base.hash()));
        }
    }

    /// Returns the file of the conflict, and those of the values beside it. A conflict for which there is no room, as
    /// only one has that was made for it, loses what this version does not know of it, and no value.
    pub(super) fn files(mut self) -> BTreeMap<String, Arc<[u8]>> {
        let mut file = codec::encode(&self.conflict);
        if file.is_err() {
            self.empty();
            file = codec::encode(&self.conflict);
        }
        if file.is_err() {
            self.conflict.rest.clear();
            self.conflict.values.values_mut().for_each(|candidate| candidate.rest.clear());
            file = codec::encode(&self.conflict);
        }
        let id = &self.conflict.id;
        let beside = self.outside.into_iter().map(|(hash, bytes)| (value_path(id, &hash), bytes));
        let mut files: BTreeMap<String, Arc<[u8]>> = beside.collect();
        files.extend(file.ok().map(|bytes| (CONFLICT.path(id), bytes.into())));
        files
    }
}
