//! `note`: puts a remark into the thread of a task.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::note;
use crate::records::task::TASK;
use crate::session::Outcome;
use crate::session::resolve::short;

/// Put a remark into the thread of a task
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    /// The remark; `-` reads standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    pub text: String,

    /// Say how far the task is; goes to whom you report to
    #[arg(long)]
    pub progress: bool,
    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,

    /// Report progress on a task that somebody else holds
    #[arg(long, requires = "progress")]
    pub force: bool,
}

/// The verb.
pub struct Note;

impl Write for Note {
    const NAME: &'static str = "note";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(note::Note) -> Operation = Operation::Note;
    type Args = Args;
    type Input = note::Note;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<note::Note> {
        Ok(note::Note {
            task: desk.task(&args.id)?,
            text: desk.text(&args.text)?,
            progress: args.progress,
            claim_id: args.claim_id,
            force: args.force,
        })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Written {
        Written::new(outcome, [plain("Noted on "), styled(Style::Id, short(&TASK, &input.task))])
    }
}
