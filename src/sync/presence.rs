//! Who is alive: this replica tells its signs of life to a remote, and hears there what others tell.
//!
//! What is told is one commit without a parent, on a ref that only this replica writes: it is made anew at most three times
//! in the time that a claim lives, and only where there is something else to tell. None of it ever comes into the
//! history of the state. What is heard is kept in `coord/seen` (`query::heard`).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{Id, Result, Timestamp};
use crate::query::heard::{Found, Heard};
use crate::query::lists::{Lists, claimed};
use crate::query::published::{self, Sign};
use crate::query::{derive, dispatch};
use crate::records::StatusEntry;
use crate::session::Session;
use crate::state::Warning;
use crate::store::{Commit, Listed, Oid, Pushed};

/// The name of the note of what was told, and where.
const NOTE: &str = "presence";

/// Of what was given how long before the last sign others are told.
const TOLD: Duration = Duration::from_secs(24 * 3600);

/// The most commits that are looked through for what their authors have done.
const MOST_COMMITS: usize = 2000;

/// Returns whether all that a remote has of presence was heard before, or need not be heard there.
pub fn is_heard(session: &Session, remote: &str, listed: &Listed) -> bool {
    if !is_shared(session, remote) {
        return true;
    }
    let (heard, own) = (session.machine().heard(), session.machine().replica());
    let mut others = listed.presence.iter().filter(|(replica, _)| own.as_ref() != Some(*replica));
    heard.remote == remote && others.all(|(replica, id)| heard.heads.get(replica) == Some(&id.to_string()))
}

/// Returns whether all tell a remote what they tell: one to which nobody else need tell anything makes nobody silent.
fn is_shared(session: &Session, remote: &str) -> bool {
    session.settings().remote.as_deref().is_none_or(|shared| shared == remote)
}

/// Notes what others have told and done, when a remote was looked at and what it had was brought in. Where that does not work
/// less is known of them.
pub fn hear(session: &Session, remote: &str, listed: &Listed, tip: Oid) {
    if is_shared(session, remote) {
        let _ = try_to_hear(session, remote, listed, tip);
    }
}

fn try_to_hear(session: &Session, remote: &str, listed: &Listed, tip: Oid) -> Result<()> {
    let (machine, now) = (session.machine(), session.now());
    let before = machine.heard();
    let mut heard = if before.remote == remote { before } else { Heard::default() };
    if is_heard(session, remote, listed) && heard.tip.as_ref() == Some(&tip.to_string()) {
        heard.look_again(now);
        return machine.note_heard(&heard);
    }
    // What was replaced while it was fetched is not here: what it says is missing, so that nobody is silent by this look.
    let Ok(told) = told(session, &heard, listed) else { return Ok(()) };
    let snapshot = session.snapshot_on(tip)?;
    let entries = Lists::of(&snapshot).all::<StatusEntry>(derive::WORKING)?;
    let reported = entries.iter().map(|entry| (entry.agent.clone(), dispatch::said(entry))).collect();
    let found = Found { tasks: &claimed(&snapshot)?, reported, done: done(session, &heard, tip), told };
    heard.hear(&found, now);
    heard.remote = remote.to_owned();
    heard.tip = Some(tip.to_string());
    heard.heads = listed.presence.iter().map(|(replica, id)| (replica.clone(), id.to_string())).collect();
    machine.note_heard(&heard)
}

/// Returns what others tell now and did not the last time. Junk tells nothing.
///
/// # Errors
/// `damaged` where something of it is not here.
fn told(session: &Session, heard: &Heard, listed: &Listed) -> Result<BTreeMap<String, Vec<Sign>>> {
    let own = session.machine().replica();
    let is_new = |(replica, id): &(&String, &Oid)| {
        own.as_ref() != Some(*replica) && heard.heads.get(*replica) != Some(&id.to_string())
    };
    let read = |(replica, id): (&String, &Oid)| {
        let file = session.store().presence_file(*id, published::FILE)?;
        Ok((replica.clone(), published::decode(&file)))
    };
    listed.presence.iter().filter(is_new).map(read).collect()
}

/// Returns what was done in sessions since the last look, as the commits say that have come.
fn done(session: &Session, heard: &Heard, tip: Oid) -> Vec<Sign> {
    let Some(known) = heard.tip.as_ref().and_then(|id| id.parse().ok()) else { return Vec::new() };
    let Ok(log) = session.store().log_since(tip, Some(known)) else { return Vec::new() };
    let sign = |commit: Commit| {
        let trailers = commit.trailers();
        let named = |name: &str| trailers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        Some(Sign {
            agent: named("Coord-Agent")?,
            session: named("Coord-Session"),
            claim: None,
            at: commit.author_time,
        })
    };
    log.take(MOST_COMMITS).map_while(Result::ok).filter_map(sign).collect()
}

