//! `sprint start`: lets a sprint begin.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, sprint};
use crate::session::Outcome;

/// Start a sprint that is being planned
///
/// Refused where a status entry says that somebody is at the sprint and nothing later that it is not.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The sprint
    #[arg(value_name = "ID")]
    pub id: String,

    /// Start it although somebody is at it
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Start;

impl Write for Start {
    const NAME: &'static str = "sprint start";
    const GROUP: Group = Group::Sprint;
    const OPERATION: fn(sprint::Start) -> Operation = Operation::SprintStart;
    type Args = Args;
    type Input = sprint::Start;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<sprint::Start> {
        Ok(sprint::Start { sprint: desk.sprint(&args.id)?, force: args.force })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Started sprint ", outcome)
    }
}
