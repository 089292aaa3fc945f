//! Writing what a rescue has made, and moving the ref to it: the one place where a tip is replaced by what does not
//! follow it.

use std::collections::HashSet;
use std::time::Duration;

use gix::objs::Kind;

use super::replay::{Fate, Replay};
use super::strip::{Removal, draft_without};
use super::traces::Seen;
use crate::base::{Error, Result, Timestamp};
use crate::store::commit::{self, Person};
use crate::store::edit::{Draft, Fresh};
use crate::store::git::Call;
use crate::store::refs::{self, Move, Outcome};
use crate::store::rehearsal::Maker;
use crate::store::writer::{NewCommit, Published, Writer};
use crate::store::{Oid, STATE_REF, Store, loose, pack, sign, waiters};

impl Replay<'_> {
    /// Says that these objects are known, should they be missing: those of a commit that can be made anywhere.
    ///
    /// # Errors
    /// Where it cannot be made of what it says.
    pub fn know(&mut self, new: &NewCommit) -> Result<Oid> {
        let mut draft = Draft::new(self.store.format);
        let tree = draft.apply(&self.store.objects, None, &new.edits)?;
        let id = add_commit(self.store, &mut draft, tree, new)?;
        for Fresh { id, kind, bytes, .. } in draft.fresh {
            self.learn(id, kind, bytes);
        }
        Ok(id)
    }

    /// Writes what was made. Nothing refers to it yet, and it is kept until the value that is returned is dropped.
    ///
    /// # Errors
    /// `read_only`, `disk_full` or `io`.
    pub fn write(&self) -> Result<Written> {
        let mut draft = Draft::new(self.store.format);
        draft.fresh = self
            .fresh
            .iter()
            .map(|(id, (kind, bytes))| Fresh { id: *id, kind: *kind, bytes: bytes.clone(), base: None })
            .collect();
        let kept = match draft.fresh.len() >= pack::MANY {
            true => pack::write(self.store, &draft)?,
            false => loose::write(self.store, &draft).map(|()| None)?,
        };
        waiters::check(self.store.waiters.finish())?;
        Ok(Written(kept))
    }
}

/// Objects that were written and that no ref leads to yet.
#[must_use]
pub struct Written(#[expect(dead_code, reason = "dropping it lets go of them")] Option<pack::Kept>);

impl Written {
    pub(in crate::store) fn new(kept: Option<pack::Kept>) -> Self {
        Written(kept)
    }
}

impl Maker for Writer<'_> {
    fn make(&self, new: &NewCommit) -> Result<Oid> {
        write(self.store, draft_of(self.store, new)?)
    }

    fn make_without(&self, new: &NewCommit, removals: &[Removal]) -> Result<Oid> {
        write(self.store, draft_without(self.store, new, removals)?)
    }
}

