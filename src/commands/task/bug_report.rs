//! `bug report`: makes a task of a bug, and tells those who should know.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, bug};
use crate::session::Outcome;

/// Report a bug: make a task of it, and tell those who should know
///
/// The task has the type bug and belongs to no sprint yet. Whom you report to and who is to see to it are told in the
/// same commit, in the thread of the task. A severity gives it a priority: BLOCKER P0, URGENT P1, WARN P2, INFO P3.
///
/// Example: git coord bug report "The lexer drops tabs" --severity URGENT --task t7k2m --body -
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// What is wrong, on one line
    #[arg(value_name = "TITLE", allow_hyphen_values = true)]
    pub title: String,

    /// The id; without it a random one is made
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// How it comes about, and what should be instead, in Markdown; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub body: Option<String>,
    /// How bad it is: INFO, WARN, URGENT or BLOCKER
    #[arg(long, value_name = "LEVEL", conflicts_with = "priority")]
    pub severity: Option<String>,
    /// How much it matters: P0 to P4
    #[arg(long, value_name = "P")]
    pub priority: Option<String>,
    /// The task during which it was found
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// The agent that is to see to it
    #[arg(long, value_name = "AGENT")]
    pub assign: Option<String>,
    /// A label; may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    #[serde(rename = "label")]
    pub labels: Vec<String>,
}

/// The verb.
pub struct BugReport;

impl Write for BugReport {
    const NAME: &'static str = "bug report";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(bug::Report) -> Operation = Operation::BugReport;
    type Args = Args;
    type Input = bug::Report;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<bug::Report> {
        Ok(bug::Report {
            title: desk.text(&args.title)?,
            id: args.id,
            body: desk.text_if_any(args.body.as_deref())?.unwrap_or_default(),
            severity: args.severity,
            priority: args.priority,
            task: args.task.map(|task| desk.task(&task)).transpose()?,
            assignee: args.assign,
            labels: args.labels.into_iter().collect(),
        })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        let written = Written::about("Reported ", outcome);
        let sent = outcome.events.iter().find(|event| event.r#type == "message.sent");
        let to = sent.and_then(|event| event.changes.iter().find(|change| change.field == "to")?.to.as_ref());
        let names = to.and_then(|to| to.as_array()).into_iter().flatten().filter_map(|name| name.as_str());
        match names.collect::<Vec<_>>().join(", ") {
            nobody if nobody.is_empty() => written,
            names => written.and_say(format!("; told {names}")),
        }
    }
}
