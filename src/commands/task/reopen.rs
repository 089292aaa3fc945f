//! `reopen`: opens a closed task again.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::close;
use crate::session::Outcome;

/// Open a closed task again
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
}

/// The verb.
pub struct Reopen;

impl Write for Reopen {
    const NAME: &'static str = "reopen";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(close::Reopen) -> Operation = Operation::Reopen;
    type Args = Args;
    type Input = close::Reopen;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<close::Reopen> {
        Ok(close::Reopen { task: desk.task(&args.id)? })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Reopened ", outcome)
    }
}
