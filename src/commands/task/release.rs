//! `release`: gives a task back.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::{split, text_or_stdin};
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::claim;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Give a task back, so that somebody else can take it
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// What the next one should know, put into the thread of the task; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub handoff: Option<String>,
    /// Agents whose inbox the handoff goes to, with commas between them
    #[arg(long, value_name = "AGENT", requires = "handoff")]
    pub to: Vec<String>,
    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
    /// Release a task that somebody else holds
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Release;

impl Verb for Release {
    const NAME: &'static str = "release";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let input = claim::Release {
            task: task.to_string(),
            claim_id: args.claim_id,
            handoff: args.handoff.as_deref().map(text_or_stdin).transpose()?,
            to: split(&args.to).collect(),
            force: args.force,
        };
        let outcome = session.transact(&Operation::Release(input))?;
        Ok(Written::new(&outcome, [plain("Released "), styled(Style::Id, short(&TASK, &task))]))
    }
}
