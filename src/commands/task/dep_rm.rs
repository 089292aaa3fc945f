//! `dep rm`: makes a task no longer wait for another.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::dependency;
use crate::records::Task;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};
use crate::state::get;

/// Make a task no longer wait for another
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task that waits
    #[arg(value_name = "ID")]
    pub id: String,
    /// The task it waits for, which need not be there
    #[arg(value_name = "ON")]
    pub on: String,
}

/// The verb.
pub struct DepRm;

impl Verb for DepRm {
    const NAME: &'static str = "dep rm";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let waits = get::<Task>(&snapshot, &task)?.depends_on.contains(&args.on);
        let on = if waits { args.on } else { resolve::one(&snapshot, &TASK, &args.on)?.into() };
        let edge = dependency::Edge { task: task.to_string(), on: on.clone() };
        let outcome = session.transact(&Operation::DependencyRemove(edge))?;
        let (task, on) = (short(&TASK, &task), short(&TASK, &on));
        Ok(Written::new(&outcome, [styled(Style::Id, task), plain(" no longer waits for "), styled(Style::Id, on)]))
    }
}
