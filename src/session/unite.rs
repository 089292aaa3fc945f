//! Merges with the store as the history, and the way of another head into ours.
//!
//! ```text
//! ours ── theirs            theirs follows: ours moves forward
//! theirs ── ours            nothing to do
//! ours ┬ merge              a commit with both behind it, the same on every machine
//!      theirs
//! ```
//!
//! What a merge becomes is decided in `merge`; this is where it becomes a commit. Whether another head can be trusted is
//! for whoever brings it (`refused.rs`, `sync`).

use super::Session;
use super::setup::NOBODY;
use crate::base::{Error, Result, Timestamp, time};
use crate::merge::commit::{ADDRESS, rules_of};
use crate::merge::heads::{self, Lineage, Step};
use crate::merge::history::Change;
use crate::merge::{self, Content, History, MERGER, RULES};
use crate::store::rescue::Seen;
use crate::store::{self, Edit, NewCommit, Oid, Person, Published, Signing, Store, Writer};

/// How another head came into ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was there already.
    Known,
    /// Ours moved forward to it.
    Forward,
    /// Both held the same writes, merged in different ways: ours is now the one that all take.
    Taken,
    /// Both were merged, and so many conflicts came of it.
    Merged {
        /// Conflicts that are new, or have new values.
        conflicts: usize,
    },
}

/// Where ours is after another head has come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// The tip.
    pub tip: Oid,
    /// How it came to be that.
    pub how: How,
}

/// A merge that was worked out before its turn to be written.
pub struct Worked {
    tip: Oid,
    theirs: Oid,
    new: NewCommit,
    conflicts: usize,
}

/// Returns the merge of two heads: the one that was worked out, where it is of just these two. As [`union`].
///
/// # Errors
/// As [`union`].
pub fn merge_of(store: &Store, tip: Oid, theirs: Oid, worked: Option<Worked>) -> Result<(NewCommit, usize)> {
    match worked.filter(|worked| (worked.tip, worked.theirs) == (tip, theirs)) {
        Some(worked) => Ok((worked.new, worked.conflicts)),
        None => union(store, tip, theirs),
    }
}

/// Returns what to do with a head of ours and one of another. `shared` is the tip of the remote that all publish to.
///
/// # Errors
/// `damaged`, `left_out`; `shallow` where history ends too early to tell.
pub fn step(store: &Store, ours: Oid, theirs: Oid, shared: Option<Oid>) -> Result<Step<Oid>> {
    heads::decide(&Past(store), ours, theirs, shared)
}

/// Returns the commit that two commits merge to, which is the same on all machines, and how many conflicts came of it.
///
/// # Errors
/// As [`step`]; `newer_format` where one of the two has a newer format.
pub fn union(store: &Store, a: Oid, b: Oid) -> Result<(NewCommit, usize)> {
    let merge = merge::unite(&Past(store), a, b).map_err(|error| match error.code() {
        "unsupported_format" => {
            Error::fatal("newer_format", error.message().to_owned()).hint("install a newer git-coord")
        }
        _ => error,
    })?;
    let content = |content| match content {
        Content::Existing(id) => store::Content::Existing(id),
        Content::Bytes(bytes) => store::Content::Bytes(bytes),
    };
    // A path that git would refuse is nobody's record, and must not keep two machines apart.
    let edits = merge.edits.into_iter().filter(|(path, _)| store::is_path(path));
    let edits = edits.map(|(path, wanted)| Edit { path, content: wanted.map(content) }).collect();
    let merger = Person::new(MERGER, ADDRESS);
    let new = NewCommit {
        expected: None,
        parents: merge.parents.to_vec(),
        base: Some(merge.base),
        edits,
        author: merger.clone(),
        author_time: merge.time,
        committer: merger,
        commit_time: merge.time,
        message: merge.message,
        reflog: String::new(),
        signing: Signing::Never,
    };
    Ok((new, merge.conflicts))
}

