//! `decision edit`: changes a decision, or how it stands.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use super::decision_new::replaced;
use crate::base::Result;
use crate::commands::args::text_value;
use crate::commands::changes::{Changes, changed};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, edit};
use crate::records::Decision;
use crate::records::decision::DECISION;
use crate::records::record::downcast;
use crate::session::Outcome;

/// Change a decision, or how it stands
///
/// Where it becomes accepted and takes the place of another, the other is superseded in the same commit.
///
/// Example: git coord decision edit d7k2m --status accepted --rationale "Measured: twice as fast"
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The decision
    #[arg(value_name = "ID")]
    pub id: String,

    /// What it is about, on one line
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = text_value)]
    pub title: Option<String>,
    /// Whether it holds: proposed, accepted, rejected or superseded
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    /// What made it necessary
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub context: Option<String>,
    /// Add something that could be done; may be given several times
    #[arg(long = "option", value_name = "TEXT", allow_hyphen_values = true)]
    #[serde(rename = "option")]
    pub options: Vec<String>,
    /// Take away something that could be done; may be given several times
    #[arg(long = "remove-option", value_name = "TEXT", allow_hyphen_values = true)]
    #[serde(rename = "remove_option")]
    pub remove_options: Vec<String>,
    /// Why it was settled so
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub rationale: Option<String>,
    /// The decision whose place it takes
    #[arg(long, value_name = "ID")]
    pub supersedes: Option<String>,
    /// Whatever else is to be said, in Markdown; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub body: Option<String>,
    /// Set any other field; an empty value clears. May be given several times
    #[arg(long, value_name = "FIELD=VALUE", allow_hyphen_values = true)]
    pub set: Vec<String>,
}

/// The verb.
pub struct Edit;

impl Write for Edit {
    const NAME: &'static str = "decision edit";
    const GROUP: Group = Group::Knowledge;
    const OPERATION: fn(edit::Edit) -> Operation = Operation::Edit;
    type Args = Args;
    type Input = edit::Edit;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<edit::Edit> {
        // An empty name clears.
        let decision = |name: String| if name.is_empty() { Ok(name) } else { desk.decision(&name) };
        let changes = Changes {
            set: args.set,
            named: vec![
                ("title", args.title),
                ("status", args.status),
                ("context", args.context),
                ("rationale", args.rationale),
                ("supersedes", args.supersedes.map(decision).transpose()?),
            ],
            add: ("options", args.options),
            remove: ("options", args.remove_options),
            body: args.body,
        };
        changes.of(&DECISION, &args.id, desk)
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        let decision = outcome.record().and_then(downcast::<Decision>);
        replaced(decision.and_then(|decision| decision.supersedes.as_deref()), changed(outcome), outcome)
    }
}
