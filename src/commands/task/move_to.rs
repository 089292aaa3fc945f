//! `task move`: puts a task into a sprint, or under another task.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::changes::{Changes, changed};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, edit};
use crate::records::task::TASK;
use crate::session::Outcome;

/// Put a task into a sprint, or make it a part of another task
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// The sprint; an empty text takes the task out of its sprint
    #[arg(long, value_name = "ID", required_unless_present = "parent")]
    pub sprint: Option<String>,
    /// The task it becomes a part of; an empty text makes it stand alone
    #[arg(long, value_name = "ID")]
    pub parent: Option<String>,
}

/// The verb.
pub struct MoveTo;

impl Write for MoveTo {
    const NAME: &'static str = "task move";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(edit::Edit) -> Operation = Operation::Edit;
    type Args = Args;
    type Input = edit::Edit;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<edit::Edit> {
        let parent = args.parent.map(|parent| if parent.is_empty() { Ok(parent) } else { desk.task(&parent) });
        let sprint =
            args.sprint.map(|name| if name.is_empty() { Ok(name) } else { desk.sprint_to_be(&name) }).transpose()?;
        let changes =
            Changes { named: vec![("sprint", sprint), ("parent", parent.transpose()?)], ..Changes::default() };
        changes.of(&TASK, &args.id, desk)
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        changed(outcome)
    }
}
