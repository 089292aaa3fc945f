//! `unblock`: says that a blocked task can go on.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::block;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Say that a blocked task can go on
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
}

/// The verb.
pub struct Unblock;

impl Verb for Unblock {
    const NAME: &'static str = "unblock";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let outcome = session.transact(&Operation::Unblock(block::Unblock { task: task.to_string() }))?;
        Ok(Written::new(&outcome, [plain("Unblocked "), styled(Style::Id, short(&TASK, &task))]))
    }
}
