//! Claims are decided in one place, the remote of the team.
//!
//! ```text
//! look what the remote has ─► bring it in ─► decide on it, and make the commit ─► push it by its id
//!            ▲                                                                         │
//!            └──────── somebody else was first: forget it, and decide anew ◄───────────┤
//!                                            the remote has it: ours moves forward ◄───┘
//! ```
//!
//! Nobody sees the claim before the remote has taken it, and no lock but that of syncs is held while it is asked. Crash
//! before the push: objects that nothing refers to. After it: `inflight` says so to whoever contacts the remote next, and
//! what the remote has comes in by itself.

use super::inflight;
use super::round::{Answer, Round, stopped};
use crate::base::{Error, Kind, Result, failpoint};
use crate::ops::Operation;
use crate::records::Task;
use crate::records::record::downcast;
use crate::records::task::Claim;
use crate::session::candidate::Candidate;
use crate::session::{Outcome, Session};
use crate::state::Warning;
use crate::store::Oid;

/// Errors after which it is certain that the remote has nothing of a claim.
const UNREACHABLE: &[&str] = &["fetch_failed", "push_failed", "remote_timeout", "offline"];

/// Does an operation; where it takes tasks, and the team has a remote, that remote decides. A claim that only this
/// machine knows of is `is_provisional` in the outcome.
///
/// # Errors
/// The refusal, on what the remote has; `claim_unknown` (6) where the remote has not answered; the errors of a sync (6, 7),
/// after which nothing is claimed.
pub fn transact(session: &Session, operation: &Operation) -> Result<Outcome> {
    let decider = session.settings().remote.as_deref().filter(|_| operation.takes_tasks() && !session.is_rehearsal());
    let Some(remote) = decider else { return session.transact(operation) };
    if session.is_offline() {
        return provisional(session, operation, remote);
    }
    match decide(session, remote, operation) {
        Err(error) if UNREACHABLE.contains(&error.code()) && session.settings().offline_claims => {
            provisional(session, operation, remote)
        }
        Err(error) if UNREACHABLE.contains(&error.code()) => {
            Err(error.hint("nothing was claimed; --offline claims it on this machine alone, until the next sync"))
        }
        done => done,
    }
}

/// Brings in what the remote of the team has, where there is one that may be asked.
///
/// # Errors
/// Those of [`transact`], where the remote is asked.
pub fn catch_up(session: &Session) -> Result<()> {
    let Some(remote) = session.settings().remote.as_deref() else { return Ok(()) };
    if session.is_offline() || session.is_rehearsal() {
        return Ok(());
    }
    let mut round = Round::begin(session, remote)?;
    round.meet()?;
    round.bring_in_anyway();
    Ok(())
}

fn decide(session: &Session, remote: &str, operation: &Operation) -> Result<Outcome> {
    let mut round = Round::begin(session, remote)?;
    let (candidate, warnings) =
        publish(session, &mut round, remote, operation).inspect_err(|_| round.bring_in_anyway())?;
    told(&candidate, round, warnings)
}

/// Has the remote take an operation, and returns it as it has landed.
fn publish(
    session: &Session,
    round: &mut Round<'_>,
    remote: &str,
    operation: &Operation,
) -> Result<(Candidate, Vec<Warning>)> {
    loop {
        round.meet()?;
        let candidate = round.candidate(Some(operation))?;
        if candidate.rulings().is_empty() && are_confirmed(session, round, &candidate)? {
            // Nothing that others could claim meanwhile: it is written here, and published with the rest.
            if session.land_candidate(&candidate)? {
                round.note_taken(&candidate);
                return Ok((candidate, Vec::new()));
            }
            continue;
        }
        let (pushed, claims) = (candidate.head(), candidate.claims());
        failpoint::before("sync-inflight").map_err(stopped)?;
        inflight::note(session, remote, &claims, pushed, round.theirs())?;
        failpoint::after("sync-inflight").map_err(stopped)?;
        match push(round, pushed) {
            Ok(Answer::Landed) => {
                let warnings = take_in(session, remote, &candidate);
                // Crash before this: what is noted is answered for by the next contact.
                let _ = failpoint::after("sync-take-in");
                inflight::forget(session, &claims);
                round.note_taken(&candidate);
                return Ok((candidate, warnings));
            }
            Ok(Answer::Lost) => inflight::forget(session, &claims),
            Ok(Answer::None(words)) => return Err(unknown(remote, &claims).because(words)),
            Err(error) => {
                inflight::forget(session, &claims);
                return Err(error);
            }
        }
    }
}

