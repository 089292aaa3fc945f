//! Sending messages and taking them out of the inbox.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Context;
use crate::base::{Error, Result, text};
use crate::records::agent;
use crate::records::message::{MESSAGE, Message, Type, Urgency, inbox_path};
use crate::records::record::{Record, Typed};
use crate::state::{Changeset, Snapshot, get};

/// What to send to whom.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Send {
    /// The agents.
    pub to: BTreeSet<String>,
    /// The content.
    pub body: String,
    /// What it is for.
    pub r#type: Option<String>,
    /// How soon it wants to be read.
    pub priority: Option<String>,
    /// The task, sprint or message it belongs to.
    pub thread: Option<String>,
    /// What it refers to.
    pub references: BTreeSet<String>,
    /// Facts for machines.
    pub metadata: BTreeMap<String, Value>,
}

/// What to answer to which message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// The message.
    pub message: String,
    /// The answer.
    pub body: String,
    /// What the answer is for.
    pub r#type: Option<String>,
}

/// Which messages have been read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Read {
    /// The messages.
    pub messages: Vec<String>,
}

/// Sends a message.
///
/// # Errors
/// `empty_text`, `no_recipient`, `bad_id`, `reserved_name` or `bad_record` (5).
pub fn send(snapshot: &dyn Snapshot, input: &Send, context: &Context) -> Result<Changeset> {
    require_text(&input.body, "message")?;
    if input.to.is_empty() {
        return Err(
            Error::invalid("no_recipient", "cannot send the message: it names nobody").hint("git coord agent list")
        );
    }
    let to = input.to.iter().map(|name| recipient(snapshot, name)).collect::<Result<_>>()?;
    let mut message = Message::new(context.seed.ulid(context.now, 0), context.now, &context.agent);
    message.from.clone_from(&context.agent);
    message.to = to;
    message.timestamp = context.now;
    message.r#type = input.r#type.as_deref().map(Type::from).unwrap_or_default();
    message.priority = input.priority.as_deref().map(parse_urgency).transpose()?.unwrap_or_default();
    message.thread.clone_from(&input.thread);
    message.references.clone_from(&input.references);
    message.metadata.clone_from(&input.metadata);
    message.body.clone_from(&input.body);
    message.validate()?;

    let to = message.to.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut changes = Changeset::new(format!(
        "Send {} to {}: {}",
        message.r#type,
        text::excerpt(&to, 40),
        text::excerpt(&message.body, 50)
    ));
    deliver(snapshot, &message, &mut changes)?;
    changes.about = Some(Arc::new(message));
    Ok(changes)
}

/// Answers a message to whoever sent it, in its thread, and takes it out of the asker's inbox in the same commit.
///
/// # Errors
/// `empty_text` or `bad_record` (5), `not_found` (4).
pub fn reply(snapshot: &dyn Snapshot, input: &Reply, context: &Context) -> Result<Changeset> {
    require_text(&input.body, "answer")?;
    let asked = get::<Message>(snapshot, &input.message)?;
    let mut answer = Message::new(context.seed.ulid(context.now, 0), context.now, &context.agent);
    answer.from.clone_from(&context.agent);
    answer.timestamp = context.now;
    answer.r#type = input.r#type.as_deref().map_or(Type::Response, Type::from);
    answer.thread = asked.thread.clone().or_else(|| Some(asked.id.to_string()));
    answer.references.insert(asked.id.to_string());
    answer.body.clone_from(&input.body);
    let mut changes =
        Changeset::new(format!("Reply to {}: {}", text::excerpt(&asked.from, 40), text::excerpt(&answer.body, 50)));
    match recipient(snapshot, &asked.from) {
        Ok(to) => answer.to = [to].into(),
        // A name that no agent can have was written by a person or another system.
        Err(_) => changes.warn(
            "no_inbox",
            format!("{} has no inbox; the answer stands in the thread", text::excerpt(&asked.from, 40)),
        ),
    }
    answer.validate()?;
    deliver(snapshot, &answer, &mut changes)?;
    if snapshot.inbox(&context.agent)?.contains(&asked.id) {
        changes.remove(inbox_path(&context.agent, &asked.id));
    }
    changes.about = Some(Arc::new(answer));
    Ok(changes)
}

/// Returns the name of an agent as its profile writes it: names are the same whatever their case.
pub fn recipient(snapshot: &dyn Snapshot, name: &str) -> Result<String> {
    let id =
        agent::parse_name(name).map_err(|error| error.hint("name agents, with commas between them: dev-1,dev-2"))?;
    Ok(snapshot.twin(&agent::AGENT, &id)?.unwrap_or(id).into())
}

