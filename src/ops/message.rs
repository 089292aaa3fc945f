//! Sending messages and taking them out of the inbox.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Context;
use super::delivery::{deliver, one_agent, recipient, take_out};
use crate::base::{Error, Result, text};
use crate::records::message::{MESSAGE, Message, Type, Urgency};
use crate::records::record::Typed;
use crate::state::{Changeset, Snapshot, find, get};

/// What to send to whom.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Send {
    /// Agents, roles as `role:reviewer`, or `all`.
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
    /// The message, or the record in whose thread it waits.
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
    /// Whether all that the asker has unread are meant.
    pub all: bool,
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
    let asked = asked(snapshot, &input.message, context)?;
    let mut answer = Message::new(context.seed.ulid(context.now, 0), context.now, &context.agent);
    answer.from.clone_from(&context.agent);
    answer.timestamp = context.now;
    answer.r#type = input.r#type.as_deref().map_or(Type::Response, Type::from);
    answer.thread = asked.thread.clone().or_else(|| Some(asked.id.to_string()));
    answer.references.insert(asked.id.to_string());
    answer.body.clone_from(&input.body);
    let mut changes =
        Changeset::new(format!("Reply to {}: {}", text::excerpt(&asked.from, 40), text::excerpt(&answer.body, 50)));
    match one_agent(snapshot, &asked.from) {
        Ok(to) => answer.to = [to].into(),
        // A name that no agent can have was written by a person or another system.
        Err(_) => changes.warn(
            "no_inbox",
            format!("{} has no inbox; the answer stands in the thread", text::excerpt(&asked.from, 40)),
        ),
    }
    answer.validate()?;
    deliver(snapshot, &answer, &mut changes)?;
    take_out(snapshot, &asked, context, &mut changes)?;
    changes.about = Some(Arc::new(answer));
    Ok(changes)
}

