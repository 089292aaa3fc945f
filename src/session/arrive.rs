//! A head that came from elsewhere: looked at, put right where somebody has broken it, and joined with ours.
//!
//! Crash on the way: objects that nothing refers to, as with any write. The head is where it was, and comes in again.

use std::time::{Duration, Instant};

use super::group::wait_for_git;
use super::unite::{self, How, Joined};
use super::{Session, recover};
use crate::base::Result;
use crate::merge::heads::Step;
use crate::store::Oid;

impl Session {
    /// Brings in a head that came from elsewhere as [`arrive`](Self::arrive) does, unless that takes a merge: then it is only
    /// looked at, and there is nothing to return.
    ///
    /// # Errors
    /// As [`arrive`](Self::arrive).
    pub fn look_at(&self, theirs: Oid, why: &str, wait: Duration) -> Result<Option<Joined>> {
        let tip = self.tip()?;
        let is_merged = !is_here(self, theirs, tip)?
            && self.faults_of(theirs, Some(tip))?.is_empty()
            && unite::step(self.store(), tip, theirs, self.shared_tip())? == Step::Merge;
        if !is_merged {
            return self.arrive(theirs, why, wait).map(Some);
        }
        // It will be under what is published next, and so be taken in by that.
        self.check_signed(theirs, Some(tip)).map(|()| None)
    }

    /// Brings in a head that came from elsewhere, and returns where ours is then. `why` goes into the reflog, `wait` is how
    /// long the turn to write is waited for.
    ///
    /// # Errors
    /// `not_a_state`, `newer_format`, `newer_rules`, `too_many_entries`, `shallow`, `damaged`, `not_signed`: then ours stays where it is;
    /// `not_set_up`; `queue_full` and what the store cannot write.
    pub fn arrive(&self, theirs: Oid, why: &str, wait: Duration) -> Result<Joined> {
        let tip = self.tip()?;
        if is_here(self, theirs, tip)? {
            return Ok(Joined { tip, how: How::Known });
        }
        // Before our turn: what somebody else has pushed may take long to look at, and to merge.
        let faults = self.faults_of(theirs, Some(tip))?;
        self.check_signed(theirs, Some(tip))?;
        let mut worked = if faults.is_empty() { self.work_out(tip, theirs)? } else { None };
        let deadline = Instant::now() + wait;
        let mut writer = self.store().lock(wait)?;
        loop {
            let Some(tip) = recover::bring_back(self, &mut writer, self.tip()?)? else {
                wait_for_git(deadline)?;
                continue;
            };
            let head = self.put_right(&writer, theirs, &faults)?.last().copied().unwrap_or(theirs);
            match self.join(&mut writer, tip, head, why, worked.take())? {
                Some(joined) => return Ok(joined),
                None => wait_for_git(deadline)?,
            }
        }
    }
}

/// A commit that is not readable is none that we have.
fn is_here(session: &Session, theirs: Oid, tip: Oid) -> Result<bool> {
    let store = session.store();
    Ok(theirs == tip || (store.commit(theirs).is_ok() && store.is_ancestor(theirs, tip)?))
}
