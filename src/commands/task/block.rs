//! `block`: says that a task cannot go on.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::{text_or_stdin, text_value};
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::block;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Say that a task cannot go on
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why; goes to whom you report to; `-` reads standard input
    #[arg(value_name = "REASON", allow_hyphen_values = true, value_parser = text_value)]
    pub reason: String,

    /// The task it waits for from now on
    #[arg(long, value_name = "ID")]
    pub on: Option<String>,
    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
    /// Block a task that somebody else holds
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Block;

impl Verb for Block {
    const NAME: &'static str = "block";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let on = args.on.map(|on| resolve::one(&snapshot, &TASK, &on)).transpose()?;
        let input = block::Block {
            task: task.to_string(),
            reason: text_or_stdin(&args.reason)?,
            on: on.map(String::from),
            claim_id: args.claim_id,
            force: args.force,
        };
        let outcome = session.transact(&Operation::Block(input))?;
        Ok(Written::new(&outcome, [plain("Blocked "), styled(Style::Id, short(&TASK, &task))]))
    }
}
