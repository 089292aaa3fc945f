//! `task new`: makes a task.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::{split, text_or_stdin, text_value};
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::task;
use crate::records::Task;
use crate::records::record::downcast;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Make a task
///
/// Example: git coord task new "Wire the parser" --priority P1 --depends-on t7k2m
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// What is to be done, on one line
    #[arg(value_name = "TITLE", allow_hyphen_values = true, value_parser = text_value)]
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

impl Verb for New {
    const NAME: &'static str = "task new";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = |name: String| resolve::one(&snapshot, &TASK, &name).map(String::from);
        let new = task::New {
            title: text_or_stdin(&args.title)?,
            id: args.id,
            body: args.body.as_deref().map(text_or_stdin).transpose()?.unwrap_or_default(),
            priority: args.priority,
            r#type: args.r#type,
            labels: args.labels.into_iter().collect(),
            sprint: args.sprint,
            parent: args.parent.map(task).transpose()?,
            depends_on: split(&args.depends_on).map(task).collect::<Result<_>>()?,
            discovered_from: args.discovered_from.into_iter().collect(),
        };
        let outcome = session.transact(&Operation::TaskNew(new))?;
        let made = outcome.record.as_ref().and_then(downcast::<Task>);
        let (id, title) = made.map(|task| (short(&TASK, &task.id), task.title.clone())).unwrap_or_default();
        Ok(Written::new(&outcome, [plain("Added "), styled(Style::Id, id), plain(format!(": {title}"))]))
    }
}