/// Tells a remote the signs of life that were given here, where it is time to and there is something else to tell. What goes wrong
/// is only a warning: signs of life can wait.
pub fn publish(session: &Session, remote: &str, listed: &Listed) -> Option<Warning> {
    let error = try_to_publish(session, remote, listed).err()?;
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Some(Warning::new("presence_not_told", format!("signs of life could not be told to {remote}: {error}{cause}")))
}

fn try_to_publish(session: &Session, remote: &str, listed: &Listed) -> Result<()> {
    let (now, before) = (session.now(), read(session));
    let last = before.get(remote);
    let pause = Duration::from_secs(session.settings().ttl_minutes * 60 / 3);
    // A clock that went back says nothing.
    if last.is_some_and(|last| last.at <= now && now.since(last.at) < pause) {
        return Ok(());
    }
    let Some(mut replica) = session.machine().replica().and_then(|id| Id::parse(&id).ok()) else { return Ok(()) };
    let there = |replica: &Id| listed.presence.get(replica.as_str()).copied();
    let ours =
        session.store().own_presence(&replica)?.into_iter().chain(last.into_iter().flat_map(|last| last.ours.clone()));
    if let Some(id) = there(&replica)
        && !ours.into_iter().any(|ours| ours == id)
    {
        // Another clone has the same id, as where one was copied. It may keep it: two that replace each other's signs
        // would let each other's claims look dead.
        let old = std::mem::replace(&mut replica, session.seed().id('r', 1));
        session.machine().rename_replica(&replica)?;
        session.store().drop_presence(&old);
    }
    let Some(id) = make(session, &replica)? else { return Ok(()) };
    if there(&replica) == Some(id) {
        return Ok(());
    }
    // Noted first: a remote that wants none of it is not asked each time, and what it has by then is known to be ours.
    let told = Told { at: now, ours: there(&replica).into_iter().chain([id]).collect() };
    write(session, remote, told.clone())?;
    match session.store().push_presence(remote, &replica, id, there(&replica))? {
        Pushed::Landed | Pushed::Unanswered(_) => Ok(()),
        // Who was first is seen at the next look, which need not wait.
        Pushed::LostRace(_) => write(session, remote, Told { at: Timestamp::EPOCH, ..told }),
    }
}

/// Makes the presence of this replica; nothing where there is nothing to tell.
fn make(session: &Session, replica: &Id) -> Result<Option<Oid>> {
    // One process after the other: a ref that goes back would tell what is over.
    let turn = session.store().lock(session.settings().lock_timeout)?;
    let signs = session.machine().own_signs();
    let Some(at) = signs.values().map(|sign| sign.at).max() else { return Ok(None) };
    let recent = signs.into_values().filter(|sign| at.since(sign.at) <= TOLD);
    let Some(text) = published::encode(recent) else { return Ok(None) };
    session.store().make_presence(&turn, replica, published::FILE, text.as_bytes(), at).map(Some)
}

/// What was last told a remote.
#[derive(Debug, Clone, Default)]
struct Told {
    /// When it was tried.
    at: Timestamp,
    /// What it may have of ours.
    ours: Vec<Oid>,
}

fn read(session: &Session) -> BTreeMap<String, Told> {
    let text = std::fs::read_to_string(session.store().coord_dir().join(NOTE)).unwrap_or_default();
    let parse = |line: &str| {
        // The name of a remote may hold a space, and stands last.
        let mut words = line.splitn(3, ' ');
        let (at, ours, remote) = (words.next()?, words.next()?, words.next()?);
        let ours = ours.split(',').filter_map(|id| id.parse().ok()).collect();
        Some((remote.to_owned(), Told { at: at.parse().ok()?, ours }))
    };
    text.lines().filter_map(parse).collect()
}

fn write(session: &Session, remote: &str, told: Told) -> Result<()> {
    let mut known = read(session);
    known.insert(remote.to_owned(), told);
    let remotes = session.store().remotes();
    let line = |(remote, told): (&String, &Told)| {
        let ours: Vec<String> = told.ours.iter().map(Oid::to_string).collect();
        format!("{} {} {remote}\n", told.at, ours.join(","))
    };
    let text: String = known.iter().filter(|(remote, _)| remotes.contains(remote)).map(line).collect();
    session.store().write_note(NOTE, text.as_bytes())
}
