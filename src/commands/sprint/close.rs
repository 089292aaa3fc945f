//! `sprint close`: ends a sprint.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, sprint};
use crate::session::Outcome;

/// Close a sprint that is active, and put its status entries away
///
/// Refused while tasks of it are open. The status entries leave the tip in the same commit; the history keeps them.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The sprint
    #[arg(value_name = "ID")]
    pub id: String,

    /// Close it although tasks of it are open
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Close;

impl Write for Close {
    const NAME: &'static str = "sprint close";
    const GROUP: Group = Group::Sprint;
    const OPERATION: fn(sprint::Close) -> Operation = Operation::SprintClose;
    type Args = Args;
    type Input = sprint::Close;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<sprint::Close> {
        Ok(sprint::Close { sprint: desk.sprint(&args.id)?, force: args.force })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Closed sprint ", outcome)
    }
}
