//! `block`: says that a task cannot go on.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::block;
use crate::session::Outcome;

/// Say that a task cannot go on
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why; goes to whom you report to; `-` reads standard input
    #[arg(value_name = "REASON", allow_hyphen_values = true)]
    pub reason: String,

    /// The task it waits for from now on
    #[arg(long, value_name = "ID")]
    pub on: Option<String>,
    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
    /// Block a task that somebody else holds
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Block;

impl Write for Block {
    const NAME: &'static str = "block";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(block::Block) -> Operation = Operation::Block;
    type Args = Args;
    type Input = block::Block;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<block::Block> {
        Ok(block::Block {
            task: desk.task(&args.id)?,
            reason: desk.text(&args.reason)?,
            on: args.on.map(|on| desk.task(&on)).transpose()?,
            claim_id: args.claim_id,
            force: args.force,
        })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Blocked ", outcome)
    }
}
