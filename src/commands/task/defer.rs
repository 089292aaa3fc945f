//! `defer`: puts a task off.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::moment;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::defer;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};

/// Put a task off until a time
///
/// It is ready again by itself when its time has come. `git coord defer` with another time moves it.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// When it can be taken again: a time, a date, or how long from now, like 2d
    #[arg(long, value_name = "TIME")]
    pub until: String,
}

/// The verb.
pub struct Defer;

impl Verb for Defer {
    const NAME: &'static str = "defer";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let task = resolve::one(&snapshot, &TASK, &args.id)?;
        let until = moment(&args.until, session.now())?;
        let outcome = session.transact(&Operation::Defer(defer::Defer { task: task.to_string(), until }))?;
        Ok(Written::new(
            &outcome,
            [plain("Put "), styled(Style::Id, short(&TASK, &task)), plain(format!(" off until {until}"))],
        ))
    }
}
