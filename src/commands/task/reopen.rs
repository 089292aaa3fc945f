//! `reopen`: opens a closed task again.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::close;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Open a closed task again
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
}

/// The verb.
pub struct Reopen;

impl Verb for Reopen {
    const NAME: &'static str = "reopen";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let outcome = session.transact(&Operation::Reopen(close::Reopen { task: task.to_string() }))?;
        Ok(Written::new(&outcome, [plain("Reopened "), styled(Style::Id, short(&TASK, &task))]))
    }
}