/// Pushes; where no answer comes, asks the remote once what has become of it.
fn push(round: &mut Round<'_>, commit: Oid) -> Result<Answer> {
    let theirs = round.theirs();
    match round.push(commit)? {
        Answer::None(words) => match round.look_again() {
            Ok(()) if round.has(commit) => Ok(Answer::Landed),
            Ok(()) if round.theirs() != theirs => Ok(Answer::Lost),
            // As it was: what was sent may be on its way still.
            _ => Ok(Answer::None(words)),
        },
        answer => Ok(answer),
    }
}

/// Returns whether the remote has all claims that a candidate is about.
fn are_confirmed(session: &Session, round: &Round<'_>, candidate: &Candidate) -> Result<bool> {
    let claims = candidate.claims();
    let Some(theirs) = round.theirs() else { return Ok(claims.is_empty()) };
    let published = session.peek(theirs)?;
    for (task, claim) in &claims {
        let there = published.find::<Task>(task)?.and_then(|task| task.claim);
        if there.is_none_or(|there| there.id != claim.id) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The remote has the claim, so it is held whether this works or not.
fn take_in(session: &Session, remote: &str, candidate: &Candidate) -> Vec<Warning> {
    let began = failpoint::before("sync-take-in").map_err(stopped);
    match began.and_then(|()| session.take_in(candidate)) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let message = format!("{remote} has the claim, and it could not be taken in here yet: {error}");
            vec![Warning::new("not_taken_in", message)]
        }
    }
}

/// Claims without the remote.
fn provisional(session: &Session, operation: &Operation, remote: &str) -> Result<Outcome> {
    let mut outcome = session.transact(operation)?;
    let tasks = outcome.records.iter().filter_map(downcast::<Task>);
    let claims = tasks.filter_map(|task| Some((task.id.as_str(), task.claim.as_ref()?)));
    for (_, claim) in claims.filter(|(task, claim)| !session.is_confirmed(task, claim)) {
        outcome.is_provisional = true;
        // Without the note its loss is told all the same, but not as one of this machine.
        let _ = session.machine().note_provisional(&claim.id);
    }
    if outcome.is_provisional {
        let message = format!("{remote} was not asked: the claim is provisional until a sync has published it");
        outcome.warnings.push(Warning::new("provisional_claim", message));
    }
    Ok(outcome)
}

fn told(candidate: &Candidate, round: Round<'_>, warnings: Vec<Warning>) -> Result<Outcome> {
    let outcome = candidate.outcome().ok_or_else(|| Error::fatal("internal", "nothing was asked for"))?;
    let warnings = [outcome.warnings, warnings, round.end().warnings].concat();
    Ok(Outcome { warnings, ..outcome })
}

fn unknown(remote: &str, claims: &[(String, Claim)]) -> Error {
    let named: Vec<String> = claims.iter().map(|(task, claim)| format!("{task} (claim {})", claim.id)).collect();
    let message = format!("{remote} has not answered: whether it has the claim on {} is not known", named.join(", "));
    let error = Error::new(Kind::Remote, "claim_unknown", message).detail("state", "unknown");
    let error = error.hint("git coord sync");
    match claims {
        [(task, claim)] => error
            .detail("task", task.as_str())
            .detail("claim", claim.id.as_str())
            .hint(format!("the same claim may be asked for again: --claim-id {}", claim.id)),
        _ => error,
    }
}
