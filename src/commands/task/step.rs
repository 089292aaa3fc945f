//! `step`: begins or ends a step of a task.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::progress;
use crate::records::task::TASK;
use crate::session::Outcome;
use crate::session::resolve::short;

/// Begin a step of a task, plan it, or say that it is done
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// The step; one that the task does not have yet comes last
    #[arg(value_name = "NAME")]
    pub name: String,
    /// It is done
    #[arg(long)]
    pub done: bool,
    /// It is to be done later
    #[arg(long, conflicts_with = "done")]
    pub plan: bool,
    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
    /// Change a task that somebody else holds
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Step;

impl Write for Step {
    const NAME: &'static str = "step";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(progress::Step) -> Operation = Operation::Step;
    type Args = Args;
    type Input = progress::Step;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<progress::Step> {
        Ok(progress::Step {
            task: desk.task(&args.id)?,
            name: args.name,
            done: args.done,
            later: args.plan && !args.done,
            claim_id: args.claim_id,
            force: args.force,
        })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Written {
        let what = match (outcome.changed, input.done, input.later) {
            (false, ..) => "As it was: ",
            (true, true, _) => "Finished step ",
            (true, false, true) => "Planned step ",
            (true, false, false) => "Began step ",
        };
        let task = styled(Style::Id, short(&TASK, &input.task));
        Written::new(outcome, [plain(what), plain(&input.name), plain(" of "), task])
    }
}
