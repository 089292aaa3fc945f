//! The fence before a push: work of a claim that is no longer held, and files that another living claim has reserved.
//!
//! A claim is a fencing token: who was silent for too long and has lost it must not push, unaware, what by now is somebody
//! else's. What a commit was made under stands in its trailers (`message.rs`); what is reserved stands in the claims. By
//! `coord.fence` and `coord.overlap` a finding refuses the push, is a warning, or is not looked for.

use std::collections::{BTreeMap, BTreeSet};

use super::message::{CLAIM, TASK};
use crate::base::{Error, Result, text};
use crate::ops::access;
use crate::query::lists;
use crate::query::overlap::{self, Policy};
use crate::records::Task;
use crate::records::task::{self, Status};
use crate::session::{Session, TreeSnapshot};
use crate::state::{Warning, find};
use crate::store::{New, Oid};

/// The most findings of one sort that are told.
const MOST_TOLD: usize = 5;

/// What is pushed, as far as the fence is concerned.
pub(super) struct Fence<'s> {
    session: &'s Session,
    commits: Vec<New>,
}

impl<'s> Fence<'s> {
    /// Looks which commits are pushed, where anybody wants to know.
    ///
    /// # Errors
    /// Where git cannot tell.
    pub(super) fn of(session: &'s Session, to: &[Oid], from: &[Oid], remote: Option<&str>) -> Result<Self> {
        let settings = session.settings();
        let is_wanted = settings.fence != Policy::Off || settings.overlap != Policy::Off;
        let commits = match is_wanted && !to.is_empty() {
            true => session.store().new_commits(to, from, remote, [TASK, CLAIM])?,
            false => Vec::new(),
        };
        Ok(Fence { session, commits })
    }

    /// Returns whether anything was made under a claim, so that it matters what others have done since.
    pub(super) fn has_claims(&self) -> bool {
        self.session.settings().fence != Policy::Off && self.commits.iter().any(|commit| !commit.claims.is_empty())
    }

    /// Judges what is pushed by the state as it is now, and returns what is to be told.
    ///
    /// # Errors
    /// `fenced`, `paths_overlap` (3) by policy; where the state cannot be read.
    pub(super) fn judge(&self) -> Result<Vec<Warning>> {
        if self.commits.is_empty() {
            return Ok(Vec::new());
        }
        let snapshot = self.session.snapshot()?;
        let mut warnings = Vec::new();
        let settings = self.session.settings();
        if settings.fence != Policy::Off {
            let lost = self.lost(&snapshot)?;
            let told = |(task, words): &(String, String)| {
                Error::conflict("fenced", format!("cannot push {words}")).hint(format!("git coord show {task}"))
            };
            match lost.first() {
                Some(first) if settings.fence == Policy::Refuse => return Err(told(first)),
                _ => warnings.extend(lost.iter().take(MOST_TOLD).map(|(_, words)| Warning::new("fenced", words))),
            }
        }
        if settings.overlap != Policy::Off {
            let reserved = self.reserved(&snapshot)?;
            let told = |(task, words): &(String, String)| {
                Error::conflict("paths_overlap", format!("cannot push: {words}")).hint(format!("git coord show {task}"))
            };
            match reserved.first() {
                Some(first) if settings.overlap == Policy::Refuse => return Err(told(first)),
                _ => warnings
                    .extend(reserved.iter().take(MOST_TOLD).map(|(_, words)| Warning::new("paths_overlap", words))),
            }
        }
        Ok(warnings)
    }

    /// Returns the tasks of which commits were made under a claim that is no longer held, and what is said of each.
    fn lost(&self, snapshot: &TreeSnapshot<'_>) -> Result<Vec<(String, String)>> {
        let mut made: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for commit in &self.commits {
            for pair in commit.tasks.iter().zip(&commit.claims) {
                *made.entry((pair.0, pair.1)).or_default() += 1;
            }
        }
        let mut lost = Vec::new();
        for ((id, claim), count) in made {
            // A task that has been put away, or removed, is nobody's.
            let Ok(Some(task)) = find::<Task>(snapshot, id) else { continue };
            if let Some(why) = self.why_lost(&task, claim)? {
                let commits = if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") };
                let claim = text::excerpt(claim, 40);
                lost.push((task.id.to_string(), format!("{commits} of {id}, made under the claim {claim}: {why}")));
            }
        }
        Ok(lost)
    }

    /// Returns why a claim is no longer held; nothing where it is, or where it has ended with its task being done.
    fn why_lost(&self, task: &Task, claim: &str) -> Result<Option<String>> {
        match &task.claim {
            Some(held) if held.id == claim => Ok(None),
            Some(held) => Ok(Some(format!(
                "{} holds it now (claim {})",
                text::excerpt(&held.agent, 40),
                text::excerpt(&held.id, 40)
            ))),
            None if task.status == Status::Completed => match self.last_claim(task)? {
                Some(last) if last.id != claim => {
                    Ok(Some(format!("it was done by {}, under the claim {}", text::excerpt(&last.agent, 40), last.id)))
                }
                _ => Ok(None),
            },
            None => Ok(Some(format!("nobody holds it now, it is {}", task.status))),
        }
    }

    /// Returns the last claim that there was on a task which nobody holds; nothing where history does not tell.
    fn last_claim(&self, done: &Task) -> Result<Option<task::Claim>> {
        let store = self.session.store();
        let Some(ended) = store.last_change_of(&task::TASK.path(&done.id), "^claim:")? else { return Ok(None) };
        for before in store.commit(ended)?.parents {
            if let Ok(Some(task)) = find::<Task>(&self.session.snapshot_at(before)?, &done.id)
                && let Some(claim) = task.claim
            {
                return Ok(Some(claim));
            }
        }
        Ok(None)
    }

    /// Returns the tasks whose holders have reserved files that are pushed, and what is said of each. The claims of who
    /// pushes are not in the way, nor is the one under which a commit was made.
    fn reserved(&self, snapshot: &TreeSnapshot<'_>) -> Result<Vec<(String, String)>> {
        let claimed = lists::claimed(snapshot)?;
        let signs = self.session.machine().signs();
        let context = self.session.identity().ok().map(|identity| self.session.plain_context(&identity));
        let mut found = Vec::new();
        for (task, claim) in overlap::reserving(claimed.iter(), &signs, self.session.now()) {
            if context.as_ref().is_some_and(|context| access::holds(context, claim, None)) {
                continue;
            }
            let others = self.commits.iter().filter(|commit| !commit.claims.contains(&claim.id));
            let paths: BTreeSet<&str> = others.flat_map(|commit| commit.paths.iter().map(String::as_str)).collect();
            if let Some((path, glob)) = overlap::reserved(claim, paths.iter().copied()) {
                let (path, glob) = (text::excerpt(path, 120), text::excerpt(glob, 60));
                let agent = text::excerpt(&claim.agent, 40);
                let words = format!("{path} is reserved by «{glob}» of {}, held by {agent}", task.id);
                found.push((task.id.to_string(), words));
            }
        }
        Ok(found)
    }
}
