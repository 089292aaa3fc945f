//! `context`: adds to the text of a task, or replaces it.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::describe;
use crate::session::Outcome;

/// Add to the text of a task, or replace it
///
/// The text is what the next one to take the task reads first. What was said about it stands in its thread: see note.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// Add this as a paragraph of its own; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present = "replace")]
    pub append: Option<String>,
    /// Replace the whole text with this; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "append")]
    pub replace: Option<String>,
}

/// The verb.
pub struct Context;

impl Write for Context {
    const NAME: &'static str = "context";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(describe::Describe) -> Operation = Operation::Describe;
    type Args = Args;
    type Input = describe::Describe;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<describe::Describe> {
        let replace = args.replace.is_some();
        let text = args.replace.or(args.append).unwrap_or_default();
        Ok(describe::Describe { task: desk.task(&args.id)?, text: desk.text(&text)?, replace })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Written {
        let what = match (outcome.changed, input.replace) {
            (false, _) => "As it was: ",
            (true, true) => "Replaced the text of ",
            (true, false) => "Added to the text of ",
        };
        Written::about(what, outcome)
    }
}
