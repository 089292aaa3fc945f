//! From the operations of a long batch to a commit on the tip.

use std::time::Instant;

use super::pour::{Poured, pour};
use super::told::Told;
use super::{Course, Long};
use crate::base::{Result, text, time};
use crate::ops::Context;
use crate::query::Signs;
use crate::session::group::wait_for_git;
use crate::session::making::{Asker, origin};
use crate::session::{Draft, Identity, Outcome, Session, lower, precondition, recover};
use crate::state::event;
use crate::store::{Kept, NewCommit, Oid, Published, Signing, Writer};

/// A commit that stands ready, and which nothing refers to yet.
struct Ready {
    told: Told,
    poured: Option<Poured>,
    new: NewCommit,
    commit: Option<Oid>,
    /// The signs of life that have decided about it, if any have.
    signs: Option<Signs>,
    /// Keeps what was written until the ref has moved.
    _kept: Option<Kept>,
}

impl Session {
    /// Does the operations of a long batch: all have happened, or nothing has.
    ///
    /// # Errors
    /// As [`transact`](Self::transact), and those of the steps.
    pub fn carry_through(&self, long: &Long<'_>) -> Result<Outcome> {
        let identity = self.identity()?;
        let context = self.plain_context(&identity);
        let mut ready = self.decide_all(long, self.tip()?, &identity, &context)?;
        if self.options().dry_run {
            return Ok(ready.rehearsed(&context));
        }
        let asker = self.asker(&identity);
        if ready.commit.is_none() {
            self.keep_alive(&ready.told.holds, &asker, &context);
            return Ok(ready.outcome(&context, None));
        }
        let deadline = Instant::now() + self.settings().lock_timeout;
        let mut writer = self.store().lock(self.settings().lock_timeout)?;
        loop {
            let Some(tip) = recover::bring_back(self, &mut writer, self.tip()?)? else {
                wait_for_git(deadline)?;
                continue;
            };
            let is_outdated = ready.signs.as_ref().is_some_and(|signs| *signs != self.machine().signs());
            if ready.new.base != Some(tip) || is_outdated {
                let now = if ready.signs.is_some() { time::now().max(context.now) } else { context.now };
                ready = self.decide_all(long, tip, &identity, &Context { now, ..context.clone() })?;
            }
            match self.advance(&mut writer, &ready, tip, &asker, &context)? {
                Some(Published::Moved) => wait_for_git(deadline)?,
                published => {
                    drop(writer);
                    let files = ready.poured.as_ref().map_or(0, |poured| poured.files.len());
                    let commit = published.and(ready.commit);
                    if let Some(commit) = commit {
                        self.keep_small(commit, files);
                    }
                    return Ok(ready.outcome(&context, commit));
                }
            }
        }
    }

    /// Moves the ref to the commit, where there is one, and notes what that means for claims.
    fn advance(
        &self,
        writer: &mut Writer<'_>,
        ready: &Ready,
        tip: Oid,
        asker: &Asker,
        context: &Context,
    ) -> Result<Option<Published>> {
        let Some(commit) = ready.commit else {
            self.keep_alive(&ready.told.holds, asker, context);
            return Ok(None);
        };
        // Crash after this: the worktree remembers claims that were never made, which are the ids of nothing.
        let machine = self.machine().of(&asker.worktree);
        for claim in &ready.told.holds {
            machine.hold(&context.agent, &claim.id, context.now)?;
        }
        let NewCommit { committer, commit_time, reflog, .. } = &ready.new;
        let published = writer.advance(Some(tip), commit, committer, *commit_time, reflog)?;
        if published != Published::Moved {
            self.keep_alive(&ready.told.holds, asker, context);
            self.let_go(&ready.told.ends, asker);
        }
        Ok(Some(published))
    }

    /// Decides all operations on the records of a tip, and writes all that a commit on it needs.
    fn decide_all(&self, long: &Long<'_>, tip: Oid, by: &Identity, context: &Context) -> Result<Ready> {
        let context = Context { signs: self.machine().signs(), ..context.clone() };
        let before = self.snapshot_on(tip)?;
        let mut course = Course::new(self, &before, &context, long.subject);
        (long.steps)(&mut course)?;
        let Course { bench, told, takes_tasks, .. } = course;
        precondition::check(self.options().if_match.as_deref(), &before, &told.first)?;
        let mut ready = Ready {
            told,
            poured: None,
            new: NewCommit {
                expected: Some(tip),
                parents: vec![tip],
                base: Some(tip),
                edits: Vec::new(),
                author: by.author.clone(),
                author_time: context.now,
                committer: by.committer.clone(),
                commit_time: context.now.max(self.store().commit(tip)?.commit_time),
                message: String::new(),
                reflog: format!("coord: {}", text::one_line(long.subject)),
                signing: Signing::AsSet,
            },
            commit: None,
            signs: takes_tasks.then(|| context.signs.clone()),
            _kept: None,
        };
        let records = bench.done();
        if records.is_empty() {
            return Ok(ready);
        }
        let mut bulk = if self.options().dry_run { None } else { Some(self.store().bulk()?) };
        let origin = origin(String::new(), &ready.told.first, &context);
        let packing = self.store().packing()?;
        let mut poured = pour(&before, records, bulk.as_mut(), packing, &origin, long.progress)?;
        if let Some(mut bulk) = bulk {
            ready.new.message = lower::message(long.subject, &poured.events, &context);
            let commit = bulk.commit(&ready.new, &mut poured.files)?;
            ready.commit = Some(commit);
            ready._kept = bulk.finish()?;
            event::name(&mut poured.events, &commit.to_string());
        } else {
            // git's own word for a commit that is none.
            event::name(&mut poured.events, &"0".repeat(tip.to_string().len()));
        }
        ready.poured = Some(poured);
        Ok(ready)
    }
}

impl Ready {
    fn outcome(mut self, context: &Context, commit: Option<Oid>) -> Outcome {
        let mut outcome = Outcome::of(&self.told.first, context);
        outcome.warnings = std::mem::take(&mut self.told.warnings);
        (outcome.more_records, outcome.more_warnings) = (self.told.more_records, self.told.more_warnings);
        if let Some(poured) = self.poured {
            (outcome.changed, outcome.commit, outcome.settings) = (true, commit, poured.settings);
            (outcome.events, outcome.more_events) = (poured.events, poured.more_events);
        }
        outcome
    }

    fn rehearsed(mut self, context: &Context) -> Outcome {
        let drafts = self.poured.as_mut().map(|poured| std::mem::take(&mut poured.drafts));
        let ((files, total), subject) = (drafts.unwrap_or_default(), self.told.first.subject.clone());
        Outcome { draft: Some(Draft { subject, files, total }), ..self.outcome(context, None) }
    }
}
