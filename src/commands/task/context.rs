//! `context`: adds to the text of a task, or replaces it.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::text_or_stdin;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::describe;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Add to the text of a task, or replace it
///
/// The text is what the next one to take the task reads first. What was said about it stands in its thread: see note.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// Add this as a paragraph of its own; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present = "replace")]
    pub append: Option<String>,
    /// Replace the whole text with this; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "append")]
    pub replace: Option<String>,
}

/// The verb.
pub struct Context;

impl Verb for Context {
    const NAME: &'static str = "context";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let replace = args.replace.is_some();
        let text = args.replace.or(args.append).unwrap_or_default();
        let input = describe::Describe { task: task.to_string(), text: text_or_stdin(&text)?, replace };
        let outcome = session.transact(&Operation::Describe(input))?;
        let what = match (outcome.commit.is_some(), replace) {
            (false, _) => "As it was: ",
            (true, true) => "Replaced the text of ",
            (true, false) => "Added to the text of ",
        };
        Ok(Written::new(&outcome, [plain(what), styled(Style::Id, short(&TASK, &task))]))
    }
}
