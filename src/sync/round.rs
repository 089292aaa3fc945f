//! One remote: ask, fetch, look at it, push what holds both, take that in; and again where somebody else was first.
//!
//! Where a merge is needed nobody sees it before the remote has it, so that a lost race leaves none behind.
//!
//! Crash at any place: what was pushed is at the remote, and the next command takes in what was fetched. What is only noted
//! (the tracking ref, `coord/folded`) is found out again.

use std::collections::BTreeSet;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use super::look::{PATIENCE, fetch, look};
use super::{coming, folded, inflight, presence, silence};
use crate::base::{Error, Kind, Result, failpoint, time};
use crate::ops::Operation;
use crate::ops::settle::{Lost, Ruling, told};
use crate::session::Session;
use crate::session::candidate::{Candidate, Wish};
use crate::state::Warning;
use crate::store::{Listed, Oid, Pushed, silent, two_faced, unreachable};

/// The least and the most that the time of one attempt counts for, when it is drawn how long to wait after a lost race.
const SLOTS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// How much longer than for the remote somebody waits for the one who is asking it.
const GRACE: Duration = Duration::from_secs(2);

/// How often a remote may have another state for a push than for a fetch: one of several servers may be behind the others.
const MOST_RIDDLES: u32 = 5;

/// What a sync with one remote did.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// The tip of the state afterwards.
    pub tip: Option<Oid>,
    /// How many commits came from the remote.
    pub came: usize,
    /// How many commits the remote got.
    pub went: usize,
    /// Whether anything was published.
    pub is_published: bool,
    /// How many merges were made.
    pub merges: usize,
    /// How many conflicts came of them.
    pub conflicts: usize,
    /// How often somebody else was first.
    pub races: usize,
    /// The claims that had to give way to published ones.
    pub lost: Vec<LostClaim>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// A claim that had to give way.
#[derive(Debug, Clone)]
pub struct LostClaim {
    /// The task.
    pub task: String,
    /// The claim, and to whom it was lost.
    pub lost: Lost,
    /// Whether it was made in a worktree of this clone.
    pub is_ours: bool,
}

/// A meeting with one remote: what it has comes in, and what is here goes out, until one of the two has all.
pub(super) struct Round<'s> {
    session: &'s Session,
    remote: &'s str,
    limit: Duration,
    deadline: Instant,
    /// When the present attempt began.
    attempt: Instant,
    /// Our tip before anything came.
    before: Oid,
    /// What the remote has, as far as we know.
    theirs: Option<Oid>,
    /// Which refs the remote had when it was last looked at.
    listed: Listed,
    /// What was done so far.
    done: Done,
    /// Whether ours is to be merged with what the remote has.
    is_apart: bool,
    /// How often in a row the remote had another state for a push than for a fetch.
    riddles: u32,
    /// Whether the remote has all that was here when it was looked at.
    has_all: bool,
    /// The claims that were to be confirmed before we looked.
    provisional: BTreeSet<String>,
    turn: Option<File>,
}

/// What came of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The remote has it.
    Landed,
    /// Somebody else was first. What the remote has now was fetched.
    Lost,
    /// The remote has not answered, in git's words: it may have it, or get it yet.
    None(String),
}

/// Brings the state here and that of a remote together. When this returns the remote has all that was here at the start.
///
/// # Errors
/// `fetch_failed`, `push_failed`, `push_refused`, `remote_timeout` (6): what was brought in until then stays;
/// `remote_busy` (7) where others were first until the time was up; as [`Session::arrive`].
pub fn sync(session: &Session, remote: &str) -> Result<Done> {
    let limit = session.settings().sync_timeout;
    within(session, remote, limit, limit.max(PATIENCE) + GRACE)
}

/// The same within a time, of which the remote's share is bounded too: for what somebody else waits for.
///
/// # Errors
/// As [`sync`].
pub fn sync_within(session: &Session, remote: &str, budget: Duration) -> Result<Done> {
    session.store().answer_by(Instant::now() + budget);
    within(session, remote, budget, budget)
}

fn within(session: &Session, remote: &str, limit: Duration, wait: Duration) -> Result<Done> {
    let mut round = Round::begin_within(session, remote, limit, wait)?;
    round.publish().inspect_err(|_| round.bring_in_anyway())?;
    Ok(round.end())
}

