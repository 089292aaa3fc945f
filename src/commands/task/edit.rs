//! `task edit`: changes what anybody may change of a task.

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
use crate::records::task::TASK;
use crate::session::Outcome;

/// Change fields of a task
///
/// Status, assignee and claim change by their verbs: claim, release, block, done and so on.
///
/// Example: git coord task edit t7k2m --priority P0 --label parser --set metrics.lines=450
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// What is to be done, on one line
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = text_value)]
    pub title: Option<String>,
    /// The description in Markdown; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub body: Option<String>,
    /// How much it matters: P0 to P4
    #[arg(long, value_name = "P")]
    pub priority: Option<String>,
    /// What sort of work it is
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
    /// The sprint it belongs to
    #[arg(long, value_name = "ID")]
    pub sprint: Option<String>,
    /// Add a label; may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    #[serde(rename = "label")]
    pub labels: Vec<String>,
    /// Take a label away; may be given several times
    #[arg(long = "remove-label", value_name = "LABEL")]
    #[serde(rename = "remove_label")]
    pub remove_labels: Vec<String>,
    /// Set any other field; `FIELD.KEY=VALUE` sets one key of a map, an empty value clears. May be given several times
    #[arg(long, value_name = "FIELD=VALUE", allow_hyphen_values = true)]
    pub set: Vec<String>,
}

/// The verb.
pub struct Edit;

impl Write for Edit {
    const NAME: &'static str = "task edit";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(edit::Edit) -> Operation = Operation::Edit;
    type Args = Args;
    type Input = edit::Edit;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<edit::Edit> {
        let sprint =
            args.sprint.map(|name| if name.is_empty() { Ok(name) } else { desk.sprint_to_be(&name) }).transpose()?;
        let changes = Changes {
            set: args.set,
            named: vec![("title", args.title), ("priority", args.priority), ("type", args.r#type), ("sprint", sprint)],
            add: ("labels", args.labels),
            remove: ("labels", args.remove_labels),
            body: args.body,
        };
        changes.of(&TASK, &args.id, desk)
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        changed(outcome)
    }
}
