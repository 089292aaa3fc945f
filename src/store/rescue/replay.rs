//! The history made again without what cannot be read.
//!
//! A commit is whole where it, all that it holds and all that led to it can be read; such a one stays what it is. One
//! that is not whole is made again on what became of its parents: the same author, time and words, and the same files but
//! for those that cannot be read, which stay as they were before it. One whose own object or top folder cannot be read
//! is gone, and those that followed it follow what led to it.
//!
//! ```text
//! before   A ── B ── C ── D         B has a file that is broken, C's top folder is gone
//! after    A ── B'─────── D'        B' has that file as A had it; D' all that D has
//! ```
//!
//! Nothing is written here: what is made waits in memory until it is asked for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use gix::objs::Kind;

use super::survey;
use crate::base::Result;
use crate::store::commit::{self, Commit};
use crate::store::tree::{self, DEEPEST, Raw};
use crate::store::{Oid, Store};

/// What becomes of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stays what it is.
    Whole,
    /// It was made again.
    Remade(Oid),
    /// It cannot be read. What became of those that led to it.
    Gone(Vec<Oid>),
}

/// A history that is being made again.
pub struct Replay<'s> {
    pub(super) store: &'s Store,
    /// What led to a commit, as far as others than the commit know it.
    told: HashMap<Oid, Vec<Oid>>,
    /// Objects whose bytes are known from elsewhere.
    known: HashMap<Oid, (Kind, Arc<[u8]>)>,
    /// Objects that have to be written.
    pub(super) fresh: BTreeMap<Oid, (Kind, Arc<[u8]>)>,
    /// Whether a folder with all in it, or a file, can be read.
    sound: HashMap<Oid, bool>,
    mended: HashMap<(Oid, Option<Oid>), Option<Oid>>,
    fates: HashMap<Oid, Fate>,
    /// Objects that are there, or should be, and are no good.
    pub(super) broken: BTreeMap<Oid, String>,
}

impl<'s> Replay<'s> {
    /// Begins. `told` says what led to commits that may not be able to say so themselves.
    pub fn new(store: &'s Store, told: HashMap<Oid, Vec<Oid>>) -> Self {
        Replay {
            store,
            told,
            known: HashMap::new(),
            fresh: BTreeMap::new(),
            sound: HashMap::new(),
            mended: HashMap::new(),
            fates: HashMap::new(),
            broken: BTreeMap::new(),
        }
    }

    /// Returns what becomes of a commit.
    ///
    /// # Errors
    /// `left_out` in a partial clone, `io` where something is there and may not be read: neither is damage.
    pub fn fate(&mut self, id: Oid) -> Result<Fate> {
        let mut waiting = vec![(id, false)];
        let mut begun: HashMap<Oid, Vec<Oid>> = HashMap::new();
        while let Some((id, are_parents_settled)) = waiting.pop() {
            if self.fates.contains_key(&id) {
                continue;
            }
            if are_parents_settled {
                let parents = begun.get(&id).cloned().unwrap_or_default();
                let fate = self.settle(id, &parents)?;
                self.fates.insert(id, fate);
                continue;
            }
            let parents = self.parents(id)?;
            waiting.push((id, true));
            // What is told may be wrong, and lead in a circle.
            let new = parents.iter().filter(|parent| !begun.contains_key(*parent)).map(|parent| (*parent, false));
            waiting.extend(new.collect::<Vec<_>>());
            begun.insert(id, parents);
        }
        Ok(self.fates[&id].clone())
    }

    /// Returns the commits that cannot be read, of those that were looked at.
    pub fn gone(&self) -> Vec<Oid> {
        let mut gone: Vec<Oid> =
            self.fates.iter().filter(|(_, fate)| matches!(fate, Fate::Gone(_))).map(|(id, _)| *id).collect();
        gone.sort();
        gone
    }

    /// Returns a commit as it is, be it whole or not; nothing where it cannot be read.
    ///
    /// # Errors
    /// As [`fate`](Self::fate).
    pub fn original(&mut self, id: Oid) -> Result<Option<Commit>> {
        Ok(self.read_commit(id)?.map(|(commit, _)| commit))
    }

