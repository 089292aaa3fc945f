//! `task new`: makes a task.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::split;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::task;
use crate::session::Outcome;

/// Make a task
///
/// Example: git coord task new "Wire the parser" --priority P1 --depends-on t7k2m
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// What is to be done, on one line
    #[arg(value_name = "TITLE", allow_hyphen_values = true)]
    pub title: String,
    /// The id; without it a random one is made
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// The description in Markdown; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub body: Option<String>,
    /// How much it matters: P0 to P4
    #[arg(long, value_name = "P")]
    pub priority: Option<String>,
    /// What sort of work it is: task, feature, epic, phase, bug, chore, e2e, planning, or any word
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
    /// A label; may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    #[serde(rename = "label")]
    pub labels: Vec<String>,
    /// The sprint it belongs to
    #[arg(long, value_name = "ID")]
    pub sprint: Option<String>,
    /// The task it is a part of
    #[arg(long, value_name = "ID")]
    pub parent: Option<String>,
    /// A task it waits for; may be given several times
    #[arg(long, value_name = "ID")]
    pub depends_on: Vec<String>,
    /// The task during which it was found; may be given several times
    #[arg(long, value_name = "ID")]
    pub discovered_from: Vec<String>,
}

/// The verb.
pub struct New;

impl Write for New {
    const NAME: &'static str = "task new";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(task::New) -> Operation = Operation::TaskNew;
    type Args = Args;
    type Input = task::New;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<task::New> {
        let task = |name: String| desk.task(&name);
        Ok(task::New {
            title: desk.text(&args.title)?,
            id: args.id,
            body: desk.text_if_any(args.body.as_deref())?.unwrap_or_default(),
            priority: args.priority,
            r#type: args.r#type,
            labels: args.labels.into_iter().collect(),
            sprint: args.sprint.map(|sprint| desk.sprint_to_be(&sprint)).transpose()?,
            parent: args.parent.map(task).transpose()?,
            depends_on: split(&args.depends_on).map(task).collect::<Result<_>>()?,
            discovered_from: args.discovered_from.into_iter().collect(),
        })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Added ", outcome).and_say(format!(": {}", input.title))
    }
}
