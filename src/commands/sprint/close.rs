//! `sprint close`: ends a sprint.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::commands::page::Page;
use crate::commands::verb::{Group, Report};
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, sprint};
use crate::session::Outcome;
use crate::state::{Warning, event};

/// Close a sprint that is active, and put its status entries away
///
/// Refused while tasks of it are open. The status entries leave the tip in the same commit; the history keeps them.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The sprint
    #[arg(value_name = "ID")]
    pub id: String,

    /// Close it although tasks of it are open
    #[arg(long)]
    pub force: bool,
    /// End it as cancelled; one that was never started can be, too
    #[arg(long)]
    pub cancel: bool,
}

/// A sprint that has ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Closed {
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub written: Written,
    /// How many status entries were put away with it.
    pub archived: usize,
}

/// The verb.
pub struct Close;

impl Write for Close {
    const NAME: &'static str = "sprint close";
    const GROUP: Group = Group::Sprint;
    const OPERATION: fn(sprint::Close) -> Operation = Operation::SprintClose;
    type Args = Args;
    type Input = sprint::Close;
    type Report = Closed;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<sprint::Close> {
        Ok(sprint::Close { sprint: desk.sprint(&args.id)?, force: args.force, cancel: args.cancel })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Closed {
        let archived = event::archived(&outcome.events);
        let written = Written::about(if input.cancel { "Cancelled sprint " } else { "Closed sprint " }, outcome);
        let written = match archived {
            0 => written,
            1 => written.and_say(", and archived its status entry"),
            many => written.and_say(format!(", and archived its {many} status entries")),
        };
        Closed { written, archived }
    }
}

impl Report for Closed {
    fn text(&self, page: &mut Page) {
        self.written.text(page);
    }

    fn warnings(&self) -> &[Warning] {
        self.written.warnings()
    }

    fn is_receipt(&self) -> bool {
        self.written.is_receipt()
    }
}
