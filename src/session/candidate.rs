//! What may be published, and that nobody sees before a remote has taken it.
//!
//! ```text
//! ours ─► merge with theirs ─► claims that give way ─► what was asked for     each only where there is something to do
//! ```
//!
//! Its commits stand on our tip and no ref leads to them. Where the remote refuses them, they are forgotten, and garbage for
//! git to collect; where it has them, ours moves forward to them, or is merged with them where ours has moved meanwhile.

use std::time::Instant;

use super::group::wait_for_git;
use super::making::{Asker, Made};
use super::unite::{self, How, Worked};
use super::{Outcome, Session, recover};
use crate::base::{Result, time};
use crate::merge::heads::Step;
use crate::ops::settle::Ruling;
use crate::ops::{Context, Operation};
use crate::records::task::Claim;
use crate::store::rescue::Written;
use crate::store::{Chain, Oid, Person, Published, Writer};

/// What a candidate is to be made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'w> {
    /// What the remote has, looked at by [`Session::look_at`]: the candidate follows it.
    pub theirs: Option<Oid>,
    /// The remote that decides about claims, and what is published there, which claims are settled beside.
    pub published: Option<(&'w str, Oid)>,
    /// What somebody asks for.
    pub operation: Option<&'w Operation>,
}

/// A change that waits for the word of the remote.
pub struct Candidate {
    /// What was asked for, where anything was.
    asked: Option<Asked>,
    rulings: Vec<Ruling>,
    /// How many conflicts came of merging with what the remote has, where that was needed.
    merged: Option<usize>,
    /// The remote that decides about claims, where it does.
    decider: Option<String>,
    base: Oid,
    head: Option<Oid>,
    committer: Person,
    #[expect(dead_code, reason = "keeps the objects until a ref leads to them")]
    kept: Option<Written>,
}

/// How what the remote has comes under a candidate.
enum Ground {
    /// It is there, as a merge on the chain where one was needed, of which so many conflicts came.
    Laid(Option<usize>),
    /// Our tip has moved meanwhile.
    Moved,
}

/// An operation that was decided.
struct Asked {
    made: Made,
    context: Context,
    asker: Asker,
}

impl Candidate {
    /// Returns what is to be published: its last commit, or the tip where nothing has to change.
    pub fn head(&self) -> Oid {
        self.head.unwrap_or(self.base)
    }

    /// Returns the claims that had to give way before anything is published.
    pub fn rulings(&self) -> &[Ruling] {
        &self.rulings
    }

    /// Returns how many conflicts came of merging with what the remote has; nothing where there was nothing to merge.
    pub fn merged(&self) -> Option<usize> {
        self.merged
    }

    /// Returns the claims that the asker holds with it, new or not, with their tasks.
    pub fn claims(&self) -> Vec<(String, Claim)> {
        self.asked.as_ref().map(|asked| asked.made.held()).unwrap_or_default()
    }

    /// Returns what the operation would be without having landed; nothing where there is none.
    pub fn outcome(&self) -> Option<Outcome> {
        self.asked.as_ref().map(|asked| asked.made.outcome(&asked.context))
    }
}

impl Session {
    /// Makes what may be published on our tip: merges it with what a remote has, settles claims beside what is published, and
    /// then decides the operation, each where it is asked for and needed.
    ///
    /// # Errors
    /// The refusal of the operation, as [`transact`](Self::transact) tells it; as [`rulings`](Self::rulings) and
    /// [`join`](Self::join); `queue_full` and what cannot be written.
    pub fn candidate(&self, wish: &Wish<'_>) -> Result<Candidate> {
        let prepare = |operation| {
            let identity = self.identity()?;
            Ok((operation, self.context_for(operation, &identity)?, self.asker(&identity)))
        };
        let asked_for = wish.operation.map(prepare).transpose()?;
        let judge = self.judge()?;
        // Two states that are far apart are merged before anybody waits for us.
        let mut worked = wish.theirs.map(|theirs| self.work_out(self.tip()?, theirs)).transpose()?.flatten();
        self.turn_by_turn(|session, writer, base| {
            let mut chain = writer.chain(Some(base));
            let Ground::Laid(merged) = session.lay_ground(writer, &mut chain, base, wish.theirs, worked.take())? else {
                return Ok(None);
            };
            let head = chain.head().unwrap_or(base);
            let rulings = wish.published.map(|(_, theirs)| session.rulings(theirs, head)).transpose()?;
            let rulings = rulings.unwrap_or_default();
            if let Some((remote, _)) = wish.published.filter(|_| !rulings.is_empty()) {
                session.settle(writer, &mut chain, &judge, remote, &rulings)?;
            }
            let mut asked = None;
            if let Some((operation, context, asker)) = &asked_for {
                let made = session
                    .make(writer, &mut chain, asker, context, |moment| session.decide(operation, moment, context))?;
                asked = Some(Asked { made, context: context.clone(), asker: asker.clone() });
            }
            let kept = if chain.is_empty() { None } else { Some(writer.keep(&chain)?) };
            let head = chain.head().filter(|_| !chain.is_empty());
            let (committer, decider) = (judge.1.committer.clone(), wish.published.map(|(remote, _)| remote.to_owned()));
            Ok(Some(Candidate { asked, rulings, merged, decider, base, head, committer, kept }))
        })
    }

