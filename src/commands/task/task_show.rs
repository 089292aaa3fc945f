//! `task show`: one task by its id.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::task::show::{Shown, shown};
use crate::commands::verb::{Group, Scene, Verb};
use crate::records::task::TASK;
use crate::session::resolve::{self};

/// Show a task, and the tasks that are part of it
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show when each part was changed, and by whom
    #[arg(long)]
    pub stamps: bool,
}

/// The verb.
pub struct TaskShow;

impl Verb for TaskShow {
    const NAME: &'static str = "task show";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Shown;

    fn run(args: Args, scene: &Scene) -> Result<Shown> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let id = resolve::one(&snapshot, &TASK, &args.id)?;
        shown(session, &snapshot, &TASK, &id, args.stamps)
    }
}