/// Returns the message that is meant: by its id, or by the task or other record in whose thread it lies unread in the
/// asker's inbox: of several the oldest question or blocker, else the latest.
fn asked(snapshot: &dyn Snapshot, name: &str, context: &Context) -> Result<Message> {
    if snapshot.contains(&MESSAGE, name)? {
        return get::<Message>(snapshot, name);
    }
    let mut waiting = Vec::new();
    for id in snapshot.inbox(&context.agent)? {
        let message = find::<Message>(snapshot, &id)?;
        waiting.extend(message.filter(|message| message.thread.as_deref() == Some(name)));
    }
    let asks = |message: &&Message| matches!(message.r#type, Type::Question | Type::Blocker | Type::Approval);
    if let Some(message) = waiting.iter().find(asks).or(waiting.last()) {
        return Ok(message.clone());
    }
    let agent = text::excerpt(&context.agent, 40);
    Err(Error::not_found(format!("no message to {agent} waits in the thread of {}", text::excerpt(name, 40)))
        .hint("git coord inbox")
        .hint(format!("git coord thread {name}")))
}

/// Takes messages out of the asker's inbox; those that are not in it stay as they are.
///
/// # Errors
/// `not_found` where there is no such message.
pub fn read(snapshot: &dyn Snapshot, input: &Read, context: &Context) -> Result<Changeset> {
    let mut changes = Changeset::new(String::new());
    let mut taken = Vec::new();
    let unread: Vec<String> =
        if input.all { snapshot.inbox(&context.agent)?.into_iter().map(String::from).collect() } else { Vec::new() };
    for id in input.messages.iter().chain(&unread) {
        let message = get::<Message>(snapshot, id)?;
        if take_out(snapshot, &message, context, &mut changes)? {
            taken.push(id.as_str());
        }
        changes.absorb(Changeset::about(Arc::new(message)));
    }
    changes.subject = format!("Read {}", text::excerpt(&taken.join(", "), 80));
    Ok(changes)
}

/// Refuses a text with nothing in it.
///
/// # Errors
/// `empty_text`.
pub fn require_text(body: &str, what: &str) -> Result<()> {
    if body.trim().is_empty() {
        return Err(Error::invalid("empty_text", format!("cannot take an empty {what}: it has to say something")));
    }
    Ok(())
}

fn parse_urgency(word: &str) -> Result<Urgency> {
    match Urgency::from(word.to_lowercase().as_str()) {
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
        world.run(Operation::Read(Read { messages: vec![id.clone()], all: false })).expect("read");
        assert!(world.records.inbox("bob").expect("an inbox").is_empty());
        assert_eq!(world.records.inbox("eve").expect("an inbox").len(), 1);
        let again = world.run(Operation::Read(Read { messages: vec![id], all: false })).expect("read before");
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

    fn profile(world: &mut World, name: &str, role: Option<&str>) {
        let role = role.map(str::to_owned);
        let new = crate::ops::agent::New { name: name.into(), role, ..Default::default() };
        world.run(Operation::AgentNew(new)).expect("a profile");
    }

    fn unread(world: &World, agent: &str) -> usize {
        world.records.inbox(agent).expect("an inbox").len()
    }

    fn sent(world: &mut World, names: &[&str]) -> String {
        world.run(to(names)).expect("sent").about.expect("a message").id().to_string()
    }

    fn read_by(world: &mut World, agent: &str, id: &str) -> Changeset {
        world.become_other(agent);
        let changes = world.run(Operation::Read(Read { messages: vec![id.to_owned()], all: false })).expect("read");
        world.become_other("ada");
        changes
    }

    #[test]
    fn what_is_sent_to_all_waits_for_each_until_that_one_reads_it() {
        let mut world = World::new();
        profile(&mut world, "bob", None);
        profile(&mut world, "eve", None);
        let id = sent(&mut world, &["all"]);
        profile(&mut world, "late", None);
        assert_eq!(["ada", "bob", "eve", "late", "nobody"].map(|name| unread(&world, name)), [0, 1, 1, 0, 1]);
        assert!(!read_by(&mut world, "bob", &id).is_empty());
        assert!(!read_by(&mut world, "nobody", &id).is_empty());
        assert_eq!(["bob", "eve", "nobody"].map(|name| unread(&world, name)), [0, 1, 0]);
        let reads = get::<crate::records::Reads>(&world.records, &id).expect("readers");
        assert_eq!(reads.readers.iter().collect::<Vec<_>>(), ["bob", "nobody"]);
        assert_eq!((reads.created_by.as_str(), reads.updated_by.as_str()), ("ada", "nobody"));
        for again in ["bob", "nobody", "ada", "late"] {
            assert!(read_by(&mut world, again, &id).is_empty(), "{again}");
        }
    }

    #[test]
    fn a_role_is_all_who_have_it_now() {
        let mut world = World::new();
        profile(&mut world, "bob", Some("Code Reviewer"));
        profile(&mut world, "eve", Some("developer"));
        let id = sent(&mut world, &["role:Code-Reviewer", "eve"]);
        assert_eq!(["bob", "eve"].map(|name| unread(&world, name)), [1, 1]);
        assert!(get::<Message>(&world.records, &id).expect("a message").to.contains("role:code-reviewer"));
        read_by(&mut world, "eve", &id);
        assert_eq!(["bob", "eve"].map(|name| unread(&world, name)), [1, 0]);
        let warnings = world.run(to(&["role:tester"])).expect("sent").warnings;
        assert_eq!(warnings[0].code, "unknown_role");
        let set = BTreeMap::from([("role".to_owned(), "tester".to_owned())]);
        let edit = crate::ops::edit::Edit { kind: "agent".into(), id: "eve".into(), set, ..Default::default() };
        world.run(Operation::Edit(edit)).expect("another role");
        assert_eq!(["bob", "eve"].map(|name| unread(&world, name)), [1, 1]);
    }

    #[test]
    fn a_message_that_came_on_two_ways_is_read_once() {
        let mut world = World::new();
        profile(&mut world, "bob", Some("reviewer"));
        let id = sent(&mut world, &["all", "bob", "role:reviewer"]);
        assert_eq!(unread(&world, "bob"), 1);
        read_by(&mut world, "bob", &id);
        assert_eq!(unread(&world, "bob"), 0);
    }

    #[test]
    fn an_answer_to_what_was_sent_to_all_goes_to_its_sender_alone() {
        let mut world = World::new();
        profile(&mut world, "bob", None);
        let id = sent(&mut world, &["all"]);
        world.become_other("bob");
        let answer = Reply { message: id, body: "yes".into(), ..Reply::default() };
        world.run(Operation::Reply(answer)).expect("answered");
        assert_eq!(["ada", "bob", "eve"].map(|name| unread(&world, name)), [1, 0, 1]);
    }

    #[test]
    fn an_agent_has_one_inbox_whatever_the_case_it_writes_its_name_in() {
        let mut world = World::new();
        profile(&mut world, "Bob", None);
        let ids = [sent(&mut world, &["bob"]), sent(&mut world, &["all"])];
        assert_eq!(["Bob", "bob"].map(|name| unread(&world, name)), [2, 2]);
        ids.iter().for_each(|id| assert!(!read_by(&mut world, "bob", id).is_empty()));
        assert_eq!(["Bob", "bob"].map(|name| unread(&world, name)), [0, 0]);
    }

    #[test]
    fn a_link_to_nothing_is_no_message() {
        let mut world = World::new();
        let id = sent(&mut world, &["bob", "all"]);
        let mut lost = Changeset::new("a damage");
        lost.remove(crate::records::message::MESSAGE.path(&id));
        world.records.apply(&lost);
        assert_eq!(["bob", "eve"].map(|name| unread(&world, name)), [0, 0]);
    }

    #[test]
    fn names_that_are_nobodys_are_refused() {
        let mut world = World::new();
        assert_eq!(code(world.run(to(&["shared"]))), "reserved_name");
        assert_eq!(code(world.run(to(&["../x"]))), "bad_id");
        assert_eq!(code(world.run(to(&[]))), "no_recipient");
    }

    #[test]
    fn reading_what_is_not_there_is_refused() {
        let read = Read { messages: vec!["01KAHD4V2M0000000000000000".into()], all: false };
        assert_eq!(code(World::new().run(Operation::Read(read))), "not_found");
    }
}
