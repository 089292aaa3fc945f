//! `task rm`: removes a task.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, remove};
use crate::records::task::TASK;
use crate::session::Outcome;

/// Remove a task; the history keeps it, and so does its thread
///
/// Refused while others wait for it or are parts of it. To say that a task will not be done, cancel it.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
    /// Take it out of the tasks that wait for it or are parts of it, and remove it although somebody else holds it
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Rm;

impl Write for Rm {
    const NAME: &'static str = "task rm";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(remove::Remove) -> Operation = Operation::Remove;
    type Args = Args;
    type Input = remove::Remove;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<remove::Remove> {
        let (kind, id) = (TASK.name.to_owned(), desk.task(&args.id)?);
        Ok(remove::Remove { kind, id, claim_id: args.claim_id, force: args.force })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Removed ", outcome)
    }
}
