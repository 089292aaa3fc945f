//! The way of a change into history: objects first, then the ref by compare-and-swap, then the word that it landed.

use gix::objs::Kind;

use super::commit::{self, Parts, Person};
use super::edit::{Draft, Edit};
use super::files::Files;
use super::queue::Queue;
use super::refs::{self, Move, Next, Outcome};
use super::{Oid, STATE_REF, Store, history, loose, pack};
use crate::base::{Error, Result, Timestamp};

/// The right to write: first in the queue of this machine. Dropping it lets the next one in.
pub struct Writer<'s> {
    store: &'s Store,
    queue: Queue,
}

/// A commit to be made, and the tip on which its maker decided.
#[derive(Debug, Clone)]
pub struct NewCommit {
    /// The tip that was seen; nothing where there was none.
    pub expected: Option<Oid>,
    /// The parents. With an expected tip, that tip or a descendant of it is among them.
    pub parents: Vec<Oid>,
    /// The commit whose tree is edited; nothing starts from an empty one.
    pub base: Option<Oid>,
    /// What is set and removed.
    pub edits: Vec<Edit>,
    /// Who made the change.
    pub author: Person,
    /// When the change was made.
    pub author_time: Timestamp,
    /// Who makes the commit.
    pub committer: Person,
    /// When the commit is made.
    pub commit_time: Timestamp,
    /// The whole message.
    pub message: String,
    /// The line for the reflog.
    pub reflog: String,
}

impl NewCommit {
    /// Returns what the commit object is made of, once its tree is known.
    pub(super) fn parts(&self, tree: Oid) -> Parts<'_> {
        Parts {
            tree,
            parents: &self.parents,
            author: &self.author,
            author_time: self.author_time,
            committer: &self.committer,
            commit_time: self.commit_time,
            message: &self.message,
        }
    }
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Published {
    /// The ref has it, and it will survive a power cut unless `coord.fsync` is off.
    Landed(Oid),
    /// The ref was no longer where the caller had seen it. Nothing was changed; decide again on the new tip.
    Moved,
}

impl<'s> Writer<'s> {
    pub(super) fn new(store: &'s Store, queue: Queue) -> Self {
        Writer { store, queue }
    }

    /// Returns the tip that was last acknowledged on this machine.
    pub fn acknowledged(&self) -> Option<Oid> {
        self.queue.notes.acknowledged
    }

    /// Returns the acknowledged tip if the ref has lost it, for the caller to merge back in: git's own compare-and-swap
    /// can overwrite a ref while `git pack-refs` runs, and a forced push or fetch overwrites whatever is there.
    ///
    /// A user who moved the ref back by hand is no exception: what was acknowledged to anybody stays in history. What
    /// can no longer be read cannot be merged.
    ///
    /// # Errors
    /// `damaged` where the history of `tip` cannot be read, `shallow` where too little of it is here to tell.
    pub fn lost(&self, tip: Option<Oid>) -> Result<Option<Oid>> {
        let (Some(tip), Some(acknowledged)) = (tip, self.acknowledged()) else { return Ok(None) };
        if acknowledged == tip || commit::read(&self.store.objects, acknowledged).is_err() {
            return Ok(None);
        }
        let is_kept = history::is_ancestor(self.store, acknowledged, tip)?;
        Ok(if is_kept { None } else { Some(acknowledged) })
    }

    /// Makes a commit and moves the state's ref to it.
    ///
    /// # Errors
    /// `ref_locked` (busy) where a git holds the ref, `disk_full`, `read_only`, `io`, `damaged`; the ref is then where
    /// it was, or, where the failure came after the move, at the new commit, which nobody was told of.
    pub fn publish(&mut self, new: NewCommit) -> Result<Published> {
        let store = self.store;
        if store.tip()? != new.expected {
            return Ok(Published::Moved);
        }
        self.check_follows(new.expected, &new.parents)?;
        let mut draft = Draft::new(store.format);
        let base = new.base.map(|id| commit::read(&store.objects, id)).transpose()?.map(|commit| commit.tree);
        let tree = draft.apply(&store.objects, base, &new.edits)?;
        let id = draft.add(Kind::Commit, commit::encode(&new.parts(tree), store.format)?.into())?;
        let (files, next) = (store.files, refs::prepare(store, id)?);
        // Crash after this: objects that nothing refers to, for `git gc` to remove.
        let beside = || sync(files, next.as_ref());
        let _kept = match draft.fresh.len() >= pack::MANY {
            true => pack::write(store, &draft, &beside)?,
            false => loose::write(store, &draft, &beside).map(|()| None)?,
        };
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

    /// Moves the state's ref forward to a commit that exists, as when a fetched state is adopted.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); `not_forward` where `to` does not descend from `expected`.
    pub fn advance(
        &mut self,
        expected: Option<Oid>,
        to: Oid,
        by: &Person,
        at: Timestamp,
        reflog: &str,
    ) -> Result<Published> {
        commit::read(&self.store.objects, to)?;
        self.check_follows(expected, &[to])?;
        let next = refs::prepare(self.store, to)?;
        sync(self.store.files, next.as_ref())?;
        let next = next.as_ref();
        self.move_ref(Move { name: STATE_REF, expected, new: to, committer: by, time: at, reason: reflog, next })
    }

    /// Nothing that was in history may drop out of it.
    fn check_follows(&self, expected: Option<Oid>, parents: &[Oid]) -> Result<()> {
        let Some(expected) = expected else { return Ok(()) };
        if parents.contains(&expected) {
            return Ok(());
        }
        for &parent in parents {
            if history::is_ancestor(self.store, expected, parent)? {
                return Ok(());
            }
        }
        Err(Error::fatal("not_forward", format!("cannot move {STATE_REF}: the new commit does not follow {expected}")))
    }

    fn move_ref(&mut self, mut change: Move<'_>) -> Result<Published> {
        // Git takes a line of the reflog whose time is 0 for a broken one and hides it.
        change.time = change.time.max(Timestamp::from_seconds(1));
        match refs::update(self.store, &change, &mut self.queue)? {
            Outcome::Landed => {
                // Crash before this: the ref is moved and nobody was told, which is what a crash may do.
                self.queue.acknowledge(change.new)?;
                Ok(Published::Landed(change.new))
            }
            Outcome::Moved => Ok(Published::Moved),
            Outcome::Unable => {
                Err(Error::fatal("ref_refused", format!("cannot move {STATE_REF}: no way to do it here")))
            }
        }
    }
}

fn sync(files: Files, next: Option<&Next>) -> Result<()> {
    next.map_or(Ok(()), |next| next.sync(files))
}
