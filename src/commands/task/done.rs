//! `done`: closes a task as done.

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

/// Close a task as done
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    /// What came of it; `-` reads standard input
    #[arg(value_name = "SUMMARY", allow_hyphen_values = true)]
    pub summary: Option<String>,
    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
    /// Close it although parts or dependencies are open, gates have not passed, or somebody else holds it; recorded
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Done;

impl Write for Done {
    const NAME: &'static str = "done";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(close::Done) -> Operation = Operation::Done;
    type Args = Args;
    type Input = close::Done;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<close::Done> {
        Ok(close::Done {
            task: desk.task(&args.id)?,
            summary: desk.text_if_any(args.summary.as_deref())?,
            claim_id: args.claim_id,
            force: args.force,
        })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Finished ", outcome)
    }
}
