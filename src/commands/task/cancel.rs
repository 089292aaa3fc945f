//! `cancel`: closes a task as not to be done.

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

/// Close a task as not to be done
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why not; `-` reads standard input
    #[arg(value_name = "REASON", allow_hyphen_values = true)]
    pub reason: String,
}

/// The verb.
pub struct Cancel;

impl Write for Cancel {
    const NAME: &'static str = "cancel";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(close::Cancel) -> Operation = Operation::Cancel;
    type Args = Args;
    type Input = close::Cancel;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<close::Cancel> {
        Ok(close::Cancel { task: desk.task(&args.id)?, reason: desk.text(&args.reason)? })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Cancelled ", outcome)
    }
}
