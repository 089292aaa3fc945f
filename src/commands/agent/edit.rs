//! `agent edit`: changes the profile of an agent.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::changes::{Changes, changed};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, edit};
use crate::records::agent::AGENT;
use crate::session::Outcome;

/// Change the profile of an agent
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The agent
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it is in the fleet
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
    /// The model behind it
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Who gets its completions and blockers
    #[arg(long, value_name = "AGENT")]
    pub reports_to: Option<String>,
    /// Add something it can do; may be given several times
    #[arg(long = "capability", value_name = "TEXT")]
    #[serde(rename = "capability")]
    pub capabilities: Vec<String>,
    /// Take away something it can do; may be given several times
    #[arg(long = "remove-capability", value_name = "TEXT")]
    #[serde(rename = "remove_capability")]
    pub remove_capabilities: Vec<String>,
    /// The document of its role in Markdown; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub body: Option<String>,
    /// Set any other field; an empty value clears. May be given several times
    #[arg(long, value_name = "FIELD=VALUE", allow_hyphen_values = true)]
    pub set: Vec<String>,
}

/// The verb.
pub struct Edit;

impl Write for Edit {
    const NAME: &'static str = "agent edit";
    const GROUP: Group = Group::Agent;
    const OPERATION: fn(edit::Edit) -> Operation = Operation::Edit;
    type Args = Args;
    type Input = edit::Edit;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<edit::Edit> {
        let changes = Changes {
            set: args.set,
            named: vec![("role", args.role), ("model", args.model), ("reports_to", args.reports_to)],
            add: ("capabilities", args.capabilities),
            remove: ("capabilities", args.remove_capabilities),
            body: args.body,
        };
        changes.of(&AGENT, &args.name, desk)
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        changed(outcome)
    }
}
