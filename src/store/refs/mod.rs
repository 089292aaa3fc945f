//! Refs: reading one, and moving one by compare-and-swap.
//!
//! Two implementations of one trait: `files` follows git's own protocol for refs kept as files; `git` asks git, for
//! the reftable format, for repositories with a `reference-transaction` hook, and for file systems whose locks are
//! not known to work. `tests/it/store/contract.rs` runs one suite on both.

mod files;
mod git;
mod lock;
mod reflog;

use super::commit::Person;
use super::queue::Queue;
use super::rescue::Seen;
use super::{Oid, RefBackend, Store};
use crate::base::{Result, Timestamp};

pub(super) use lock::{Next, left, recover, vouch_for};

/// A move of a ref from a value that must be the present one.
pub(super) struct Move<'a> {
    pub(super) name: &'a str,
    /// Nothing means that the ref must not exist.
    pub(super) expected: Option<Oid>,
    pub(super) new: Oid,
    pub(super) committer: &'a Person,
    pub(super) time: Timestamp,
    pub(super) reason: &'a str,
    /// The file that is to become the ref, prepared; nothing where git moves the ref.
    pub(super) next: Option<&'a Next>,
}

/// What became of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The ref has the new value.
    Landed,
    /// The ref had another value than the expected one, and has it still.
    Moved,
    /// This implementation cannot work here; nothing was changed.
    Unable,
}

/// Refs of one repository.
pub(super) trait Refs {
    /// Returns the object that a ref names; nothing where there is no such ref.
    fn read(&self, name: &str) -> Result<Option<Oid>>;

    /// Moves a ref if it has the expected value.
    fn update(&self, change: &Move<'_>, queue: &mut Queue) -> Result<Outcome>;
}

/// Reads a ref the cheapest way there is.
pub(super) fn read(store: &Store, name: &str) -> Result<Option<Oid>> {
    match store.backend {
        RefBackend::Files => files::Files { store }.read(name),
        RefBackend::Reftable => git::Git { store }.read(name),
    }
}

/// Returns what a ref holds, be it what it may.
pub(super) fn look(store: &Store, name: &str) -> Result<Seen> {
    match store.backend {
        RefBackend::Files => files::Files { store }.look(name),
        RefBackend::Reftable => match (git::Git { store }).read(name) {
            Ok(None) => Ok(Seen::Absent),
            Ok(Some(id)) => Ok(Seen::Names(id)),
            Err(error) if error.code() == "damaged" => {
                Ok(Seen::Broken { bytes: Vec::new(), why: error.message().to_owned() })
            }
            Err(error) => Err(error),
        },
    }
}

/// Puts a value in the place of a ref that holds these bytes and names nothing, which no git would move.
pub(super) fn overwrite(store: &Store, change: &Move<'_>, seen: &[u8], queue: &mut Queue) -> Result<Outcome> {
    match store.backend {
        RefBackend::Files => files::Files { store }.overwrite(change, seen, queue),
        RefBackend::Reftable => Ok(Outcome::Unable),
    }
}

/// Notes a move in the reflog that has happened already.
pub(super) fn note(store: &Store, change: &Move<'_>) -> Result<()> {
    reflog::append(store, change)
}

/// Takes lines out of the reflog of a ref that names `tip`, whose commits are not good; false where only git can.
pub(super) fn filter_reflog(
    store: &Store,
    name: &str,
    tip: Oid,
    is_good: &dyn Fn(&str) -> bool,
    queue: &mut Queue,
) -> Result<bool> {
    if store.backend != RefBackend::Files {
        return Ok(false);
    }
    let next = Next::write(store, tip)?;
    let lock::Taken::Held(lock) = lock::Lock::take(store, name, &next, queue)? else { return Ok(false) };
    let filtered = reflog::filter(store, name, is_good);
    lock.release(queue)?;
    filtered.map(|()| true)
}

/// Prepares the file that is to become a ref, for a value that is there already.
pub(super) fn prepare(store: &Store, value: Oid) -> Result<Option<Next>> {
    prepare_by(store, value, Next::write)
}

/// Prepares the file that is to become a ref. It is waited for together with the objects, which are to be written next.
pub(super) fn prepare_with_objects(store: &Store, value: Oid) -> Result<Option<Next>> {
    prepare_by(store, value, Next::begin)
}

fn prepare_by(store: &Store, value: Oid, make: fn(&Store, Oid) -> Result<Next>) -> Result<Option<Next>> {
    // What an earlier attempt was waiting for concerns nobody any more.
    store.waiters.finish();
    if store.writes_refs_itself() { make(store, value).map(Some) } else { Ok(None) }
}

/// Moves a ref, by the writer that suits the repository.
pub(super) fn update(store: &Store, change: &Move<'_>, queue: &mut Queue) -> Result<Outcome> {
    if change.next.is_some() {
        let outcome = files::Files { store }.update(change, queue)?;
        if outcome != Outcome::Unable {
            return Ok(outcome);
        }
    }
    git::Git { store }.update(change, queue)
}