/// Takes messages out of the asker's inbox; those that are not in it stay as they are.
///
/// # Errors
/// `not_found` where there is no such message.
pub fn read(snapshot: &dyn Snapshot, input: &Read, context: &Context) -> Result<Changeset> {
    let unread: BTreeSet<String> = snapshot.inbox(&context.agent)?.into_iter().map(String::from).collect();
    let mut changes = Changeset::new(String::new());
    let mut taken = Vec::new();
    for id in &input.messages {
        let message = snapshot.find(&MESSAGE, id)?.ok_or_else(|| crate::state::snapshot::missing(&MESSAGE, id))?;
        if unread.contains(id) {
            changes.remove(inbox_path(&context.agent, id));
            taken.push(id.as_str());
        }
        changes.absorb(Changeset::about(message));
    }
    changes.subject = format!("Read {}", text::excerpt(&taken.join(", "), 80));
    Ok(changes)
}

/// Puts a message into a changeset, and a link to it into the inbox of each agent that it is addressed to.
pub fn deliver(snapshot: &dyn Snapshot, message: &Message, changes: &mut Changeset) -> Result<()> {
    let record: Arc<dyn Record> = Arc::new(message.clone());
    for name in &message.to {
        let agent = agent::parse_name(name)?;
        if !snapshot.contains(&agent::AGENT, &agent)? {
            changes.warn("unknown_agent", format!("there is no agent {agent} yet; the message waits in its inbox"));
        }
        changes.link(inbox_path(&agent, &message.id), record.clone());
    }
    changes.put_any(record);
    Ok(())
}

/// Refuses a text with nothing in it.
///
/// # Errors
/// `empty_text`.
pub fn require_text(body: &str, what: &str) -> Result<()> {
    if body.trim().is_empty() {
        return Err(Error::invalid("empty_text", format!("cannot send an empty {what}")));
    }
    Ok(())
}

fn parse_urgency(word: &str) -> Result<Urgency> {
    match Urgency::from(word) {
        Urgency::Other(_) => {
            let shown = text::excerpt(word, 40);
            Err(Error::invalid("bad_record", format!("priority must be low, normal, high or urgent, not «{shown}»"))
                .detail("field", "priority"))
        }
        urgency => Ok(urgency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};

    fn to(names: &[&str]) -> Operation {
        let to = names.iter().map(|name| (*name).to_owned()).collect();
        Operation::Send(Send { to, body: "hello".into(), ..Send::default() })
    }

    #[test]
    fn a_message_lies_in_each_inbox_until_it_is_read_there() {
        let mut world = World::new();
        let id = world.run(to(&["bob", "eve"])).expect("sent").about.expect("a message").id().to_string();
        world.become_other("bob");
        world.run(Operation::Read(Read { messages: vec![id.clone()] })).expect("read");
        assert!(world.records.inbox("bob").expect("an inbox").is_empty());
        assert_eq!(world.records.inbox("eve").expect("an inbox").len(), 1);
        let again = world.run(Operation::Read(Read { messages: vec![id] })).expect("read before");
        assert!(again.is_empty());
    }

    #[test]
    fn a_name_reaches_its_agent_whatever_its_case() {
        let mut world = World::new();
        let profile = crate::ops::agent::New { name: "Bob".into(), ..Default::default() };
        world.run(Operation::AgentNew(profile)).expect("a profile");
        assert!(world.run(to(&["bob"])).expect("sent").warnings.is_empty());
        assert_eq!(world.records.inbox("Bob").expect("an inbox").len(), 1);
    }

    #[test]
    fn an_answer_goes_back_in_the_same_thread_and_empties_the_inbox() {
        let mut world = World::new();
        let id = world.run(to(&["bob"])).expect("sent").about.expect("a message").id().to_string();
        world.become_other("bob");
        let answer = Reply { message: id.clone(), body: "yes".into(), ..Reply::default() };
        let changes = world.run(Operation::Reply(answer)).expect("answered");
        let answer = changes.about.as_ref().and_then(crate::records::record::downcast::<Message>).expect("a message");
        assert_eq!((answer.to.contains("ada"), answer.thread.as_deref()), (true, Some(id.as_str())));
        assert!(answer.references.contains(&id) && answer.r#type == Type::Response);
        assert!(world.records.inbox("bob").expect("an inbox").is_empty());
        assert_eq!(world.records.inbox("ada").expect("an inbox").len(), 1);
    }

    #[test]
    fn names_that_are_nobodys_are_refused() {
        let mut world = World::new();
        assert_eq!(code(world.run(to(&["all"]))), "reserved_name");
        assert_eq!(code(world.run(to(&["../x"]))), "bad_id");
        assert_eq!(code(world.run(to(&[]))), "no_recipient");
    }

    #[test]
    fn reading_what_is_not_there_is_refused() {
        let read = Read { messages: vec!["01KAHD4V2M0000000000000000".into()] };
        assert_eq!(code(World::new().run(Operation::Read(read))), "not_found");
    }
}
