//! Making agent profiles, and what agents write into their logs.

use serde::{Deserialize, Serialize};

use super::message::require_text;
use super::{Context, task::fresh_id};
use crate::base::{Id, Result, text};
use crate::records::agent::{AGENT, Agent, parse_name};
use crate::records::message::{Message, Type, log_of};
use crate::records::recipient::Recipient;
use crate::records::record::Typed;
use crate::state::{Changeset, Snapshot};

/// What a new profile is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct New {
    /// The name.
    pub name: String,
    /// What it is in the fleet.
    pub role: Option<String>,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// What it has learned.
    pub skills: Vec<String>,
    /// What it must not do.
    pub safety_rails: Vec<String>,
    /// The model behind it.
    pub model: Option<String>,
    /// Who gets its completions and blockers.
    pub reports_to: Option<String>,
    /// The document of its role.
    pub body: String,
}

/// What an agent writes into its log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Log {
    /// What it is at, or has found.
    pub text: String,
}

/// Makes an agent profile.
///
/// # Errors
/// `bad_id`, `reserved_name` or `bad_record` (5), `id_taken` (3).
pub fn new(snapshot: &dyn Snapshot, input: &New, context: &Context) -> Result<Changeset> {
    let name = parse_name(&input.name)?;
    let id = fresh_id(snapshot, &AGENT, Some(&name), context)?;
    if let Some(boss) = &input.reports_to {
        Recipient::parse_superior(boss)?;
    }
    let mut agent = Agent::new(id, context.now, &context.agent);
    agent.role.clone_from(&input.role);
    agent.capabilities.clone_from(&input.capabilities);
    agent.skills.clone_from(&input.skills);
    agent.safety_rails.clone_from(&input.safety_rails);
    agent.model.clone_from(&input.model);
    agent.reports_to.clone_from(&input.reports_to);
    agent.body.clone_from(&input.body);
    agent.validate()?;
    let role = agent.role.as_deref().map(|role| format!(", {}", text::excerpt(role, 40))).unwrap_or_default();
    let mut changes = Changeset::new(format!("Add agent {}{role}", agent.id));
    changes.put_main(agent);
    Ok(changes)
}

/// Writes into the log of the asker, who needs no profile for it.
///
/// # Errors
/// `empty_text` or `bad_record` (5).
pub fn log(snapshot: &dyn Snapshot, input: &Log, context: &Context) -> Result<Changeset> {
    require_text(&input.text, "entry")?;
    let mut entry = Message::new(context.seed.ulid(context.now, 0), context.now, &context.agent);
    entry.from.clone_from(&context.agent);
    entry.timestamp = context.now;
    entry.r#type = Type::Note;
    // Under its name as its profile writes it, so that all entries stand in one thread.
    let profile = Id::parse(&context.agent).ok().map(|name| snapshot.twin(&AGENT, &name)).transpose()?.flatten();
    entry.thread = Some(log_of(profile.as_deref().unwrap_or(&context.agent)));
    entry.body.clone_from(&input.text);
    entry.validate()?;
    let mut changes =
        Changeset::new(format!("Log of {}: {}", text::excerpt(&context.agent, 40), text::excerpt(&input.text, 60)));
    changes.put_main(entry);
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};

    fn named(name: &str) -> Operation {
        Operation::AgentNew(New { name: name.into(), ..New::default() })
    }

    fn written(world: &mut World, text: &str) -> Message {
        let changes = world.run(Operation::AgentLog(Log { text: text.into() })).expect("written");
        changes.about.as_ref().and_then(crate::records::record::downcast::<Message>).expect("an entry").clone()
    }

    #[test]
    fn an_entry_stands_in_the_log_of_its_agent_whatever_the_case_and_in_no_inbox() {
        let mut world = World::new();
        assert!(written(&mut world, "before there is a profile").is_log_entry());
        world.run(named("Ada")).expect("made");
        let entry = written(&mut world, "at it");
        assert_eq!((entry.from.as_str(), entry.thread.as_deref(), entry.to.len()), ("ada", Some("agent/Ada"), 0));
        assert!(entry.is_log_entry());
        world.become_other("Ada Lovelace");
        assert_eq!(written(&mut world, "no id").thread.as_deref(), Some("agent/Ada Lovelace"));
        assert_eq!(code(world.run(Operation::AgentLog(Log { text: " ".into() }))), "empty_text");
    }

    #[test]
    fn a_name_is_given_once_and_some_never() {
        let mut world = World::new();
        world.run(named("dev-1")).expect("made");
        assert_eq!(code(world.run(named("DEV-1"))), "id_taken");
        assert_eq!(code(world.run(named("all"))), "reserved_name");
        assert_eq!(code(world.run(named("role:reviewer"))), "bad_id");
    }
}
