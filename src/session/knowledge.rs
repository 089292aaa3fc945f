//! Who knew what: whether the unpublished past of a task was made in knowledge of its published claim.
//!
//! Neither clocks nor epochs tell: an offline claim can have any of both. Nor does ancestry alone: behind a merge there is
//! what is published, and yet the merge may have preferred what was made without knowing of it, by its later stamp. What
//! tells is what each change saw: who ended a claim had it before its eyes, and who came after that saw what the end had left.

use std::collections::BTreeMap;

use super::Session;
use super::setup::NOBODY;
use crate::base::Result;
use crate::records::Task;
use crate::records::task::{Claim, Lifecycle};
use crate::store::{Commit, Oid};

/// What one commit made of the lifecycle of a task.
pub(super) struct Move {
    pub(super) commit: Oid,
    /// The lifecycle before; nothing where there was no task.
    pub(super) saw: Option<Lifecycle>,
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
            (Some(_), None) => self.made_here(here).map_or(Ok(false), |made| self.knows(made))?,
            // A claim that knew of all that had come and gone there has a greater epoch.
            (None, Some(claim)) => claim.epoch > self.published.epoch && self.is_behind_the_end(&claim.id)?,
            (None, None) => self.made_here(here).map_or(Ok(true), |made| self.saw_the_end(made))?,
        })
    }

    /// Returns the change that has made the lifecycle what it is here.
    fn made_here(&self, here: &Task) -> Option<&Move> {
        self.past.iter().find(|one| one.task.lifecycle() == here.lifecycle())
    }

    /// Returns whether a claim that is not published was made on what the end of the last published one had left, where a
    /// merge had to choose between the two; so is what is published already.
    fn is_behind_the_end(&self, claim: &str) -> Result<bool> {
        match self.past.iter().rfind(|one| one.makes(claim)) {
            Some(made) => self.saw_the_end(made),
            None => Ok(true),
        }
    }

    /// The same of a change.
    fn saw_the_end(&self, one: &Move) -> Result<bool> {
        if !self.is_chosen {
            return Ok(true);
        }
        let Some(end) = self.end_of_published()? else { return Ok(true) };
        let left = self.published.lifecycle();
        self.goes_back(one, |first| {
            Ok(first.saw.as_ref() == Some(&left) && self.session.store().is_ancestor(end, first.commit)?)
        })
    }

    /// Returns whether a change is of a sort, or was made on what one of that sort has made, or one that was made so.
    fn goes_back(&self, one: &Move, is_first: impl Fn(&Move) -> Result<bool>) -> Result<bool> {
        // From the first to the last, so that each is looked at once.
        let mut of_that_sort: Vec<&Move> = Vec::new();
        for next in self.past.iter().rev() {
            let mut is_one = is_first(next)?;
            for before in of_that_sort.iter().filter(|before| next.saw.as_ref() == Some(&before.task.lifecycle())) {
                is_one = is_one || self.session.store().is_ancestor(before.commit, next.commit)?;
            }
            if next.commit == one.commit {
                return Ok(is_one);
            }
            of_that_sort.extend(is_one.then_some(next));
        }
        Ok(false)
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

    /// Returns whether a claim was made on what came of the end of the published one.
    fn is_known_to(&self, claim: &Claim) -> Result<bool> {
        let Some(made) = self.past.iter().rfind(|one| one.makes(&claim.id)) else { return Ok(false) };
        self.knows(made)
    }

    /// Returns whether a change has ended the published claim, or was made on what came of that.
    fn knows(&self, one: &Move) -> Result<bool> {
        let Some(there) = &self.published.claim else { return Ok(false) };
        self.goes_back(one, |first| Ok(first.ends(&there.id)))
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
            let Some(claim) = one.to().filter(|claim| one.makes(&claim.id)) else { continue };
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
    /// Returns the claim afterwards.
    pub(super) fn to(&self) -> Option<&Claim> {
        self.task.claim.as_ref()
    }

    fn from(&self) -> Option<&Claim> {
        self.saw.as_ref().and_then(Lifecycle::claim)
    }

    fn makes(&self, claim: &str) -> bool {
        id_of(self.to()) == Some(claim) && id_of(self.from()) != Some(claim)
    }

    fn ends(&self, claim: &str) -> bool {
        id_of(self.from()) == Some(claim) && id_of(self.to()) != Some(claim)
    }
}

/// Returns whether a commit was made by `Session::settle`.
pub(super) fn is_a_ruling(commit: &Commit) -> bool {
    (commit.author.name.as_str(), commit.author.email.as_str()) == NOBODY
}

pub(super) fn id_of(claim: Option<&Claim>) -> Option<&str> {
    claim.map(|claim| claim.id.as_str())
}