    /// Returns what led to a commit, as others than the commit know it.
    pub fn led_to(&self, id: Oid) -> Vec<Oid> {
        self.told.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn fates(&self) -> Vec<(Oid, Fate)> {
        let mut fates: Vec<(Oid, Fate)> = self.fates.iter().map(|(id, fate)| (*id, fate.clone())).collect();
        fates.sort_by_key(|(id, _)| *id);
        fates
    }

    /// Returns the top folder of a commit as it is; nothing where one of the two cannot be read.
    pub(super) fn root_of(&mut self, id: Oid) -> Result<Option<Oid>> {
        let Some((commit, _)) = self.read_commit(id)? else { return Ok(None) };
        Ok(self.read_folder(commit.tree)?.map(|_| commit.tree))
    }

    /// Returns whether anything was missing or broken, of what was looked at, that could not be had from elsewhere.
    pub fn has_gaps(&self) -> bool {
        !self.broken.is_empty()
    }

    /// Returns what was written on a commit that was made again, or that is whole.
    ///
    /// # Errors
    /// `damaged` where it is neither.
    pub fn commit(&self, id: Oid) -> Result<Commit> {
        match self.fresh.get(&id) {
            Some((Kind::Commit, bytes)) => commit::parse(id, bytes),
            _ => crate::store::history::read(self.store, id),
        }
    }

    fn parents(&mut self, id: Oid) -> Result<Vec<Oid>> {
        match self.read_commit(id)? {
            Some((commit, _)) => Ok(commit.parents),
            None => Ok(self.told.get(&id).cloned().unwrap_or_default()),
        }
    }

    fn settle(&mut self, id: Oid, parents: &[Oid]) -> Result<Fate> {
        let mut led: Vec<Oid> = Vec::new();
        for parent in parents {
            let stand_ins = match self.fates.get(parent) {
                Some(Fate::Whole) => vec![*parent],
                Some(Fate::Remade(id)) => vec![*id],
                Some(Fate::Gone(ids)) => ids.clone(),
                None => Vec::new(),
            };
            stand_ins.into_iter().for_each(|id| {
                if !led.contains(&id) {
                    led.push(id)
                }
            });
        }
        let Some((commit, bytes)) = self.read_commit(id)? else { return Ok(Fate::Gone(led)) };
        let are_parents_whole = led == commit.parents;
        if are_parents_whole && self.is_sound(commit.tree, 0)? {
            return Ok(Fate::Whole);
        }
        if self.read_folder(commit.tree)?.is_none() {
            return Ok(Fate::Gone(led));
        }
        let before = led.first().map(|id| self.commit(*id)).transpose()?.map(|commit| commit.tree);
        let Some(tree) = self.mend(commit.tree, before, 0)? else { return Ok(Fate::Gone(led)) };
        self.make(Kind::Commit, with(&bytes, tree, &led).into()).map(Fate::Remade)
    }

    /// Reads a commit with its bytes; of one at which history was cut, without its parents.
    fn read_commit(&mut self, id: Oid) -> Result<Option<(Commit, Arc<[u8]>)>> {
        let Some(bytes) = self.read(id, Kind::Commit)? else { return Ok(None) };
        match commit::parse(id, &bytes) {
            Ok(mut commit) => {
                if self.store.is_shallow(id)? {
                    commit.parents.clear();
                }
                Ok(Some((commit, bytes)))
            }
            Err(error) => {
                self.broken.insert(id, error.message().to_owned());
                Ok(None)
            }
        }
    }

    pub(super) fn read_folder(&mut self, id: Oid) -> Result<Option<Vec<Raw>>> {
        let Some(bytes) = self.read(id, Kind::Tree)? else { return Ok(None) };
        match tree::parse(id, &bytes) {
            Ok(entries) => Ok(Some(entries)),
            Err(error) => {
                self.broken.insert(id, error.message().to_owned());
                Ok(None)
            }
        }
    }

    /// Reads an object, or makes it again where its bytes are known; nothing where it is missing or broken.
    pub(super) fn read(&mut self, id: Oid, kind: Kind) -> Result<Option<Arc<[u8]>>> {
        if let Some((_, bytes)) = self.fresh.get(&id).filter(|(fresh, _)| *fresh == kind) {
            return Ok(Some(Arc::clone(bytes)));
        }
        if self.broken.contains_key(&id) {
            return Ok(None);
        }
        match survey::read(&self.store.objects, id, kind) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.code() == "too_large" => Ok(Some(Arc::from([]))),
            Err(error) => {
                let why = survey::why(self.store, id, error)?;
                if !self.known.contains_key(&id)
                    && let Some(bytes) = self.store.ask_git_for(id, kind)?
                {
                    self.known.insert(id, (kind, bytes.into()));
                }
                if let Some((_, bytes)) = self.known.get(&id).filter(|(known, _)| *known == kind).cloned() {
                    self.fresh.insert(id, (kind, Arc::clone(&bytes)));
                    return Ok(Some(bytes));
                }
                self.broken.insert(id, why);
                Ok(None)
            }
        }
    }

    /// Returns whether a folder and all in it can be read.
    fn is_sound(&mut self, id: Oid, depth: usize) -> Result<bool> {
        if depth > DEEPEST {
            return Ok(true);
        }
        if let Some(known) = self.sound.get(&id) {
            return Ok(*known);
        }
        let mut is_sound = true;
        match self.read_folder(id)? {
            None => is_sound = false,
            Some(entries) => {
                // All of them, also behind one that is not sound: what is broken is set aside later.
                for entry in entries {
                    is_sound &= self.is_entry_sound(&entry, depth)?;
                }
            }
        }
        self.sound.insert(id, is_sound);
        Ok(is_sound)
    }

