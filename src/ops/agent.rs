//! Making agent profiles.

use serde::{Deserialize, Serialize};

use super::{Context, task::fresh_id};
use crate::base::{Result, text};
use crate::records::agent::{AGENT, Agent, parse_name};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};

    fn named(name: &str) -> Operation {
        Operation::AgentNew(New { name: name.into(), ..New::default() })
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
