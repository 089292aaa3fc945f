//! A change that is decided and made, and that nobody sees before the remote of the team has taken it.
//!
//! Its commit stands on our tip and no ref leads to it. Where the remote refuses it, it is forgotten, and garbage for git
//! to collect; where the remote has it, ours moves forward to it, or is merged with it where ours has moved meanwhile.

use std::time::Instant;

use super::group::wait_for_git;
use super::making::{Asker, Made};
use super::{Outcome, Session, recover};
use crate::base::Result;
use crate::ops::{Context, Operation};
use crate::records::task::Claim;
use crate::store::rescue::Written;
use crate::store::{Oid, Published, Writer};

/// A change that waits for the word of the remote.
pub struct Candidate {
    made: Made,
    context: Context,
    asker: Asker,
    base: Oid,
    #[expect(dead_code, reason = "keeps the objects until a ref leads to them")]
    kept: Option<Written>,
}

impl Candidate {
    /// Returns the commit; nothing where nothing has to change.
    pub fn commit(&self) -> Option<Oid> {
        self.made.commit()
    }

    /// Returns the tip on which it was decided.
    pub fn base(&self) -> Oid {
        self.base
    }

    /// Returns the claims that the asker holds with it, new or not, with their tasks.
    pub fn claims(&self) -> Vec<(String, Claim)> {
        self.made.held()
    }

    /// Returns what it would be without having landed.
    pub fn outcome(&self) -> Outcome {
        self.made.outcome(&self.context)
    }
}

impl Session {
    /// Decides an operation on the tip and makes its commit.
    ///
    /// # Errors
    /// The refusal of the operation, as [`transact`](Self::transact) tells it; `queue_full` and what cannot be written.
    pub fn candidate(&self, operation: &Operation) -> Result<Candidate> {
        let identity = self.identity()?;
        let (context, asker) = (self.context_for(operation, &identity)?, self.asker(&identity));
        self.turn_by_turn(|session, writer, base| {
            let mut chain = writer.chain(Some(base));
            let made = session
                .make(writer, &mut chain, &asker, &context, |moment| session.decide(operation, moment, &context))?;
            let kept = if made.is_commit() { Some(writer.keep(&chain)?) } else { None };
            let (context, asker) = (context.clone(), asker.clone());
            Ok(Some(Candidate { made, context, asker, base, kept }))
        })
    }

    /// Moves our tip to a candidate, as long as it is where the candidate was decided; nothing where it has moved.
    ///
    /// # Errors
    /// `queue_full` and what the store cannot write.
    pub fn land_candidate(&self, candidate: &Candidate) -> Result<Option<Outcome>> {
        let Some(commit) = candidate.commit() else { return Ok(Some(candidate.outcome())) };
        let landed = self.turn_by_turn(|_, writer, tip| {
            if tip != candidate.base {
                return Ok(Some(false));
            }
            let moved = candidate.advance(writer, commit)?;
            Ok((moved == Published::Landed(commit)).then_some(true))
        })?;
        Ok(landed.then(|| self.after(candidate, commit)))
    }

    /// Takes in a candidate that the remote has taken.
    ///
    /// # Errors
    /// As [`Session::arrive`]. The remote has it all the same, and the next command takes it in.
    pub fn take_in(&self, candidate: &Candidate) -> Result<Outcome> {
        let Some(commit) = candidate.commit() else { return Ok(candidate.outcome()) };
        self.turn_by_turn(|session, writer, tip| {
            if tip == candidate.base {
                let moved = candidate.advance(writer, commit)?;
                return Ok((moved == Published::Landed(commit)).then_some(()));
            }
            Ok(session.join(writer, tip, commit, "taken by the remote")?.map(|_| ()))
        })?;
        Ok(self.after(candidate, commit))
    }

    fn after(&self, candidate: &Candidate, tip: Oid) -> Outcome {
        self.let_go(candidate.made.ends(), &candidate.asker);
        self.keep_small(tip, candidate.made.files());
        candidate.outcome()
    }

    /// Does something with the lock held and the tip known, again where the ref has moved meanwhile: then it returns nothing.
    pub(super) fn turn_by_turn<T>(
        &self,
        mut step: impl FnMut(&Session, &mut Writer<'_>, Oid) -> Result<Option<T>>,
    ) -> Result<T> {
        let patience = self.settings().lock_timeout;
        let deadline = Instant::now() + patience;
        let mut writer = self.store().lock(patience)?;
        loop {
            let tip = recover::bring_back(self, &mut writer, self.tip()?)?;
            let done = tip.map(|tip| step(self, &mut writer, tip)).transpose()?.flatten();
            match done {
                Some(done) => return Ok(done),
                None => wait_for_git(deadline)?,
            }
        }
    }
}

impl Candidate {
    fn advance(&self, writer: &mut Writer<'_>, commit: Oid) -> Result<Published> {
        let reflog = format!("coord: {}", self.made.reflog());
        writer.advance(Some(self.base), commit, &self.asker.committer, self.context.now, &reflog)
    }
}
