//! `agent new`: makes the profile of an agent.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::agent;
use crate::session::Outcome;

/// Make the profile of an agent
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it is in the fleet: developer, reviewer, coordinator, or any word
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
    /// What it can do; may be given several times
    #[arg(long = "capability", value_name = "TEXT")]
    #[serde(rename = "capability")]
    pub capabilities: Vec<String>,
    /// What it has learned; may be given several times
    #[arg(long = "skill", value_name = "TEXT")]
    #[serde(rename = "skill")]
    pub skills: Vec<String>,
    /// What it must not do; may be given several times
    #[arg(long = "safety-rail", value_name = "TEXT")]
    #[serde(rename = "safety_rail")]
    pub safety_rails: Vec<String>,
    /// The model behind it
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Who gets its completions and blockers
    #[arg(long, value_name = "AGENT")]
    pub reports_to: Option<String>,
    /// The document of its role in Markdown; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub body: Option<String>,
}

/// The verb.
pub struct New;

impl Write for New {
    const NAME: &'static str = "agent new";
    const GROUP: Group = Group::Agent;
    const OPERATION: fn(agent::New) -> Operation = Operation::AgentNew;
    type Args = Args;
    type Input = agent::New;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<agent::New> {
        Ok(agent::New {
            name: args.name,
            role: args.role,
            capabilities: args.capabilities,
            skills: args.skills,
            safety_rails: args.safety_rails,
            model: args.model,
            reports_to: args.reports_to,
            body: desk.text_if_any(args.body.as_deref())?.unwrap_or_default(),
        })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Added agent ", outcome)
    }
}