    /// Puts what the remote has under a candidate.
    fn lay_ground(
        &self,
        writer: &mut Writer<'_>,
        chain: &mut Chain,
        base: Oid,
        theirs: Option<Oid>,
        worked: Option<Worked>,
    ) -> Result<Ground> {
        let Some(theirs) = theirs else { return Ok(Ground::Laid(None)) };
        match unite::step(self.store(), base, theirs, self.shared_tip())? {
            Step::Merge => {
                let (new, conflicts) = unite::merge_of(self.store(), base, theirs, worked)?;
                writer.add(chain, new)?;
                Ok(Ground::Laid(Some(conflicts)))
            }
            // No merge is needed, and so nobody is kept from seeing it.
            _ => match self.join(writer, base, theirs, "looked at", None)? {
                Some(joined) if joined.how == How::Known => Ok(Ground::Laid(None)),
                _ => Ok(Ground::Moved),
            },
        }
    }

    /// Moves our tip to a candidate, as long as it is where the candidate was decided; false where it has moved.
    ///
    /// # Errors
    /// `queue_full` and what the store cannot write.
    pub fn land_candidate(&self, candidate: &Candidate) -> Result<bool> {
        let Some(head) = candidate.head else { return Ok(true) };
        let landed = self.turn_by_turn(|_, writer, tip| {
            if tip != candidate.base {
                return Ok(Some(false));
            }
            Ok((candidate.advance(writer, head)? == Published::Landed(head)).then_some(true))
        })?;
        if landed {
            self.after(candidate, head);
        }
        Ok(landed)
    }

    /// Takes in a candidate that the remote has taken, and returns our tip.
    ///
    /// # Errors
    /// As [`Session::arrive`]. The remote has it all the same, and the next command takes it in.
    pub fn take_in(&self, candidate: &Candidate) -> Result<Oid> {
        let Some(head) = candidate.head else { return self.tip() };
        let tip = self.turn_by_turn(|session, writer, tip| {
            if tip == candidate.base {
                return Ok((candidate.advance(writer, head)? == Published::Landed(head)).then_some(head));
            }
            let Some(joined) = session.join(writer, tip, head, "taken by the remote", None)? else { return Ok(None) };
            session.settle_here(writer, candidate, joined.tip)
        })?;
        self.after(candidate, tip);
        Ok(tip)
    }

    /// Settles what was claimed here while the remote was asked, so that its word holds here from the first moment on.
    fn settle_here(&self, writer: &mut Writer<'_>, candidate: &Candidate, tip: Oid) -> Result<Option<Oid>> {
        let (Some(remote), Some(published)) = (&candidate.decider, candidate.head) else { return Ok(Some(tip)) };
        let rulings = self.rulings(published, tip)?;
        if rulings.is_empty() {
            return Ok(Some(tip));
        }
        let mut chain = writer.chain(Some(tip));
        self.settle(writer, &mut chain, &self.judge()?, remote, &rulings)?;
        if chain.is_empty() {
            return Ok(Some(tip));
        }
        match writer.publish_all(chain, "coord: Settle claims", &[])? {
            Published::Landed(tip) => Ok(Some(tip)),
            Published::Moved => Ok(None),
        }
    }

    fn after(&self, candidate: &Candidate, tip: Oid) {
        if let Some(Asked { made, asker, .. }) = &candidate.asked {
            self.let_go(made.ends(), asker);
            self.keep_small(tip, made.files());
        }
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
    fn advance(&self, writer: &mut Writer<'_>, head: Oid) -> Result<Published> {
        let made = self.asked.as_ref().filter(|asked| asked.made.is_commit()).map(|asked| asked.made.reflog());
        let reflog = made.unwrap_or_else(|| match self.rulings.is_empty() {
            true => "merge, taken by the remote".to_owned(),
            false => "Settle claims".to_owned(),
        });
        let reflog = format!("coord: {reflog}");
        writer.advance(Some(self.base), head, &self.committer, time::now(), &reflog)
    }
}
