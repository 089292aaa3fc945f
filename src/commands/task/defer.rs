//! `defer`: puts a task off.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::moment;
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::defer;
use crate::records::task::TASK;
use crate::session::Outcome;
use crate::session::resolve::short;

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

impl Write for Defer {
    const NAME: &'static str = "defer";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(defer::Defer) -> Operation = Operation::Defer;
    type Args = Args;
    type Input = defer::Defer;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<defer::Defer> {
        Ok(defer::Defer { task: desk.task(&args.id)?, until: moment(&args.until, desk.now)? })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Written {
        let task = styled(Style::Id, short(&TASK, &input.task));
        Written::new(outcome, [plain("Put "), task, plain(format!(" off until {}", input.until))])
    }
}
