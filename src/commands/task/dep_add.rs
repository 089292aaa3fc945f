//! `dep add`: makes a task wait for another.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::dependency;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Make a task wait for another
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task that waits
    #[arg(value_name = "ID")]
    pub id: String,
    /// The task it waits for
    #[arg(value_name = "ON")]
    pub on: String,
}

/// The verb.
pub struct DepAdd;

impl Verb for DepAdd {
    const NAME: &'static str = "dep add";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let on = resolve::one(&snapshot, &TASK, &args.on)?;
        let edge = dependency::Edge { task: task.to_string(), on: on.to_string() };
        let outcome = session.transact(&Operation::DependencyAdd(edge))?;
        let what = if outcome.commit.is_some() { " waits for " } else { " already waits for " };
        Ok(Written::new(
            &outcome,
            [styled(Style::Id, short(&TASK, &task)), plain(what), styled(Style::Id, short(&TASK, &on))],
        ))
    }
}
