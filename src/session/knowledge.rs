//! Who knew what: whether the unpublished past of a task was made in knowledge of its published claim.
//!
//! Neither clocks nor epochs tell: an offline claim can have any of both. Ancestry does: who ended a claim, or took it over,
//! had it behind it, and so had everybody who came after that.

use std::collections::BTreeMap;

use super::Session;
use super::setup::NOBODY;
use crate::base::Result;
use crate::records::Task;
use crate::records::task::Claim;
use crate::store::{Commit, Oid};

/// What one commit made of the lifecycle of a task.
pub(super) struct Move {
    pub(super) commit: Oid,
    /// The claim before.
    pub(super) from: Option<Claim>,
    /// The claim afterwards.
    pub(super) to: Option<Claim>,
    /// The task afterwards.
    pub(super) task: Task,
}

/// What the commits that are not published know of what is.
pub(super) struct Knowledge<'a> {
    pub(super) session: &'a Session,
    /// What is published.
    pub(super) tip: Oid,
    /// The task as it is there.
    pub(super) published: &'a Task,
    /// What commits that are not published have made of it, the latest first.
    pub(super) past: &'a [Move],
    /// Whether a merge had to choose between two lifecycles.
    pub(super) is_chosen: bool,
}

impl Knowledge<'_> {
    /// Returns whether the lifecycle here was made in knowledge of the published one.
    pub(super) fn stands(&self, here: &Task) -> Result<bool> {
        let (there, claim) = (self.published.claim.as_ref(), here.claim.as_ref());
        Ok(match (there, claim) {
            (Some(there), Some(claim)) if there.id == claim.id => true,
            (Some(there), Some(claim)) => claim.over.as_ref() == Some(&there.id) || self.is_known_to(claim)?,
            (Some(there), None) => self.past.iter().any(|one| one.ends(&there.id)),
            // A claim that knew of all that had come and gone there has a greater epoch.
            (None, Some(claim)) => claim.epoch > self.published.epoch && self.is_behind_the_end(&claim.id)?,
            (None, None) => {
                let made = self.past.iter().find(|one| one.task.lifecycle() == here.lifecycle());
                match made.and_then(|made| made.from.as_ref()) {
                    Some(ended) => self.is_behind_the_end(&ended.id)?,
                    None => true,
                }
            }
        })
    }

    /// Returns whether a claim that is not published was made behind the end of the last published one, where a merge had
    /// to choose between the two; so is what is published already.
    fn is_behind_the_end(&self, claim: &str) -> Result<bool> {
        let Some(made) = self.past.iter().rfind(|one| one.makes(claim)) else { return Ok(true) };
        if !self.is_chosen {
            return Ok(true);
        }
        match self.end_of_published()? {
            Some(end) => self.session.store().is_ancestor(end, made.commit),
            None => Ok(true),
        }
    }

    /// Returns the commit that ended the last published claim, where the published lifecycle is what came of it.
    fn end_of_published(&self) -> Result<Option<Oid>> {
        let id = &self.published.id;
        for commit in self.session.store().log_since(self.tip, None)? {
            let commit = commit?;
            let [parent] = commit.parents.as_slice() else { continue };
            let (before, after) = (self.session.peek(*parent)?, self.session.peek(commit.id)?);
            if is_a_ruling(&commit) || before.blob::<Task>(id)? == after.blob::<Task>(id)? {
                continue;
            }
            let (before, after) = (before.find::<Task>(id)?, after.find::<Task>(id)?);
            let Some(after) = after.filter(|after| after.lifecycle() == self.published.lifecycle()) else { continue };
            match before {
                Some(before) if before.lifecycle() == after.lifecycle() => {}
                before => return Ok(before.filter(|before| before.claim.is_some()).map(|_| commit.id)),
            }
        }
        Ok(None)
    }

    /// Returns whether a claim was made behind a commit that ended the published one.
    fn is_known_to(&self, claim: &Claim) -> Result<bool> {
        let Some(made) = self.past.iter().rfind(|one| one.makes(&claim.id)) else { return Ok(false) };
        self.knows(made)
    }

    /// Returns whether a commit has one behind it, or is one, that ended the published claim.
    fn knows(&self, one: &Move) -> Result<bool> {
        let Some(there) = &self.published.claim else { return Ok(false) };
        for end in self.past.iter().filter(|end| end.ends(&there.id)) {
            if self.session.store().is_ancestor(end.commit, one.commit)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the last move that was made in knowledge of what is published.
    pub(super) fn last(&self) -> Result<Option<&Move>> {
        for one in self.past {
            if self.knows(one)? {
                return Ok(Some(one));
            }
        }
        Ok(None)
    }

    /// Returns the claims that are not published and have come to nothing: made without that knowledge, or given way to
    /// another in a merge.
    pub(super) fn made(&self, here: &Task) -> Result<Vec<Claim>> {
        let (there, mut made) = (self.published.claim.as_ref(), BTreeMap::new());
        for one in self.past {
            let Some(claim) = one.to.as_ref().filter(|claim| one.makes(&claim.id)) else { continue };
            let is_there = id_of(Some(claim)) == id_of(there);
            let is_behind = claim.over.is_some() && claim.over.as_deref() == id_of(there);
            // Nobody has been asked about any of them: the one that was not ended by its own, and is not here, has lost.
            let is_among_equals = there.is_none() && claim.epoch > self.published.epoch;
            let is_well = match is_among_equals {
                true => {
                    let is_here = id_of(here.claim.as_ref()) == Some(&claim.id);
                    (is_here || self.past.iter().any(|one| one.ends(&claim.id))) && self.is_behind_the_end(&claim.id)?
                }
                false => is_there || is_behind || self.knows(one)?,
            };
            if !is_well {
                made.insert(claim.id.clone(), claim.clone());
            }
        }
        Ok(made.into_values().collect())
    }
}

impl Move {
    fn makes(&self, claim: &str) -> bool {
        id_of(self.to.as_ref()) == Some(claim) && id_of(self.from.as_ref()) != Some(claim)
    }

    fn ends(&self, claim: &str) -> bool {
        id_of(self.from.as_ref()) == Some(claim) && id_of(self.to.as_ref()) != Some(claim)
    }
}

/// Returns whether a commit was made by `Session::settle`.
pub(super) fn is_a_ruling(commit: &Commit) -> bool {
    (commit.author.name.as_str(), commit.author.email.as_str()) == NOBODY
}

pub(super) fn id_of(claim: Option<&Claim>) -> Option<&str> {
    claim.map(|claim| claim.id.as_str())
}
