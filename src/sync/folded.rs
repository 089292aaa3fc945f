//! What plain `git fetch` and `git pull` have brought, folded into the state before a command answers.
//!
//! They move the tracking refs and nothing else. `coord/folded` says up to where each was looked at, so that a command in
//! a repository where nothing has moved reads one small file per remote and that one. Where nothing can be written, or
//! somebody else writes for long, the command answers without; so too where what has come cannot be taken in,
//! which `sync` and `doctor` tell.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use super::coming::is_coming;
use crate::base::{Result, failpoint};
use crate::session::Session;
use crate::store::Oid;

/// The name of the note in the common dir.
const NOTE: &str = "folded";

/// How long a command waits for its turn before it answers without.
const WAIT: Duration = Duration::from_secs(5);

/// Which version has looked: a head that one cannot take in may be no riddle to the next.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Errors that go by with time, after which the next command tries again.
const PASSING: &[&str] = &["queue_full", "ref_locked", "retry_limit", "read_only", "disk_full", "io", "timeout"];

/// What was looked at last: remote → the commit, and the version that could not take it in.
type Known = BTreeMap<String, (String, Option<String>)>;

/// Brings in what fetches have left, and returns whether the state has moved.
pub fn fold_in(session: &Session) -> bool {
    let remotes = ordered(session);
    if remotes.is_empty() {
        return false;
    }
    // A ref that cannot be understood is for the verb that needs it, and for `doctor`.
    let Ok(tips) = session.store().tracking_tips(&remotes) else { return false };
    if tips.is_empty() {
        return false;
    }
    let mut known = read(session);
    let (mut has_moved, mut is_new) = (false, false);
    for (remote, theirs) in tips {
        let id = theirs.to_string();
        match known.get(&remote) {
            Some((seen, None)) if *seen == id => continue,
            Some((seen, Some(version))) if *seen == id && version == VERSION => continue,
            _ if is_coming(session, &remote, theirs) => continue,
            _ => {}
        }
        match arrive(session, &remote, theirs) {
            Ok(moved) => {
                has_moved |= moved;
                known.insert(remote, (id, None));
            }
            Err(error) if PASSING.contains(&error.code()) || error.code() == "not_set_up" => continue,
            Err(_) => drop(known.insert(remote, (id, Some(VERSION.to_owned())))),
        }
        is_new = true;
    }
    if is_new {
        write(session, &known);
    }
    has_moved
}

fn arrive(session: &Session, remote: &str, theirs: Oid) -> Result<bool> {
    let before = session.tip()?;
    Ok(session.arrive(theirs, &format!("fetched from {remote}"), WAIT)?.tip != before)
}

/// Notes that what a remote has was looked at.
pub(super) fn note(session: &Session, remote: &str, tip: Option<Oid>) {
    let Some(tip) = tip else { return };
    let mut known = read(session);
    let seen = (tip.to_string(), None);
    if known.get(remote) != Some(&seen) {
        known.insert(remote.to_owned(), seen);
        // Crash before or after: it is looked at once more, and is here already.
        let noted = failpoint::before("sync-note").map(|()| write(session, &known));
        let _ = noted.and_then(|()| failpoint::after("sync-note"));
    }
}

/// Returns the heads that this version has looked at and could not take in, by their remotes.
pub fn left_out(session: &Session) -> Vec<(String, Oid)> {
    let known = read(session);
    let tips = session.store().tracking_tips(&ordered(session)).unwrap_or_default();
    let is_refused = |(remote, tip): &(String, Oid)| {
        known.get(remote).is_some_and(|(id, by)| by.is_some() && *id == tip.to_string())
    };
    tips.into_iter().filter(is_refused).collect()
}

/// The remotes, that of the team first: of two heads with the same changes its one is taken.
fn ordered(session: &Session) -> Vec<String> {
    let mut remotes = session.store().remotes();
    let shared = session.settings().remote.as_deref();
    remotes.sort_by_key(|remote| Some(remote.as_str()) != shared);
    remotes
}

fn read(session: &Session) -> Known {
    let text = fs::read_to_string(session.store().coord_dir().join(NOTE)).unwrap_or_default();
    let parse = |line: &str| {
        // The name of a remote may hold a space, and stands last.
        let mut words = line.splitn(3, ' ');
        let (id, by, remote) = (words.next()?, words.next()?, words.next()?);
        Some((remote.to_owned(), (id.to_owned(), (by != "-").then(|| by.to_owned()))))
    };
    text.lines().filter_map(parse).collect()
}

/// What cannot be noted is looked at again.
fn write(session: &Session, known: &Known) {
    let remotes = session.store().remotes();
    let line = |(remote, (id, by)): (&String, &(String, Option<String>))| {
        format!("{id} {} {remote}\n", by.as_deref().unwrap_or("-"))
    };
    let text: String = known.iter().filter(|(remote, _)| remotes.contains(remote)).map(line).collect();
    let _ = session.store().write_note(NOTE, text.as_bytes());
}
