//! `sprint new`: makes a sprint.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::moment;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, sprint};
use crate::session::Outcome;

/// Make a sprint, in planning
///
/// Tasks name their sprint: git coord task new TITLE --sprint ID.
///
/// Example: git coord sprint new "Orchestration API" --id orchestration-api-v2 --goal "One way in" --ends 14d
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// What it is called, on one line
    #[arg(value_name = "TITLE", allow_hyphen_values = true)]
    pub title: String,

    /// The id; without it one is made
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// The document in Markdown; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub body: Option<String>,
    /// What it is to reach
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub goal: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// When it is to begin: a time, a date, or how long from now, like 2d
    #[arg(long, value_name = "T")]
    pub starts: Option<String>,
    /// When it is to end: a time, a date, or how long from now, like 14d
    #[arg(long, value_name = "T")]
    pub ends: Option<String>,
    /// By what its success is seen; may be given several times
    #[arg(long = "success-metric", value_name = "TEXT", allow_hyphen_values = true)]
    #[serde(rename = "success_metric")]
    pub success_metrics: Vec<String>,
    /// What may go wrong; may be given several times
    #[arg(long = "risk", value_name = "TEXT", allow_hyphen_values = true)]
    #[serde(rename = "risk")]
    pub risks: Vec<String>,
    /// A label; may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    #[serde(rename = "label")]
    pub labels: Vec<String>,
}

/// The verb.
pub struct New;

impl Write for New {
    const NAME: &'static str = "sprint new";
    const GROUP: Group = Group::Sprint;
    const OPERATION: fn(sprint::New) -> Operation = Operation::SprintNew;
    type Args = Args;
    type Input = sprint::New;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<sprint::New> {
        Ok(sprint::New {
            title: args.title,
            id: args.id,
            body: desk.text_if_any(args.body.as_deref())?.unwrap_or_default(),
            owner: args.owner,
            goal: args.goal,
            starts_at: args.starts.map(|text| moment(&text, desk.now)).transpose()?,
            ends_at: args.ends.map(|text| moment(&text, desk.now)).transpose()?,
            success_metrics: args.success_metrics,
            risks: args.risks,
            labels: args.labels.into_iter().collect(),
        })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Added sprint ", outcome)
    }
}