impl<'s> Round<'s> {
    /// Waits until it is our turn, and looks what the remote has.
    ///
    /// # Errors
    /// `fetch_failed`, `remote_timeout`, `offline` (6); `not_set_up`.
    pub(super) fn begin(session: &'s Session, remote: &'s str) -> Result<Round<'s>> {
        let limit = session.settings().sync_timeout;
        Round::begin_within(session, remote, limit, limit.max(PATIENCE) + GRACE)
    }

    fn begin_within(session: &'s Session, remote: &'s str, limit: Duration, wait: Duration) -> Result<Round<'s>> {
        let began = time::now();
        let turn = session.store().sync_turn(wait);
        if silence::is_known_since(session, remote, began) {
            return Err(silent(remote));
        }
        // What a round that was killed has left names nothing that anybody is about to bring in.
        coming::forget(session);
        let (before, provisional) = (session.tip()?, session.machine().provisional());
        let mut done = Done::default();
        let attempt = Instant::now();
        let (theirs, listed) = look(session, remote, limit, &mut done.warnings, turn.is_some())?;
        let deadline = attempt + limit;
        Ok(Round {
            session,
            remote,
            limit,
            deadline,
            attempt,
            before,
            theirs,
            listed,
            done,
            is_apart: false,
            riddles: 0,
            has_all: false,
            provisional,
            turn,
        })
    }

    /// Returns what the remote has, as far as we know.
    pub(super) fn theirs(&self) -> Option<Oid> {
        self.theirs
    }

    /// Returns whether the remote has a commit behind its tip.
    pub(super) fn has(&self, commit: Oid) -> bool {
        self.theirs.is_some_and(|theirs| self.session.store().is_ancestor(commit, theirs).unwrap_or_default())
    }

    /// Looks again what the remote has.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub(super) fn look_again(&mut self) -> Result<()> {
        let is_ours = self.turn.is_some();
        (self.theirs, self.listed) = look(self.session, self.remote, self.limit, &mut self.done.warnings, is_ours)?;
        Ok(())
    }

    /// Looks at what the remote has, and brings it in where that takes no merge. Else it is under the next candidate.
    ///
    /// # Errors
    /// As [`Session::arrive`].
    pub(super) fn meet(&mut self) -> Result<()> {
        let (session, store) = (self.session, self.session.store());
        inflight::settle(session, self.remote, self.theirs, &mut self.done.warnings);
        let Some(theirs) = self.theirs else { return Ok(()) };
        let joined = session.look_at(theirs, &format!("sync with {}", self.remote), self.wait())?;
        self.is_apart = joined.is_none();
        // What is not merged yet has nothing in it that others have not told.
        presence::hear(session, self.remote, &self.listed, joined.map_or(theirs, |joined| joined.tip));
        // git is asked only where there is something to count.
        let is_new = theirs != self.before && !store.is_ancestor(theirs, self.before)?;
        self.done.came = if is_new { store.count_commits(theirs, Some(self.before))? } else { 0 };
        Ok(())
    }

    /// Makes what may be published: what is here, what the remote has, and what somebody asks for.
    ///
    /// # Errors
    /// As [`Session::candidate`].
    pub(super) fn candidate(&self, operation: Option<&Operation>) -> Result<Candidate> {
        let theirs = self.theirs.filter(|_| self.is_apart);
        self.session.candidate(&Wish { theirs, published: self.published(), operation })
    }

    /// Publishes what is here, until the remote has it.
    fn publish(&mut self) -> Result<()> {
        loop {
            self.meet()?;
            let tip = self.session.tip()?;
            if self.theirs == Some(tip) {
                // Nobody's turn to write is taken for nothing.
                (self.done.tip, self.has_all) = (Some(tip), true);
                return Ok(());
            }
            let candidate = self.candidate(None)?;
            let head = candidate.head();
            self.done.tip = Some(head);
            if self.is_there(head)? {
                self.has_all = true;
                return Ok(());
            }
            match self.push(head)? {
                Answer::Landed => {
                    self.done.tip = Some(self.session.take_in(&candidate)?);
                    self.note_taken(&candidate);
                    return Ok(());
                }
                Answer::Lost => {}
                Answer::None(words) => return Err(unreachable(self.remote).because(words)),
            }
        }
    }

    /// Brings in what the remote has though nothing could be published. What cannot be brought in is left to the next
    /// command, which tells.
    pub(super) fn bring_in_anyway(&mut self) {
        coming::forget(self.session);
        if let Some(theirs) = self.theirs.filter(|_| self.is_apart)
            && let Ok(joined) = self.session.arrive(theirs, &format!("sync with {}", self.remote), self.wait())
        {
            presence::hear(self.session, self.remote, &self.listed, joined.tip);
        }
    }

    fn wait(&self) -> Duration {
        self.session.settings().lock_timeout.min(self.limit)
    }

    /// Returns what is published, beside which claims are settled; nothing where this is not the remote that decides.
    fn published(&self) -> Option<(&'s str, Oid)> {
        Some((self.remote, self.theirs.filter(|_| self.is_deciding())?))
    }

    /// Notes what has come of a candidate that is in our tip.
    pub(super) fn note_taken(&mut self, candidate: &Candidate) {
        if let Some(conflicts) = candidate.merged() {
            self.done.merges += 1;
            self.done.conflicts += conflicts;
        }
        self.done.note(self.session, self.remote, candidate.rulings());
    }

    fn is_deciding(&self) -> bool {
        self.session.settings().remote.as_deref() == Some(self.remote)
    }

    /// Returns whether the remote has all that we have: the same commit, or the same changes, merged in another way.
    ///
    /// # Errors
    /// `damaged`, `shallow`.
    fn is_there(&self, tip: Oid) -> Result<bool> {
        match self.theirs {
            None => Ok(false),
            Some(theirs) => Ok(theirs == tip || !self.session.store().is_ancestor(theirs, tip)?),
        }
    }

    /// Pushes a commit that has what the remote has behind it.
    ///
    /// # Errors
    /// `push_failed`, `push_refused` (6): the remote has nothing of it; `remote_busy` (7) where others were first until
    /// the time was up; `fetch_failed` (6).
    pub(super) fn push(&mut self, id: Oid) -> Result<Answer> {
        let store = self.session.store();
        failpoint::before("sync-push").map_err(stopped)?;
        match store.push_state(self.remote, id, self.theirs)? {
            Pushed::Landed => {
                failpoint::after("sync-push").map_err(stopped)?;
                self.done.went = store.count_commits(id, self.theirs)?;
                (self.done.is_published, self.has_all) = (true, true);
                self.theirs = Some(id);
                Ok(Answer::Landed)
            }
            Pushed::LostRace(words) if Instant::now() >= self.deadline => Err(busy(self.remote, self.limit, words)),
            Pushed::LostRace(words) => {
                self.done.races += 1;
                let seen = self.theirs;
                std::thread::sleep(drawn(self.attempt.elapsed().clamp(SLOTS.0, SLOTS.1), self.done.races));
                self.attempt = Instant::now();
                self.theirs = fetch(self.session, self.remote, self.turn.is_some())?;
                // It has another one, git says, and nobody has moved it.
                self.riddles = if self.theirs == seen && words.contains("stale info") { self.riddles + 1 } else { 0 };
                if self.riddles == MOST_RIDDLES { Err(two_faced(self.remote).because(words)) } else { Ok(Answer::Lost) }
            }
            Pushed::Unanswered(words) => Ok(Answer::None(words)),
        }
    }

    /// Notes that what the remote has was looked at, tells it who is alive here, and returns what was done.
    pub(super) fn end(mut self) -> Done {
        folded::note(self.session, self.remote, self.theirs);
        coming::forget(self.session);
        self.done.warnings.extend(presence::publish(self.session, self.remote, &self.listed));
        if self.is_deciding() && self.has_all {
            // All that was here is there: they are confirmed, or lost.
            self.provisional.iter().for_each(|claim| self.session.machine().forget_provisional(claim));
        }
        self.done
    }
}

