//! The way of a change: decide on the tip, write objects, move the ref by compare-and-swap, or decide again.
//!
//! The kernel lock only makes the queue fair. What makes a change safe is that the ref moves from the very tip on which
//! the operation decided; where it has moved, the operation runs again on the new tip and may then refuse. Where others
//! hold the lock, one of them may do it for us (`group.rs`).

use super::errand::{self, Errand};
use super::making::origin;
use super::{Identity, Outcome, Session, TreeSnapshot, draft, lower, precondition};
use crate::base::{Result, text, time};
use crate::ops::{self, Context, Operation};
use crate::query::overlap::Policy;
use crate::query::{Signs, Tracked};
use crate::state::Changeset;
use crate::state::event;
use crate::store::Turn;

impl Session {
    /// Does an operation: it has happened, durably and for everybody, or nothing has.
    ///
    /// # Errors
    /// The refusal of the operation; `not_set_up`; `busy` (7) where the turn did not come in time; and what the store
    /// cannot write.
    pub fn transact(&self, operation: &Operation) -> Result<Outcome> {
        let identity = self.identity()?;
        let context = self.context_for(operation, &identity)?;
        if self.options().dry_run || !operation.can_be_handed_on() {
            return self.transact_with(&identity, &context, |snapshot| self.decide(operation, snapshot, &context));
        }
        let errand = || Errand::new(operation, &context, &self.asker(&identity)).encode();
        if cfg!(feature = "testing") && self.options().environment.var("GIT_COORD_TEST_HANDED_ON").is_some() {
            return self.hand_on_to_ourselves(&identity, &errand()?);
        }
        match self.store().turn(self.settings().lock_timeout, errand)? {
            Turn::Answered(answer) => errand::outcome(&answer),
            Turn::Ours(writer, requests) => {
                let mut decide = |snapshot: &TreeSnapshot<'_>| self.decide(operation, snapshot, &context);
                self.lead(writer, (&identity, &context), &mut decide, requests)
            }
        }
    }

    /// Returns the circumstances of an operation. What may take a moment is done here, before our turn.
    pub(super) fn context_for(&self, operation: &Operation, identity: &Identity) -> Result<Context> {
        let mut context = self.plain_context(identity);
        if operation.looks_at_files() {
            context.tracked = self.tracked_files()?;
        }
        if operation.looks_at_others() {
            // An index that has to be made anew is not made while others wait for us.
            self.snapshot()?.prepare();
        }
        Ok(context)
    }

    pub(super) fn decide(
        &self,
        operation: &Operation,
        snapshot: &TreeSnapshot<'_>,
        context: &Context,
    ) -> Result<Changeset> {
        if !operation.takes_tasks() {
            return ops::apply(operation, snapshot, context);
        }
        // Looked at when it is our turn: a holder may have given a sign while we waited for it.
        let now = time::now().max(context.now);
        ops::apply(operation, snapshot, &Context { now, signs: self.machine().signs(), ..context.clone() })
    }

    /// What another process would do for us, for tests: nothing may get lost on the way there and back.
    fn hand_on_to_ourselves(&self, identity: &Identity, errand: &[u8]) -> Result<Outcome> {
        let Errand { operation, context, .. } = Errand::decode(errand)?;
        let done = self.transact_with(identity, &context, |snapshot| self.decide(&operation, snapshot, &context));
        errand::outcome(&match &done {
            Ok(outcome) => errand::done(outcome)?,
            Err(error) => errand::refused(error)?,
        })
    }

    /// Returns the files that git tracks; none where nobody looks at overlaps.
    ///
    /// # Errors
    /// Where git could not be asked.
    pub fn tracked_files(&self) -> Result<Tracked> {
        match self.settings().overlap {
            Policy::Off => Ok(Tracked::default()),
            Policy::Refuse | Policy::Warn => Ok(Tracked::new(self.store().tracked_files()?)),
        }
    }

    /// Does what `decide` wants, with the circumstances given; it is asked again for each tip.
    ///
    /// # Errors
    /// As [`transact`](Self::transact).
    pub fn transact_with(
        &self,
        identity: &Identity,
        context: &Context,
        mut decide: impl FnMut(&TreeSnapshot<'_>) -> Result<Changeset>,
    ) -> Result<Outcome> {
        if self.options().dry_run {
            return self.rehearse(&decide(&self.snapshot()?)?, context);
        }
        let writer = self.store().lock(self.settings().lock_timeout)?;
        self.lead(writer, (identity, context), &mut decide, Vec::new())
    }

    /// Returns the circumstances of something that no sign of life of others decides.
    pub fn plain_context(&self, identity: &Identity) -> Context {
        let correlation = self.options().environment.text("GIT_COORD_CORRELATION").filter(|id| !id.is_empty());
        Context {
            now: self.now(),
            agent: identity.agent.clone(),
            session: identity.session.clone(),
            correlation: correlation.map(|id| text::excerpt(id, 128)),
            seed: self.seed().clone(),
            held: self.machine().held(&identity.agent),
            signs: Signs::default(),
            ttl_minutes: self.settings().ttl_minutes,
            overlap: self.settings().overlap,
            tracked: Tracked::default(),
        }
    }

    /// Tells what a change would do, and leaves everything as it is.
    fn rehearse(&self, changes: &Changeset, context: &Context) -> Result<Outcome> {
        let snapshot = self.snapshot()?;
        precondition::check(self.options().if_match.as_deref(), &snapshot, changes)?;
        // git's own word for a commit that is none.
        let nowhere = "0".repeat(snapshot.commit().to_string().len());
        let events = event::events(&lower::differences(&snapshot, changes), &origin(nowhere, changes, context));
        Ok(Outcome { events, draft: Some(draft::draft(&snapshot, changes)?), ..Outcome::of(changes, context) })
    }
}
