//! `release`: gives a task back.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::split;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::release;
use crate::session::Outcome;

/// Give a task back, so that somebody else can take it
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// What the next one should know, put into the thread of the task; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub handoff: Option<String>,
    /// Agents whose inbox the handoff goes to, with commas between them
    #[arg(long, value_name = "AGENT", requires = "handoff")]
    pub to: Vec<String>,
    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
    /// Release a task that somebody else holds
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Release;

impl Write for Release {
    const NAME: &'static str = "release";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(release::Release) -> Operation = Operation::Release;
    type Args = Args;
    type Input = release::Release;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<release::Release> {
        Ok(release::Release {
            task: desk.task(&args.id)?,
            claim_id: args.claim_id,
            handoff: desk.text_if_any(args.handoff.as_deref())?,
            to: split(&args.to).collect(),
            force: args.force,
        })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Released ", outcome)
    }
}
