//! `dep rm`: makes a task no longer wait for another.

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
use crate::records::Task;
use crate::records::task::TASK;
use crate::session::Outcome;
use crate::session::resolve::short;
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

impl Write for DepRm {
    const NAME: &'static str = "dep rm";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(dependency::Edge) -> Operation = Operation::DependencyRemove;
    type Args = Args;
    type Input = dependency::Edge;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<dependency::Edge> {
        let task = desk.task(&args.id)?;
        let waits = get::<Task>(desk.snapshot, &task)?.depends_on.contains(&args.on);
        let on = if waits { args.on } else { desk.task(&args.on)? };
        Ok(dependency::Edge { task, on })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Written {
        let [task, on] = [&input.task, &input.on].map(|id| styled(Style::Id, short(&TASK, id)));
        Written::new(outcome, [task, plain(" no longer waits for "), on])
    }
}
