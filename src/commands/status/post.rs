//! `status post`: reports how a sprint or a task stands.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, status};
use crate::session::{Outcome, settings};

/// Report how a sprint or a task stands
///
/// An entry never changes; what is new is a new entry. While your last word on a sprint or a task is STARTED or
/// IN_PROGRESS, it is started or claimed anew only by force: say COMPLETE, FAILED or HANDOFF when you leave it.
///
/// Example: git coord status post "Lexer done, parser next" --status IN_PROGRESS --task t7k2m
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// What happened; `-` reads standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    pub text: String,

    /// How it stands: STARTED, IN_PROGRESS, BLOCKED, COMPLETE, HANDOFF, FAILED, or any word
    #[arg(long, value_name = "S", required = true)]
    pub status: String,
    /// The sprint it is about; without it that of the task
    #[arg(long, value_name = "ID")]
    pub sprint: Option<String>,
    /// The task it is about
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// How much it matters: INFO, WARN, URGENT or BLOCKER
    #[arg(long, value_name = "LEVEL")]
    pub severity: Option<String>,
    /// How long it lives without a sign of life: minutes, or a duration like 90m
    #[arg(long, value_name = "DUR")]
    pub ttl: Option<String>,
}

/// The verb.
pub struct Post;

impl Write for Post {
    const NAME: &'static str = "status post";
    const GROUP: Group = Group::Status;
    const OPERATION: fn(status::Post) -> Operation = Operation::StatusPost;
    type Args = Args;
    type Input = status::Post;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<status::Post> {
        Ok(status::Post {
            text: desk.text(&args.text)?,
            status: args.status,
            sprint: args.sprint.map(|sprint| desk.sprint_to_be(&sprint)).transpose()?,
            task: args.task.map(|task| desk.task(&task)).transpose()?,
            severity: args.severity,
            ttl_minutes: args.ttl.map(|ttl| settings::parse_minutes("--ttl", &ttl)).transpose()?,
        })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Posted ", outcome)
    }
}
