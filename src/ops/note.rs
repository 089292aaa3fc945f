//! Remarks in the thread of a task, and what other operations say there.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delivery::{deliver, recipient, superior};
use super::message::require_text;
use super::{Context, access, task::require};
use crate::base::{Result, text};
use crate::records::message::{Message, Type, Urgency};
use crate::records::record::Typed;
use crate::records::{Agent, Task};
use crate::state::{Changeset, Snapshot, find};

/// A remark.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    /// The task.
    pub task: String,
    /// The remark.
    pub text: String,
    /// Whether it says how far the task is, which only its holder does, and goes to whom the holder reports to.
    pub progress: bool,
    /// The id of the claim.
    pub claim_id: Option<String>,
    /// Whether somebody else's claim is passed over.
    pub force: bool,
}

/// Puts a remark into the thread of a task.
///
/// # Errors
/// `not_found` (4); `empty_text` (5); for progress `claim_held` (3) where somebody else holds the task.
pub fn note(snapshot: &dyn Snapshot, input: &Note, context: &Context) -> Result<Changeset> {
    let task = require(snapshot, &input.task)?;
    require_text(&input.text, "note")?;
    let mut said = Said { r#type: Type::Note, body: &input.text, ..Said::default() };
    if input.progress {
        access::require_holder(context, &task, input.claim_id.as_deref(), input.force, "report progress on")?;
        said.r#type = Type::Progress;
        said.report = true;
    }
    let mut changes = Changeset::new(format!("Note on {}: {}", task.id, text::excerpt(&input.text, 60)));
    changes.holds = access::held_by(context, &task, input.claim_id.as_deref());
    changes.about = Some(std::sync::Arc::new(say(snapshot, &task, said, context, &mut changes)?));
    Ok(changes)
}

/// What is said in the thread of a task.
#[derive(Debug, Clone)]
pub struct Said<'a> {
    /// What sort of message it is.
    pub r#type: Type,
    /// The content.
    pub body: &'a str,
    /// Whose inboxes it goes to.
    pub to: &'a [String],
    /// Whether it goes to whom the asker reports to as well.
    pub report: bool,
    /// How soon it wants to be read.
    pub priority: Urgency,
    /// Facts for machines.
    pub metadata: BTreeMap<String, Value>,
}

impl Default for Said<'_> {
    fn default() -> Self {
        Said {
            r#type: Type::Note,
            body: "",
            to: &[],
            report: false,
            priority: Urgency::Normal,
            metadata: BTreeMap::new(),
        }
    }
}

/// Adds a message in the thread of a task to a changeset, and returns it.
pub fn say(
    snapshot: &dyn Snapshot,
    task: &Task,
    said: Said<'_>,
    context: &Context,
    changes: &mut Changeset,
) -> Result<Message> {
    let mut to: BTreeSet<String> = said.to.iter().map(|name| recipient(snapshot, name)).collect::<Result<_>>()?;
    if said.report {
        to.extend(reports_to(snapshot, &context.agent, changes));
    }
    let mut message = Message::new(context.seed.ulid(context.now, 0), context.now, &context.agent);
    message.from.clone_from(&context.agent);
    message.to = to;
    message.timestamp = context.now;
    message.r#type = said.r#type;
    message.priority = said.priority;
    message.thread = Some(task.id.to_string());
    message.metadata = said.metadata;
    said.body.clone_into(&mut message.body);
    message.validate()?;
    deliver(snapshot, &message, changes)?;
    Ok(message)
}

/// Returns whom an agent reports to, where it has a profile that says so. A profile that makes no sense keeps nobody
/// from finishing a task: it is a warning.
pub fn reports_to(snapshot: &dyn Snapshot, agent: &str, changes: &mut Changeset) -> Option<String> {
    let boss = match find::<Agent>(snapshot, agent) {
        Ok(profile) => profile.and_then(|profile| profile.reports_to),
        Err(_) => {
            changes.warn(
                "unreadable",
                format!("the profile of {} cannot be read; nobody was told", text::excerpt(agent, 40)),
            );
            None
        }
    };
    match superior(snapshot, boss.as_deref()?) {
        Ok(name) => Some(name),
        Err(error) => {
            changes.warn("no_inbox", format!("{}; nobody was told", error.message()));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::fixture::{World, code};
    use crate::ops::{Operation, agent};
    use crate::state::all;

    fn note_on(task: &str, progress: bool) -> Operation {
        Operation::Note(Note { task: task.into(), text: "found it".into(), progress, ..Note::default() })
    }

    #[test]
    fn a_plain_note_is_open_to_all_and_lies_in_nobodys_inbox() {
        let mut world = World::new();
        world.task("a");
        world.claim("a");
        world.become_other("bob");
        world.run(note_on("a", false)).expect("noted");
        let note = &all::<Message>(&world.records).expect("messages")[0];
        assert_eq!((note.r#type.as_str(), note.thread.as_deref(), note.to.len()), ("note", Some("a"), 0));
        assert_eq!(note.body, "found it");
    }

    #[test]
    fn progress_is_the_holders_and_goes_to_whom_it_reports_to() {
        let mut world = World::new();
        let profile = agent::New { name: "ada".into(), reports_to: Some("boss".into()), ..agent::New::default() };
        world.run(Operation::AgentNew(profile)).expect("a profile");
        world.task("a");
        world.claim("a");
        let changes = world.run(note_on("a", true)).expect("noted");
        assert_eq!(changes.warnings[0].code, "unknown_agent");
        assert_eq!(world.records.inbox("boss").expect("an inbox").len(), 1);
        world.become_other("bob");
        assert_eq!(code(world.run(note_on("a", true))), "claim_held");
    }

    #[test]
    fn an_empty_note_is_refused() {
        let mut world = World::new();
        world.task("a");
        let note = Note { task: "a".into(), text: " \n".into(), ..Note::default() };
        assert_eq!(code(world.run(Operation::Note(note))), "empty_text");
    }
}
