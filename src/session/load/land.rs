//! From a load to a commit on the tip: everything is written before our turn in the queue comes, and looked at again
//! where the tip has moved by then.

use std::time::Instant;

use super::{Load, Source};
use crate::base::{Result, text};
use crate::ops::Context;
use crate::ops::import::Tally;
use crate::records::kind;
use crate::session::group::wait_for_git;
use crate::session::making::origin;
use crate::session::{Draft, Identity, Session, lower, precondition, recover};
use crate::state::{Changeset, Warning, event};
use crate::store::{Bulk, Kept, NewCommit, Oid, Published, Signing, Wanted};

/// Gives the rows of a source to a load, and returns what is odd about the source.
pub type Rows<'a> = dyn Fn(&mut Load<'_>) -> Result<Vec<Warning>> + 'a;

/// What became of a load.
pub struct Landed {
    /// The commit; nothing where nothing had to change.
    pub commit: Option<Oid>,
    /// What was done.
    pub tally: Tally,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// What would have been written, where nothing was to be.
    pub draft: Option<Draft>,
}

/// A commit that stands ready, and which nothing refers to yet.
struct Ready<'s> {
    load: Load<'s>,
    subject: String,
    /// What is odd about the source.
    odd: Vec<Warning>,
    tally: Tally,
    warnings: Vec<Warning>,
    new: NewCommit,
    commit: Option<Oid>,
    /// Keeps what was written until the ref has moved.
    kept: Vec<Kept>,
}

impl Session {
    /// Takes over the records of a source, in one commit or not at all.
    ///
    /// # Errors
    /// What is wrong with the source; `id_taken`, `unreadable`; `not_set_up`; `busy` (7) where the turn did not come in
    /// time; and what the store cannot write. Then nothing has happened.
    pub fn take_over(&self, source: &Source<'_>) -> Result<Landed> {
        let identity = self.identity()?;
        let context = self.plain_context(&identity);
        let mut ready = self.make_ready(source, self.tip()?, &identity, &context)?;
        if self.options().dry_run || ready.commit.is_none() {
            let draft = self.options().dry_run.then(|| ready.load.draft(ready.subject.clone())).transpose()?;
            if draft.is_none() {
                self.keep_alive([], &self.asker(&identity), &context);
            }
            return Ok(ready.landed(None, draft));
        }
        let deadline = Instant::now() + self.settings().lock_timeout;
        let mut writer = self.store().lock(self.settings().lock_timeout)?;
        loop {
            let Some(tip) = recover::bring_back(self, &mut writer, self.tip()?)? else {
                wait_for_git(deadline)?;
                continue;
            };
            if ready.new.base != Some(tip) {
                ready = if ready.load.is_apart(self, tip)? {
                    self.move_on(ready, tip, source, &context)?
                } else {
                    self.make_ready(source, tip, &identity, &context)?
                };
            }
            let Some(commit) = ready.commit else { return Ok(ready.landed(None, None)) };
            let NewCommit { committer, commit_time, reflog, .. } = &ready.new;
            match writer.advance(Some(tip), commit, committer, *commit_time, reflog)? {
                Published::Landed(commit) => {
                    self.keep_alive([], &self.asker(&identity), &context);
                    drop(writer);
                    self.keep_small(commit, ready.load.changed());
                    return Ok(ready.landed(Some(commit), None));
                }
                Published::Moved => wait_for_git(deadline)?,
            }
        }
    }

    /// Reads the whole source beside the records of a tip, and writes all that a commit on it needs.
    fn make_ready(&self, source: &Source<'_>, tip: Oid, by: &Identity, context: &Context) -> Result<Ready<'_>> {
        let before = self.snapshot_on(tip)?;
        precondition::check(self.options().if_match.as_deref(), &before, &Changeset::new(""))?;
        let bulk = if self.options().dry_run { None } else { Some(self.store().bulk()?) };
        let mut load = Load::new(before, source.speaks_for.clone(), bulk);
        let odd = (source.rows)(&mut load)?;
        let new = NewCommit {
            expected: Some(tip),
            parents: vec![tip],
            base: Some(tip),
            edits: Vec::new(),
            author: by.author.clone(),
            author_time: context.now,
            committer: by.committer.clone(),
            commit_time: context.now,
            message: String::new(),
            reflog: String::new(),
            signing: Signing::AsSet,
        };
        let bulk = load.bulk.take();
        let ready = Ready {
            load,
            subject: String::new(),
            odd,
            tally: Tally::default(),
            warnings: Vec::new(),
            new,
            commit: None,
            kept: Vec::new(),
        };
        self.commit(ready, tip, source, context, bulk)
    }

    /// Makes the commit on another tip, on which nothing is different that the records of the source are about.
    fn move_on<'s>(
        &'s self,
        mut ready: Ready<'s>,
        tip: Oid,
        source: &Source<'_>,
        context: &Context,
    ) -> Result<Ready<'s>> {
        ready.load.before = self.snapshot_on(tip)?;
        precondition::check(self.options().if_match.as_deref(), &ready.load.before, &Changeset::new(""))?;
        (ready.new.expected, ready.new.parents, ready.new.base) = (Some(tip), vec![tip], Some(tip));
        let bulk = self.store().bulk()?;
        self.commit(ready, tip, source, context, Some(bulk))
    }

    fn commit<'s>(
        &self,
        mut ready: Ready<'s>,
        tip: Oid,
        source: &Source<'_>,
        context: &Context,
        bulk: Option<Bulk<'_>>,
    ) -> Result<Ready<'s>> {
        source.progress.begin("storing", None);
        let load = &mut ready.load;
        let (tally, warnings) = load.intake.finish(&load.before)?;
        let subject = load.intake.subject(source.name, &tally);
        ready.subject.clone_from(&subject);
        ready.warnings = ready.odd.iter().cloned().chain(warnings).collect();
        ready.tally = tally;
        ready.new.reflog = format!("coord: {}", text::one_line(&subject));
        let origin = origin(String::new(), &Changeset::new(""), context);
        ready.new.message = lower::message(&subject, &event::events(&load.first.differences(), &origin), context);
        ready.new.commit_time = context.now.max(self.store().commit(tip)?.commit_time);
        ready.commit = None;
        if let Some(mut bulk) = bulk.filter(|_| load.files.iter().any(|file| file.wanted != Wanted::Leave)) {
            ready.commit = Some(bulk.commit(&ready.new, &mut load.files)?);
            ready.kept.extend(bulk.finish()?);
        }
        Ok(ready)
    }
}

impl Load<'_> {
    /// Returns whether nothing that is met here is different at another tip.
    fn is_apart(&self, session: &Session, tip: Oid) -> Result<bool> {
        let changes = session.store().diff(Some(self.before.commit()), tip)?;
        let mut records = changes.iter().filter_map(|change| kind::locate(&change.path));
        Ok(!records.any(|(kind, id)| self.intake.has_met(kind, &id)))
    }
}

impl Ready<'_> {
    fn landed(self, commit: Option<Oid>, draft: Option<Draft>) -> Landed {
        Landed { commit, tally: self.tally, warnings: self.warnings, draft }
    }
}