impl Writer<'_> {
    /// Makes the ref name a commit that is there, as long as it still holds what was seen of it.
    ///
    /// # Errors
    /// As [`publish`](Writer::publish).
    pub fn replace(&mut self, seen: &Seen, to: Oid, by: &Person, at: Timestamp, reflog: &str) -> Result<Published> {
        commit::read(&self.store.objects, to)?;
        let bytes = match seen {
            Seen::Names(id) => return self.move_to(Some(*id), to, by, at, reflog),
            Seen::Absent => return self.move_to(None, to, by, at, reflog),
            Seen::Broken { bytes, .. } => bytes,
        };
        let change =
            Move { name: STATE_REF, expected: None, new: to, committer: by, time: at, reason: reflog, next: None };
        match refs::overwrite(self.store, &change, bytes, &mut self.queue)? {
            Outcome::Landed => {
                self.queue.acknowledge(to)?;
                Ok(Published::Landed(to))
            }
            Outcome::Moved => Ok(Published::Moved),
            Outcome::Unable => {
                Err(Error::fatal("ref_refused", format!("cannot move {STATE_REF}: no way to do it here")))
            }
        }
    }

    /// Takes moves out of the reflog that lead to, or from, commits that are not whole: git collects no garbage while there
    /// are any. What stays tells of moves between what is there.
    ///
    /// # Errors
    /// `ref_locked` (busy), `io`; where git could not be run.
    pub fn clear_reflog(&mut self, replay: &mut Replay<'_>) -> Result<()> {
        let Some(tip) = self.store.tip()? else { return Ok(()) };
        let mut good = HashSet::from([tip.to_string()]);
        for trace in self.store.reflog()? {
            for id in trace.old.into_iter().chain([trace.new]) {
                if replay.fate(id)? == Fate::Whole {
                    good.insert(id.to_string());
                }
            }
        }
        let is_good = |id: &str| good.contains(id) || id.bytes().all(|byte| byte == b'0');
        if refs::filter_reflog(self.store, STATE_REF, tip, &is_good, &mut self.queue)? {
            return Ok(());
        }
        let words =
            ["reflog", "expire", "--stale-fix", "--expire=never", "--expire-unreachable=never", "--rewrite", STATE_REF];
        let answer = Call::new(&words).within(LIMIT).plain().run(self.store)?;
        if answer.is_success() {
            return Ok(());
        }
        let said = std::io::Error::other(answer.errors.trim().to_owned());
        Err(Error::fatal("io", format!("cannot take what is gone out of the reflog of {STATE_REF}")).because(said))
    }
}

impl Writer<'_> {
    /// Notes the present tip as the one that was acknowledged last: what was before is in it, or is told to be lost.
    ///
    /// # Errors
    /// `damaged` where the ref cannot be read, `io`.
    pub fn acknowledge_present(&mut self) -> Result<()> {
        match self.store.tip()? {
            Some(tip) => self.queue.acknowledge(tip),
            None => Ok(()),
        }
    }

    /// Begins a reflog that is not there, with a line that says where the ref is.
    ///
    /// # Errors
    /// `read_only`, `disk_full` or `io`.
    pub fn begin_reflog(&self, by: &Person, at: Timestamp, message: &str) -> Result<()> {
        let Some(tip) = self.store.tip()? else { return Ok(()) };
        let time = at.max(Timestamp::from_seconds(1));
        let line = Move { name: STATE_REF, expected: None, new: tip, committer: by, time, reason: message, next: None };
        refs::note(self.store, &line)
    }
}

impl Store {
    /// Has git write its cache of commits again, where it keeps one: it may name commits that are gone, and is believed.
    ///
    /// # Errors
    /// Where git could not be run.
    pub fn renew_commit_graph(&self) -> Result<()> {
        let folder = self.places.objects_dir.join("info");
        let words: &[&str] = if folder.join("commit-graphs").is_dir() {
            &["commit-graph", "write", "--reachable", "--split=replace"]
        } else if folder.join("commit-graph").is_file() {
            &["commit-graph", "write", "--reachable"]
        } else {
            return Ok(());
        };
        // A cache that could not be written is one that git complains of, and no loss.
        Call::new(words).within(LIMIT).plain().run(self).map(drop)
    }
}

/// How long git may take to walk through a whole repository.
const LIMIT: Duration = Duration::from_secs(600);

/// Returns a commit, and the objects that it needs.
pub(in crate::store) fn draft_of(store: &Store, new: &NewCommit) -> Result<(Draft, Oid)> {
    let mut draft = Draft::new(store.format);
    let base = new.base.map(|id| commit::read(&store.objects, id)).transpose()?.map(|commit| commit.tree);
    let tree = draft.apply(&store.objects, base, &new.edits)?;
    let id = add_commit(store, &mut draft, tree, new)?;
    Ok((draft, id))
}

fn write(store: &Store, (draft, id): (Draft, Oid)) -> Result<Oid> {
    loose::write(store, &draft)?;
    waiters::check(store.waiters.finish())?;
    Ok(id)
}

/// Adds a commit of a tree to a draft.
pub(super) fn add_commit(store: &Store, draft: &mut Draft, tree: Oid, new: &NewCommit) -> Result<Oid> {
    draft.add(Kind::Commit, sign::encode(store, new, tree)?.into())
}
