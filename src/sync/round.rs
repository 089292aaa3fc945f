//! One remote: ask, fetch, bring in, push, and again where somebody else was first.
//!
//! Crash at any place: what was brought in is on our ref, and what was pushed is at the remote. What is only noted (the
//! tracking ref, `coord/folded`) is found out again.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use super::folded;
use crate::base::{Error, Kind, Result, failpoint};
use crate::session::Session;
use crate::session::unite::How;
use crate::state::Warning;
use crate::store::{Oid, Pushed};

/// The shortest and the longest pause after a lost race.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));

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
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// Brings the state here and that of a remote together. When this returns the remote has all that was here at the start.
///
/// # Errors
/// `fetch_failed`, `push_failed`, `push_refused`, `remote_timeout` (6): what was brought in until then stays;
/// `remote_busy` (7) where others were first until the time was up; as [`Session::arrive`].
pub fn sync(session: &Session, remote: &str) -> Result<Done> {
    let store = session.store();
    let limit = session.settings().sync_timeout;
    let _turn = store.sync_turn(limit);
    let before = session.tip()?;
    let (deadline, mut pause) = (Instant::now() + limit, PAUSES.0);
    let mut done = Done::default();
    let mut theirs = look(session, remote, &mut done.warnings)?;
    loop {
        let tip = bring_in(session, remote, theirs, &mut done)?;
        done.tip = Some(tip);
        done.came = match theirs {
            // git is asked only where there is something to count.
            Some(theirs) if theirs != before && !store.is_ancestor(theirs, before)? => {
                store.count_commits(theirs, Some(before))?
            }
            _ => 0,
        };
        if is_there(session, theirs, tip)? {
            break;
        }
        failpoint::before("sync-push").map_err(stopped)?;
        match store.push_state(remote, tip)? {
            Pushed::Landed => {
                failpoint::after("sync-push").map_err(stopped)?;
                done.went = store.count_commits(tip, theirs)?;
                done.is_published = true;
                theirs = Some(tip);
                break;
            }
            Pushed::LostRace(words) if Instant::now() >= deadline => return Err(busy(remote, limit, words)),
            Pushed::LostRace(_) => {
                done.races += 1;
                std::thread::sleep(jittered(pause));
                pause = (pause * 2).min(PAUSES.1);
                theirs = fetch(session, remote)?;
            }
        }
    }
    folded::note(session, remote, theirs);
    Ok(done)
}

/// Returns what the remote has, fetched where it is not what it had.
fn look(session: &Session, remote: &str, warnings: &mut Vec<Warning>) -> Result<Option<Oid>> {
    let store = session.store();
    let (had, has) = (store.tracking_tip(remote)?, store.remote_tip(remote)?);
    let Some(has) = has else {
        if let Some(had) = had {
            let message = format!("{remote} had the state and has it no longer (it was at {had}): it gets it again");
            warnings.push(Warning::new("remote_lost_state", message));
        }
        return Ok(None);
    };
    if had == Some(has) && store.commit(has).is_ok() {
        return Ok(Some(has));
    }
    let now = fetch(session, remote)?;
    if let (Some(had), Some(now)) = (had, now)
        && matches!(store.is_ancestor(had, now), Ok(false))
    {
        let message = format!("{remote} has gone back from {had} to {now}: it gets again what it had");
        warnings.push(Warning::new("remote_went_back", message));
    }
    Ok(now)
}

fn fetch(session: &Session, remote: &str) -> Result<Option<Oid>> {
    failpoint::before("sync-fetch").map_err(stopped)?;
    session.store().fetch_state(remote)?;
    failpoint::after("sync-fetch").map_err(stopped)?;
    session.store().tracking_tip(remote)
}

/// Brings in what the remote has, and returns our tip.
fn bring_in(session: &Session, remote: &str, theirs: Option<Oid>, done: &mut Done) -> Result<Oid> {
    let Some(theirs) = theirs else { return session.tip() };
    let joined = session.arrive(theirs, &format!("sync with {remote}"), session.settings().lock_timeout)?;
    if let How::Merged { conflicts } = joined.how {
        done.merges += 1;
        done.conflicts += conflicts;
    }
    Ok(joined.tip)
}

/// Returns whether the remote has all that we have: the same commit, or the same changes, merged in another way.
fn is_there(session: &Session, theirs: Option<Oid>, tip: Oid) -> Result<bool> {
    match theirs {
        None => Ok(false),
        Some(theirs) => Ok(theirs == tip || !session.store().is_ancestor(theirs, tip)?),
    }
}

/// So that those who have met do not meet again.
fn jittered(pause: Duration) -> Duration {
    let drawn = RandomState::new().hash_one(pause) % 1000;
    pause / 2 + pause * u32::try_from(drawn).unwrap_or_default() / 1000
}

fn busy(remote: &str, limit: Duration, words: String) -> Error {
    let message = format!("cannot publish to «{remote}»: others were first, each time for {limit:?}");
    Error::new(Kind::Busy, "remote_busy", message).hint("try again in a moment").because(words)
}

fn stopped(error: std::io::Error) -> Error {
    Error::fatal("io", "cannot go on with the sync").because(error)
}
