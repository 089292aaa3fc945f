//! `sprint edit`: changes what anybody may change of a sprint.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::text_value;
use crate::commands::changes::{Changes, changed};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, edit};
use crate::records::sprint::SPRINT;
use crate::session::Outcome;

/// Change fields of a sprint
///
/// Its status changes by sprint start and sprint close, which can cancel it too.
///
/// Example: git coord sprint edit api-v2 --goal "One way in" --set 'phases.build={"status":"active"}'
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The sprint
    #[arg(value_name = "ID")]
    pub id: String,

    /// What it is called, on one line
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = text_value)]
    pub title: Option<String>,
    /// What it is to reach
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub goal: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// The document in Markdown; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub body: Option<String>,
    /// Add a label; may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    #[serde(rename = "label")]
    pub labels: Vec<String>,
    /// Take a label away; may be given several times
    #[arg(long = "remove-label", value_name = "LABEL")]
    #[serde(rename = "remove_label")]
    pub remove_labels: Vec<String>,
    /// Set any other field; an empty value clears. May be given several times
    #[arg(long, value_name = "FIELD=VALUE", allow_hyphen_values = true)]
    pub set: Vec<String>,
}

/// The verb.
pub struct Edit;

impl Write for Edit {
    const NAME: &'static str = "sprint edit";
    const GROUP: Group = Group::Sprint;
    const OPERATION: fn(edit::Edit) -> Operation = Operation::Edit;
    type Args = Args;
    type Input = edit::Edit;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<edit::Edit> {
        let changes = Changes {
            set: args.set,
            named: vec![("title", args.title), ("goal", args.goal), ("owner", args.owner)],
            add: ("labels", args.labels),
            remove: ("labels", args.remove_labels),
            body: args.body,
        };
        changes.of(&SPRINT, &args.id, desk)
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        changed(outcome)
    }
}
