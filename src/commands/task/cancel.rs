//! `cancel`: closes a task as not to be done.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::{text_or_stdin, text_value};
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::close;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Close a task as not to be done
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    /// Why not; `-` reads standard input
    #[arg(value_name = "REASON", allow_hyphen_values = true, value_parser = text_value)]
    pub reason: String,
}

/// The verb.
pub struct Cancel;

impl Verb for Cancel {
    const NAME: &'static str = "cancel";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let input = close::Cancel { task: task.to_string(), reason: text_or_stdin(&args.reason)? };
        let outcome = session.transact(&Operation::Cancel(input))?;
        Ok(Written::new(&outcome, [plain("Cancelled "), styled(Style::Id, short(&TASK, &task))]))
    }
}
