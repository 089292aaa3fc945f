//! Which objects of the state are missing, or are not what their names say. Every one of them is read.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use gix::objs::Kind;
use rustix::io::Errno;

use crate::base::{Error, Result};
use crate::store::git::Call;
use crate::store::objects::Objects;
use crate::store::tree::{self, DEEPEST};
use crate::store::{Oid, Store, commit, fault, history, open};

/// An object that is missing or broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Its name.
    pub id: Oid,
    /// Where it is needed.
    pub place: Place,
    /// What is wrong with it.
    pub why: String,
}

/// What an object is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It is a commit of the history.
    Commit,
    /// It is the folder at a path; the top is the empty one.
    Folder(String),
    /// It is the file at a path.
    File(String),
}

impl Store {
    /// Lists what is missing or broken of a commit, its folders and its files. The object of the commit is the first.
    ///
    /// # Errors
    /// `left_out` in a partial clone, `io` where something is there and may not be read: neither is damage.
    pub fn flaws(&self, id: Oid) -> Result<Vec<Flaw>> {
        let mut survey = Survey { store: self, sound: HashSet::new(), flaws: Vec::new() };
        if let Some(bytes) = survey.read(id, Kind::Commit, &Place::Commit)? {
            match commit::parse(id, &bytes) {
                Ok(commit) => survey.folder(commit.tree, "", 0)?,
                Err(error) => survey.flaws.push(Flaw { id, place: Place::Commit, why: error.message().to_owned() }),
            }
        }
        Ok(survey.flaws)
    }

    /// Lists the commits of a history that are missing or broken, but for those that were seen before and what led to
    /// them. Adds what it sees; what is behind such a one is not seen.
    ///
    /// # Errors
    /// As [`flaws`](Self::flaws).
    pub fn flaws_of_history(&self, tip: Oid, seen: &mut HashSet<Oid>) -> Result<Vec<Flaw>> {
        let mut flaws = Vec::new();
        let mut waiting: Vec<Oid> = seen.insert(tip).then_some(tip).into_iter().collect();
        while let Some(id) = waiting.pop() {
            match history::read(self, id) {
                Ok(commit) => waiting.extend(commit.parents.into_iter().filter(|parent| seen.insert(*parent))),
                Err(error) => flaws.push(Flaw { id, place: Place::Commit, why: why(self, id, error)? }),
            }
        }
        Ok(flaws)
    }

    /// Returns what git misses of the objects that a history has ever held; nothing where it misses none, or could not
    /// say so in `limit`. It does not open files: one that is there and broken is none that is missed.
    pub fn missed_by_git(&self, tip: Oid, limit: Duration) -> Option<String> {
        if open::promisor(&self.config).is_some() {
            return None;
        }
        let tip = tip.to_string();
        let answer = Call::new(&["rev-list", "--objects", "--quiet", &tip]).within(limit).plain().run(self).ok()?;
        (!answer.is_success()).then_some(answer.errors)
    }
}

/// Reads an object and checks that it is what its name says.
pub(super) fn read(objects: &Objects, id: Oid, kind: Kind) -> Result<Arc<[u8]>> {
    let bytes = objects.read(id, kind)?;
    match gix::objs::compute_hash(id.0.kind(), kind, &bytes) {
        Ok(hash) if Oid(hash) == id => Ok(bytes),
        _ => Err(fault::damaged(format!("object {id} is not what its name says"))),
    }
}

/// Returns what is wrong with an object that could not be read.
///
/// # Errors
/// The error itself where nothing is wrong with the object: it was left out, or may not be read by us.
pub(super) fn why(store: &Store, id: Oid, error: Error) -> Result<String> {
    if error.code() != "damaged" {
        return Err(error);
    }
    check_access(store, id)?;
    Ok(error.message().to_owned())
}

/// What we may not read is not lost. A damage that is none must not be mended.
fn check_access(store: &Store, id: Oid) -> Result<()> {
    let (folder, hex) = (store.places.objects_dir.join("pack"), id.to_string());
    let packs = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in packs.chain([store.places.objects_dir.join(&hex[..2]).join(&hex[2..])]) {
        match std::fs::File::open(&path) {
            Err(err) if is_no_damage(&err) => {
                return Err(fault::io(format!("read {}", path.display()), err));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns whether a file could not be opened for a reason that says nothing of the file: it is not ours to read, or this
/// process, or the machine, can open no more.
pub(super) fn is_no_damage(err: &std::io::Error) -> bool {
    let number = Errno::from_io_error(err);
    let is_full = number.is_some_and(|number| [Errno::MFILE, Errno::NFILE, Errno::NOMEM].contains(&number));
    is_full || err.kind() == ErrorKind::PermissionDenied
}

struct Survey<'s> {
    store: &'s Store,
    sound: HashSet<Oid>,
    flaws: Vec<Flaw>,
}

impl Survey<'_> {
    fn read(&mut self, id: Oid, kind: Kind, place: &Place) -> Result<Option<Arc<[u8]>>> {
        match read(&self.store.objects, id, kind) {
            Ok(bytes) => Ok(Some(bytes)),
            // It is there; nobody takes the memory to look at all of it.
            Err(error) if error.code() == "too_large" => Ok(Some(Arc::from([]))),
            Err(error) => {
                let why = why(self.store, id, error)?;
                self.flaws.push(Flaw { id, place: place.clone(), why });
                Ok(None)
            }
        }
    }

    fn folder(&mut self, id: Oid, path: &str, depth: usize) -> Result<()> {
        if depth > DEEPEST || self.sound.contains(&id) {
            return Ok(());
        }
        let before = self.flaws.len();
        let place = Place::Folder(path.to_owned());
        let Some(bytes) = self.read(id, Kind::Tree, &place)? else { return Ok(()) };
        let entries = match tree::parse(id, &bytes) {
            Ok(entries) => entries,
            Err(error) => {
                self.flaws.push(Flaw { id, place, why: error.message().to_owned() });
                return Ok(());
            }
        };
        for entry in entries {
            let path = tree::join(path, &String::from_utf8_lossy(&entry.name));
            if entry.is_folder() {
                self.folder(entry.id, &path, depth + 1)?;
            } else if entry.is_in_the_repository()
                && !self.sound.contains(&entry.id)
                && self.read(entry.id, Kind::Blob, &Place::File(path))?.is_some()
            {
                self.sound.insert(entry.id);
            }
        }
        if self.flaws.len() == before {
            self.sound.insert(id);
        }
        Ok(())
    }
}