    fn is_entry_sound(&mut self, entry: &Raw, depth: usize) -> Result<bool> {
        if entry.is_folder() {
            return self.is_sound(entry.id, depth + 1);
        }
        if !entry.is_in_the_repository() {
            return Ok(true);
        }
        if let Some(known) = self.sound.get(&entry.id) {
            return Ok(*known);
        }
        let is_sound = self.read(entry.id, Kind::Blob)?.is_some();
        self.sound.insert(entry.id, is_sound);
        Ok(is_sound)
    }

    /// Returns a folder with what cannot be read in it as it is in `before`; nothing where nothing is left of it.
    fn mend(&mut self, id: Oid, before: Option<Oid>, depth: usize) -> Result<Option<Oid>> {
        if self.is_sound(id, depth)? {
            return Ok(Some(id));
        }
        if let Some(known) = self.mended.get(&(id, before)) {
            return Ok(*known);
        }
        let mended = match self.read_folder(id)? {
            None => before,
            Some(entries) => {
                let before = before.map(|id| self.read_folder(id)).transpose()?.flatten().unwrap_or_default();
                let mut after = Vec::with_capacity(entries.len());
                for entry in entries {
                    let old = before.iter().find(|old| old.name == entry.name && old.is_folder() == entry.is_folder());
                    after.extend(self.mend_entry(entry, old, depth)?);
                }
                if after.is_empty() { None } else { Some(self.make(Kind::Tree, tree::encode(&after).into())?) }
            }
        };
        self.mended.insert((id, before), mended);
        Ok(mended)
    }

    fn mend_entry(&mut self, entry: Raw, old: Option<&Raw>, depth: usize) -> Result<Option<Raw>> {
        if entry.is_folder() {
            let id = self.mend(entry.id, old.map(|old| old.id), depth + 1)?;
            return Ok(id.map(|id| Raw { id, ..entry }));
        }
        if self.is_entry_sound(&entry, depth)? { Ok(Some(entry)) } else { Ok(old.cloned()) }
    }

    fn make(&mut self, kind: Kind, bytes: Arc<[u8]>) -> Result<Oid> {
        let id = self.store.format.name(kind, &bytes)?;
        if kind == Kind::Tree {
            self.sound.insert(id, true);
        }
        // Also where there is one of that name: what is old and of nobody might be pruned any moment.
        self.fresh.insert(id, (kind, bytes));
        Ok(id)
    }

    /// Says that the bytes of an object are known, should it be missing.
    pub(super) fn learn(&mut self, id: Oid, kind: Kind, bytes: Arc<[u8]>) {
        self.known.insert(id, (kind, bytes));
    }
}

/// Returns a commit with another tree and other parents. A signature is left out: it would be one of something else.
fn with(bytes: &[u8], tree: Oid, parents: &[Oid]) -> Vec<u8> {
    let mut text = format!("tree {tree}\n").into_bytes();
    parents.iter().for_each(|parent| text.extend_from_slice(format!("parent {parent}\n").as_bytes()));
    let mut is_header = true;
    let mut is_left_out = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if is_header {
            let starts = |words: &[&str]| words.iter().any(|word| line.starts_with(word.as_bytes()));
            is_header = line != b"\n";
            is_left_out = starts(&["tree ", "parent ", "gpgsig ", "gpgsig-sha256 "]) || is_left_out && starts(&[" "]);
        }
        if !is_left_out || !is_header {
            text.extend_from_slice(line);
        }
    }
    text
}

impl Store {
    /// Asks git for an object that cannot be read here: it may know another copy. What it says is checked.
    fn ask_git_for(&self, id: Oid, kind: Kind) -> Result<Option<Vec<u8>>> {
        if matches!(self.objects.kind(id), Ok(None)) {
            return Ok(None);
        }
        let (name, kind_name) = (id.to_string(), kind.to_string());
        let call = crate::store::git::Call::new(&["--no-replace-objects", "cat-file", &kind_name, &name]);
        let Ok((true, bytes)) = call.plain().bytes(self) else { return Ok(None) };
        Ok((self.format.name(kind, &bytes)? == id).then_some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ObjectFormat;

    #[test]
    fn a_commit_made_again_keeps_its_words_and_loses_its_signature() {
        let zero = ObjectFormat::Sha1.zero();
        let before = format!(
            "tree {one}\nparent {one}\nparent {one}\nauthor A <a@b> 1 +0200\ncommitter C <c@d> 2 +0000\n\
             gpgsig -----BEGIN\n line\n \n -----END\nencoding x\n\nSubject\n\nparent of all\n gpgsig \n",
            one = "1".repeat(40)
        );
        let after = format!(
            "tree {zero}\nparent {zero}\nauthor A <a@b> 1 +0200\ncommitter C <c@d> 2 +0000\nencoding x\n\nSubject\n\n\
             parent of all\n gpgsig \n"
        );
        assert_eq!(String::from_utf8(with(before.as_bytes(), zero, &[zero])).expect("text"), after);
    }
}
