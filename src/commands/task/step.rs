//! `step`: begins or ends a step of a task.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::progress;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Begin a step of a task, or say that it is done
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
    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
    /// Change a task that somebody else holds
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Step;

impl Verb for Step {
    const NAME: &'static str = "step";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let input = progress::Step {
            task: task.to_string(),
            name: args.name.clone(),
            done: args.done,
            claim_id: args.claim_id,
            force: args.force,
        };
        let outcome = session.transact(&Operation::Step(input))?;
        let what = match (outcome.commit.is_some(), args.done) {
            (false, _) => "As it was: ",
            (true, true) => "Finished step ",
            (true, false) => "Began step ",
        };
        Ok(Written::new(
            &outcome,
            [plain(what), plain(args.name), plain(" of "), styled(Style::Id, short(&TASK, &task))],
        ))
    }
}