impl Done {
    /// Adds what has been settled.
    fn note(&mut self, session: &Session, remote: &str, rulings: &[Ruling]) {
        for ruling in rulings {
            for lost in &ruling.lost {
                let is_ours = session.machine().worktree_of(&lost.claim).is_some();
                self.warnings.push(Warning::new("claim_lost", told(remote, &ruling.task, lost)));
                self.lost.push(LostClaim { task: ruling.task.clone(), lost: lost.clone(), is_ours });
            }
        }
    }
}

/// Draws how long to wait after so many lost races: from nothing to the time of 2, 4 or at most 8 attempts, so that those
/// who have met do not meet again (binary exponential backoff, as in IEEE 802.3, with the time of an attempt as slot).
fn drawn(slot: Duration, races: usize) -> Duration {
    let most = slot * (1 << races.min(3));
    let drawn = RandomState::new().hash_one(races) % 1000;
    most * u32::try_from(drawn).unwrap_or_default() / 1000
}

fn busy(remote: &str, limit: Duration, words: String) -> Error {
    let message = format!("cannot publish to «{remote}»: others were first, each time for {limit:?}");
    Error::new(Kind::Busy, "remote_busy", message).hint("try again in a moment").because(words)
}

pub(super) fn stopped(error: std::io::Error) -> Error {
    Error::fatal("io", "cannot go on with the sync").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_drawn_from_a_range_that_grows_and_ends() {
        let slot = Duration::from_millis(100);
        let longest = |races| (0..1000).map(|_| drawn(slot, races)).max().expect("some");
        for (races, most) in [(1, 200), (2, 400), (3, 800), (4, 800), (1000, 800)] {
            let longest = longest(races).as_millis();
            assert!(longest < most && longest > most * 9 / 10, "{races}: {longest}");
        }
    }
}
