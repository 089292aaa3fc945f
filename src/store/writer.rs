//! The way of a change into history: objects first, then the ref by compare-and-swap, then the word that it landed.

use gix::objs::Kind;

use super::commit::{self, Parts, Person};
use super::edit::{Draft, Edit};
use super::landing::{self, Landing};
use super::queue::Queue;
use super::refs::{self, Move, Outcome};
use super::rescue::Written;
use super::{Oid, Request, STATE_REF, Signing, Store, history, loose, pack, sign, waiters};
use crate::base::{Error, Result, Timestamp};

/// The right to write: first in the queue of this machine. Dropping it lets the next one in.
pub struct Writer<'s> {
    pub(super) store: &'s Store,
    pub(super) queue: Queue,
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
    /// Whether it is signed.
    pub signing: Signing,
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

/// Commits on their way, each on the one before it; the ref gets the last. They can be read already.
pub struct Chain {
    expected: Option<Oid>,
    head: Option<Oid>,
    objects: Draft,
    last: Option<(Person, Timestamp)>,
    commits: usize,
}

impl Chain {
    /// Returns the last commit so far, or the tip on which the first is to be made.
    pub fn head(&self) -> Option<Oid> {
        self.head
    }

    /// Returns how many commits there are.
    pub fn len(&self) -> usize {
        self.commits
    }

    /// Returns whether there is no commit.
    pub fn is_empty(&self) -> bool {
        self.commits == 0
    }
}

impl<'s> Writer<'s> {
    pub(super) fn begin(store: &'s Store, mut queue: Queue) -> Result<Self> {
        refs::recover(store, STATE_REF, &mut queue)?;
        refs::vouch_for(store, STATE_REF, &queue)?;
        Ok(Writer { store, queue })
    }

