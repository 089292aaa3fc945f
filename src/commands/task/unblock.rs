//! `unblock`: says that a blocked task can go on.

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

/// Say that a blocked task can go on
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
}

/// The verb.
pub struct Unblock;

impl Write for Unblock {
    const NAME: &'static str = "unblock";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(block::Unblock) -> Operation = Operation::Unblock;
    type Args = Args;
    type Input = block::Unblock;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<block::Unblock> {
        Ok(block::Unblock { task: desk.task(&args.id)? })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Unblocked ", outcome)
    }
}
