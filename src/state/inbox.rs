//! Which messages an agent has not read: those in its own inbox, and those to several that it is one of.

use crate::base::{Error, Id, Result, id};
use crate::records::agent::AGENT;
use crate::records::message::MESSAGE;
use crate::records::recipient::{Recipient, role_of};
use crate::records::{Agent, Message, Reads};
use crate::state::{Snapshot, find};

/// What decides which messages to several reach an agent.
#[derive(Debug, Clone)]
pub struct Reader {
    name: String,
    role: Option<Id>,
    /// The moment of its profile, in milliseconds: it is not told what was said before.
    since: Option<i64>,
}

impl Reader {
    /// Returns what the profile of an agent says; without one it has no role, and nothing came before it.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read, but for a profile that is none.
    pub fn of(snapshot: &(impl Snapshot + ?Sized), agent: &str) -> Result<Self> {
        let profile = match own_inbox(snapshot, agent)? {
            Some(Recipient::Agent(name)) => readable(find::<Agent>(snapshot, &name))?,
            _ => None,
        };
        Ok(Reader {
            name: id::fold(agent),
            role: profile.as_ref().and_then(|profile| role_of(profile.role.as_deref()?)),
            since: profile.map(|profile| profile.created_at.millis()),
        })
    }

    /// Returns the groups that it belongs to.
    pub fn groups(&self) -> Vec<Recipient> {
        self.role.iter().cloned().map(Recipient::Role).chain([Recipient::All]).collect()
    }

    /// Returns whether a message to several reaches it: said by another, and not before its time.
    pub fn shares(&self, message: &Message) -> bool {
        let groups = self.groups();
        let is_addressed = message.to.iter().filter_map(|to| Recipient::parse(to).ok()).any(|to| groups.contains(&to));
        is_addressed && self.was_there(&message.id) && id::fold(&message.from) != self.name
    }

    /// Returns whether it is among those who have read a message.
    pub fn has_read(&self, reads: Option<&Reads>) -> bool {
        reads.is_some_and(|reads| reads.readers.iter().any(|reader| id::fold(reader) == self.name))
    }

    /// Returns whether a message to several was said when it was there to be told.
    pub fn was_there(&self, message: &str) -> bool {
        let said = id::ulid_time(message).map(|at| at.millis());
        self.since.is_none_or(|since| said.is_none_or(|said| said >= since))
    }
}

/// Returns the inbox of one agent: under its name as its profile writes it. A name that no agent can have has none.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn own_inbox(snapshot: &(impl Snapshot + ?Sized), agent: &str) -> Result<Option<Recipient>> {
    let Ok(name) = Id::parse(agent) else { return Ok(None) };
    written_name(snapshot, name).map(|name| Some(Recipient::Agent(name)))
}

/// Returns the name of an agent as its profile writes it: names are the same whatever their case. One that is there
/// exactly so wins over a twin, which only damage can have put beside it.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn written_name(snapshot: &(impl Snapshot + ?Sized), name: Id) -> Result<Id> {
    if snapshot.contains(&AGENT, &name)? {
        return Ok(name);
    }
    Ok(snapshot.twin(&AGENT, &name)?.unwrap_or(name))
}

/// Returns the ids of the messages that an agent has not read, oldest first; a link to nothing is none.
///
/// # Errors
/// Whatever the snapshot cannot read, but for files that are no records.
pub fn unread(snapshot: &(impl Snapshot + ?Sized), agent: &str) -> Result<Vec<Id>> {
    let mut ids = Vec::new();
    if let Some(own) = own_inbox(snapshot, agent)? {
        for id in snapshot.linked(&own)? {
            if snapshot.contains(&MESSAGE, &id)? {
                ids.push(id);
            }
        }
    }
    let reader = Reader::of(snapshot, agent)?;
    for group in reader.groups() {
        for id in snapshot.linked(&group)? {
            if reader.was_there(&id) && waits(snapshot, &reader, &id)? {
                ids.push(id);
            }
        }
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// Returns whether a message that is linked for several waits for one of them.
fn waits(snapshot: &(impl Snapshot + ?Sized), reader: &Reader, id: &Id) -> Result<bool> {
    let Some(message) = readable(find::<Message>(snapshot, id))? else { return Ok(false) };
    // A record of readers that cannot be read hides no message.
    Ok(reader.shares(&message) && !reader.has_read(readable(find::<Reads>(snapshot, id))?.as_ref()))
}

/// Takes a file that is no record for one that is not there; `doctor` names it.
fn readable<T>(found: Result<Option<T>>) -> Result<Option<T>> {
    match found {
        Err(error) if is_no_record(&error) => Ok(None),
        found => found,
    }
}

fn is_no_record(error: &Error) -> bool {
    matches!(error.code(), "unreadable" | "too_large")
}
