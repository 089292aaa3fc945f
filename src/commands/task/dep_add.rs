//! `dep add`: makes a task wait for another.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::dependency;
use crate::records::task::TASK;
use crate::session::Outcome;
use crate::session::resolve::short;

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

impl Write for DepAdd {
    const NAME: &'static str = "dep add";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(dependency::Edge) -> Operation = Operation::DependencyAdd;
    type Args = Args;
    type Input = dependency::Edge;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<dependency::Edge> {
        Ok(dependency::Edge { task: desk.task(&args.id)?, on: desk.task(&args.on)? })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Written {
        let what = if outcome.changed { " waits for " } else { " already waits for " };
        let [task, on] = [&input.task, &input.on].map(|id| styled(Style::Id, short(&TASK, id)));
        Written::new(outcome, [task, plain(what), on])
    }
}