    /// Brings to its end what a dead holder of the lock had begun for others.
    pub(super) fn settle(&mut self, names: &[String]) -> Result<()> {
        landing::settle(self.store, names, &mut self.queue)
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
    /// As [`add`](Self::add) and [`publish_all`](Self::publish_all).
    pub fn publish(&mut self, new: NewCommit) -> Result<Published> {
        let (mut chain, reflog) = (self.chain(new.expected), new.reflog.clone());
        self.add(&mut chain, new)?;
        self.publish_all(chain, &reflog, &[])
    }

    /// Begins a chain on a tip, in place of one that was begun before.
    pub fn chain(&self, expected: Option<Oid>) -> Chain {
        self.store.objects.drop_pending();
        Chain { expected, head: expected, objects: Draft::new(self.store.format), last: None, commits: 0 }
    }

    /// Makes a commit on top of a chain, whose head it expects to be on. Nothing is written yet.
    ///
    /// # Errors
    /// `bad_path`, `path_clash`, `bad_message`, `damaged`, `not_forward`, `sign_failed`; the chain is then as it was.
    pub fn add(&self, chain: &mut Chain, new: NewCommit) -> Result<Oid> {
        let store = self.store;
        self.check_follows(chain.head, &new.parents)?;
        let mut draft = Draft::new(store.format);
        let base = new.base.map(|id| commit::read(&store.objects, id)).transpose()?.map(|commit| commit.tree);
        let tree = draft.apply(&store.objects, base, &new.edits)?;
        let id = draft.add(Kind::Commit, sign::encode(store, &new, tree)?.into())?;
        store.objects.add_pending(&draft.fresh);
        chain.objects.absorb(draft);
        (chain.head, chain.last, chain.commits) = (Some(id), Some((new.committer, new.commit_time)), chain.commits + 1);
        Ok(id)
    }

    /// Writes the commits of a chain and moves no ref. What is returned keeps them until a ref leads to them.
    ///
    /// Crash after this: objects that nothing refers to, for `git gc` to remove.
    ///
    /// # Errors
    /// `disk_full`, `read_only`, `io`.
    pub fn keep(&self, chain: &Chain) -> Result<Written> {
        let objects = &chain.objects;
        let kept = match objects.fresh.len() {
            pack::MANY.. => pack::write(self.store, objects),
            _ => loose::write(self.store, objects).map(|()| None),
        };
        let kept = kept.and_then(|kept| waiters::check(self.store.waiters.finish()).map(|()| kept));
        match &kept {
            Ok(_) => self.store.objects.settle_pending(),
            Err(_) => self.store.objects.drop_pending(),
        }
        kept.map(Written::new)
    }

    /// Moves the state's ref to the last commit of a chain, and then gives those who have asked for it their answers.
    ///
    /// # Errors
    /// `ref_locked` (busy) where a git holds the ref, `disk_full`, `read_only`, `io`, `damaged`; the ref is then where
    /// it was, or, where the failure came after the move, at the new commit, which nobody was told of.
    pub fn publish_all(&mut self, chain: Chain, reflog: &str, answers: &[(&Request, Vec<u8>)]) -> Result<Published> {
        let landed = match (chain.head, &chain.last) {
            (Some(id), Some(by)) => self.write(&chain, id, by, reflog, answers),
            _ => Err(Error::fatal("internal", "cannot move the ref: there is no commit to move it to")),
        };
        match landed {
            Ok(Published::Landed(_)) => self.store.objects.settle_pending(),
            _ => self.store.objects.drop_pending(),
        }
        landed
    }

    /// Writes the objects and moves the ref. While the names of the objects are waited for the ref is locked.
    fn write(
        &mut self,
        chain: &Chain,
        id: Oid,
        (committer, time): &(Person, Timestamp),
        reflog: &str,
        answers: &[(&Request, Vec<u8>)],
    ) -> Result<Published> {
        let (store, objects) = (self.store, &chain.objects);
        let next = refs::prepare_with_objects(store, id)?;
        // Crash after this: objects that nothing refers to, for `git gc` to remove.
        let _kept = match objects.fresh.len() {
            pack::MANY_OF_A_GROUP.. if chain.commits > 1 => pack::group::write(store, objects, id)?,
            pack::MANY.. => pack::write(store, objects)?,
            _ => loose::write(store, objects).map(|()| None)?,
        };
        let landing = (!answers.is_empty()).then(|| Landing::write(store, id, answers)).transpose()?;
        let change = Move {
            name: STATE_REF,
            expected: chain.expected,
            new: id,
            committer,
            time: *time,
            reason: reflog,
            next: next.as_ref(),
        };
        match (self.move_ref(change)?, landing) {
            (Published::Moved, Some(landing)) => landing.remove().map(|()| Published::Moved),
            (Published::Landed(tip), Some(landing)) => {
                // Who gets no answer here gets it from the next holder of the lock, as then the note stays.
                let _ = self.answer(answers).and_then(|()| landing.remove());
                Ok(Published::Landed(tip))
            }
            (published, None) => Ok(published),
        }
    }

    /// Answers those who have asked for what needed no commit.
    ///
    /// # Errors
    /// `io`, `disk_full`; who got no answer then asks on.
    pub fn answer(&self, answers: &[(&Request, Vec<u8>)]) -> Result<()> {
        answers.iter().try_for_each(|(request, answer)| request.answer(answer))
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
        self.move_to(expected, to, by, at, reflog)
    }

    /// Moves the state's ref to a commit that exists, whether it follows from what was there or not.
    pub(super) fn move_to(
        &mut self,
        expected: Option<Oid>,
        to: Oid,
        by: &Person,
        at: Timestamp,
        reflog: &str,
    ) -> Result<Published> {
        let next = refs::prepare(self.store, to)?;
        self.move_ref(Move {
            name: STATE_REF,
            expected,
            new: to,
            committer: by,
            time: at,
            reason: reflog,
            next: next.as_ref(),
        })
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

    pub(super) fn move_ref(&mut self, mut change: Move<'_>) -> Result<Published> {
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
