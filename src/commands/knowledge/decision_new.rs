//! `decision new`: writes a decision down.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, decision};
use crate::session::Outcome;

/// Write down a decision, or that somebody is to be consulted
///
/// One that takes the place of another is accepted unless told otherwise, and the other is superseded in the same
/// commit. A proposal leaves what it would replace as it is until it is accepted.
///
/// Example: git coord decision new "ADR-006: Use event sourcing" --status accepted --rationale "Every change is kept"
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// What it is about, on one line
    #[arg(value_name = "TITLE", allow_hyphen_values = true)]
    pub title: String,

    /// The id; without it one is made
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// What sort it is: decision or consultation
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
    /// Whether it holds: proposed, accepted, rejected or superseded
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    /// What made it necessary
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub context: Option<String>,
    /// What could have been done; may be given several times
    #[arg(long = "option", value_name = "TEXT", allow_hyphen_values = true)]
    #[serde(rename = "option")]
    pub options: Vec<String>,
    /// Why it was settled so
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub rationale: Option<String>,
    /// A record it refers to; may be given several times
    #[arg(long = "reference", value_name = "ID")]
    #[serde(rename = "reference")]
    pub references: Vec<String>,
    /// The decision whose place it takes
    #[arg(long, value_name = "ID")]
    pub supersedes: Option<String>,
    /// Whatever else is to be said, in Markdown; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub body: Option<String>,
}

/// The verb.
pub struct New;

impl Write for New {
    const NAME: &'static str = "decision new";
    const GROUP: Group = Group::Knowledge;
    const OPERATION: fn(decision::New) -> Operation = Operation::DecisionNew;
    type Args = Args;
    type Input = decision::New;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<decision::New> {
        Ok(decision::New {
            title: args.title,
            id: args.id,
            r#type: args.r#type,
            status: args.status,
            context: args.context,
            options: args.options,
            rationale: args.rationale,
            references: args.references.into_iter().map(|name| desk.reference(name)).collect::<Result<_>>()?,
            supersedes: args.supersedes.map(|name| desk.decision(&name)).transpose()?,
            body: desk.text_if_any(args.body.as_deref())?.unwrap_or_default(),
        })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Written {
        let written = Written::about("Added decision ", outcome);
        replaced(input.supersedes.as_deref(), written, outcome)
    }
}

/// Tells which decision was superseded, where the outcome says that one was.
pub(super) fn replaced(place: Option<&str>, written: Written, outcome: &Outcome) -> Written {
    let Some(place) = place else { return written };
    let told = format!("decision/{place}");
    if outcome.events.iter().any(|event| event.record == told) {
        let short = crate::session::resolve::short(&crate::records::decision::DECISION, place);
        return written.and_say(format!("; {short} is superseded"));
    }
    written
}
