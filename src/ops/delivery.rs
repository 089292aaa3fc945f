//! Putting messages into inboxes, and taking them out.

use std::sync::Arc;

use super::Context;
use crate::base::{Id, Result};
use crate::records::agent::{self, AGENT};
use crate::records::recipient::{Recipient, role_of};
use crate::records::record::Record;
use crate::records::{Agent, Message, Reads, stamps};
use crate::state::inbox::{Reader, own_inbox, written_name};
use crate::state::{Changeset, Snapshot, all, find};

/// Returns a recipient as `to` holds it: an agent as its profile writes it, for names are the same whatever their case.
///
/// # Errors
/// `bad_id`, `reserved_name`.
pub fn recipient(snapshot: &dyn Snapshot, name: &str) -> Result<String> {
    let parsed = Recipient::parse(name)
        .map_err(|error| error.hint("name agents, roles or all, with commas between them: dev-1,role:reviewer"))?;
    match parsed {
        Recipient::Agent(id) => written_name(snapshot, id).map(String::from),
        several => Ok(several.to_string()),
    }
}

/// Returns whom an agent reports to, as `to` holds it.
///
/// # Errors
/// `bad_id`, or `reserved_name` for `all`.
pub fn superior(snapshot: &dyn Snapshot, name: &str) -> Result<String> {
    match Recipient::parse_superior(name)? {
        Recipient::Agent(id) => written_name(snapshot, id).map(String::from),
        several => Ok(several.to_string()),
    }
}

/// Returns the one agent that a name stands for.
///
/// # Errors
/// `bad_id`, `reserved_name`.
pub fn one_agent(snapshot: &dyn Snapshot, name: &str) -> Result<String> {
    written_name(snapshot, agent::parse_name(name)?).map(String::from)
}

/// Puts a message into a changeset, and a link to it for each recipient.
///
/// # Errors
/// `bad_id`, `reserved_name` where a recipient cannot be one.
pub fn deliver(snapshot: &dyn Snapshot, message: &Message, changes: &mut Changeset) -> Result<()> {
    let record: Arc<dyn Record> = Arc::new(message.clone());
    for name in &message.to {
        let recipient = Recipient::parse(name)?;
        warn_of_nobody(snapshot, &recipient, changes)?;
        changes.link(recipient.path(&message.id), record.clone());
    }
    changes.put_any(record);
    Ok(())
}

fn warn_of_nobody(snapshot: &dyn Snapshot, recipient: &Recipient, changes: &mut Changeset) -> Result<()> {
    match recipient {
        Recipient::Agent(agent) if !snapshot.contains(&AGENT, agent)? => {
            changes.warn("unknown_agent", format!("there is no agent {agent} yet; the message waits in its inbox"));
        }
        Recipient::Role(role) => {
            let agents = all::<Agent>(snapshot)?;
            if !agents.iter().any(|agent| agent.role.as_deref().and_then(role_of).as_ref() == Some(role)) {
                let message = format!("no agent has the role {role} yet; the message waits for one that is given it");
                changes.warn("unknown_role", message);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Takes a message out of the asker's inbox; returns whether it was in it.
///
/// # Errors
/// `unreadable` where the record of who has read it is none.
pub fn take_out(
    snapshot: &dyn Snapshot,
    message: &Message,
    context: &Context,
    changes: &mut Changeset,
) -> Result<bool> {
    let mut taken = false;
    if let Some(own) = own_inbox(snapshot, &context.agent)?
        && snapshot.linked(&own)?.contains(&message.id)
    {
        changes.remove(own.path(&message.id));
        taken = true;
    }
    let reader = Reader::of(snapshot, &context.agent)?;
    if !reader.shares(message) || !is_linked(snapshot, &reader, &message.id)? {
        return Ok(taken);
    }
    let known = find::<Reads>(snapshot, &message.id)?;
    if reader.has_read(known.as_ref()) {
        return Ok(taken);
    }
    let before = known.unwrap_or_else(|| Reads::of(message));
    let mut after = before.clone();
    after.readers.insert(context.agent.clone());
    stamps::mark(&before, &mut after, context.now, &context.agent);
    changes.put(after);
    Ok(true)
}

fn is_linked(snapshot: &dyn Snapshot, reader: &Reader, message: &Id) -> Result<bool> {
    for group in reader.groups() {
        if snapshot.linked(&group)?.contains(message) {
            return Ok(true);
        }
    }
    Ok(false)
}
