//! `done`: closes a task as done.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::{text_or_stdin, text_value};
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::close;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Close a task as done
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    /// What came of it; `-` reads standard input
    #[arg(value_name = "SUMMARY", allow_hyphen_values = true, value_parser = text_value)]
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

impl Verb for Done {
    const NAME: &'static str = "done";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let input = close::Done {
            task: task.to_string(),
            summary: args.summary.as_deref().map(text_or_stdin).transpose()?,
            claim_id: args.claim_id,
            force: args.force,
        };
        let outcome = session.transact(&Operation::Done(input))?;
        Ok(Written::new(&outcome, [plain("Finished "), styled(Style::Id, short(&TASK, &task))]))
    }
}