impl Session {
    /// Works out a merge while others may write; nothing where none is needed.
    ///
    /// # Errors
    /// As [`step`] and [`union`].
    pub fn work_out(&self, tip: Oid, theirs: Oid) -> Result<Option<Worked>> {
        match step(self.store(), tip, theirs, self.shared_tip())? {
            Step::Merge => {
                let (new, conflicts) = union(self.store(), tip, theirs)?;
                Ok(Some(Worked { tip, theirs, new, conflicts }))
            }
            _ => Ok(None),
        }
    }

    /// Brings another head into ours, with the lock held; nothing where the ref moved meanwhile. `why` goes into the
    /// reflog. `worked` is taken where it is the merge of just these two.
    ///
    /// # Errors
    /// `newer_rules` where a newer version has merged on one of the sides; as [`union`]; what the store cannot write.
    pub fn join(
        &self,
        writer: &mut Writer<'_>,
        tip: Oid,
        theirs: Oid,
        why: &str,
        worked: Option<Worked>,
    ) -> Result<Option<Joined>> {
        let by = Person::new(NOBODY.0, NOBODY.1);
        let now = time::now();
        let (published, how) = match step(self.store(), tip, theirs, self.shared_tip())? {
            Step::Keep => (Published::Landed(tip), How::Known),
            Step::FastForward => {
                (writer.advance(Some(tip), theirs, &by, now, &format!("coord: {why}: fast-forward"))?, How::Forward)
            }
            Step::Take(one) if one == tip => (Published::Landed(tip), How::Known),
            Step::Take(one) => {
                // Only merges leave history, which are made of what stays: every write is behind the other one too.
                let reflog = format!("coord: {why}: the same changes, merged elsewhere");
                (writer.replace(&Seen::Names(tip), one, &by, now, &reflog)?, How::Taken)
            }
            Step::TooNew(rules) => return Err(newer_rules(rules)),
            Step::Merge => {
                let (new, conflicts) = merge_of(self.store(), tip, theirs, worked)?;
                let new = NewCommit { expected: Some(tip), reflog: format!("coord: {why}: merge"), ..new };
                (writer.publish(new)?, How::Merged { conflicts })
            }
        };
        Ok(match published {
            Published::Landed(tip) => Some(Joined { tip, how }),
            Published::Moved => None,
        })
    }

    /// Returns the tip that the remote of the team had when it was last asked.
    pub fn shared_tip(&self) -> Option<Oid> {
        let remote = self.settings().remote.as_deref()?;
        self.store().tracking_tip(remote).ok().flatten()
    }
}

fn newer_rules(rules: u32) -> Error {
    let message =
        format!("cannot merge: a newer version has merged there, by rules {rules}, and this one knows {RULES}");
    Error::fatal("newer_rules", message).hint("install a newer git-coord")
}

/// The commits of a store, as a merge asks for them.
struct Past<'s>(&'s Store);

impl Lineage for Past<'_> {
    type Commit = Oid;

    fn is_ancestor(&self, a: Oid, b: Oid) -> Result<bool> {
        self.0.is_ancestor(a, b)
    }

    fn parents(&self, commit: Oid) -> Result<Vec<Oid>> {
        Ok(self.0.commit(commit)?.parents)
    }

    fn rules(&self, commit: Oid) -> Result<Option<u32>> {
        let commit = self.0.commit(commit)?;
        Ok(rules_of(&commit.author.name, commit.parents.len(), &commit.trailers()))
    }
}

impl History for Past<'_> {
    type Blob = Oid;

    fn bases(&self, a: Oid, b: Oid) -> Result<Vec<Oid>> {
        self.0.merge_bases(a, b)
    }

    fn time(&self, commit: Oid) -> Result<Timestamp> {
        Ok(self.0.commit(commit)?.commit_time)
    }

    fn diff(&self, old: Option<Oid>, new: Oid) -> Result<Vec<Change<Oid>>> {
        let changes = self.0.diff(old, new)?;
        Ok(changes.into_iter().map(|store::Change { path, old, new }| Change { path, old, new }).collect())
    }

    fn find(&self, commit: Oid, path: &str) -> Result<Option<Oid>> {
        self.0.tree(commit)?.find(path)
    }

    fn read(&self, blob: Oid) -> Result<Vec<u8>> {
        self.0.blob(blob)
    }
}
