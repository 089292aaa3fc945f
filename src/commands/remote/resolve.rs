//! `resolve`: settles a conflict.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::told::named;
use crate::base::{Error, Result};
use crate::commands::args::text_value;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::resolve::{Choice, Resolve as Input};
use crate::records::Conflict;
use crate::session::Outcome;
use crate::state::get;

/// Settle a conflict
///
/// By one of its values, by another, or by what stands in the record now.
/// The record gets the value and the conflict the choice in one commit, and those whose values are in it are told. The life of
/// a task (its status and claim) is not set here: bring it about by its own verbs, and then give --keep.
///
/// Example: git coord resolve xsd9m --theirs
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The conflict: its id, or the start of it, or the record it is about
    #[arg(value_name = "ID")]
    pub id: String,
    /// Leave the record as it is
    #[arg(long)]
    pub keep: bool,
    /// Take the value that you have set
    #[arg(long)]
    pub ours: bool,
    /// Take the value that somebody else has set
    #[arg(long)]
    pub theirs: bool,
    /// Take the value that this one has set
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Take this value: a text, or JSON where the field is no text; an empty one clears. `-` reads standard input
    #[arg(long, value_name = "V", allow_hyphen_values = true, value_parser = text_value)]
    pub value: Option<String>,
}

/// The verb.
pub struct Resolve;

impl Write for Resolve {
    const NAME: &'static str = "resolve";
    const GROUP: Group = Group::Remote;
    const OPERATION: fn(Input) -> Operation = Operation::Resolve;
    type Args = Args;
    type Input = Input;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<Input> {
        let given = [args.keep, args.ours, args.theirs, args.by.is_some(), args.value.is_some()];
        if given.iter().filter(|given| **given).count() != 1 {
            return Err(Error::usage("give one of --keep, --ours, --theirs, --by NAME and --value V")
                .hint(format!("git coord conflicts show {}", args.id)));
        }
        let id = named(desk.snapshot, &args.id)?;
        let conflict: Conflict = get(desk.snapshot, &id)?;
        let choice = match (args.by, args.value) {
            (Some(name), _) => Choice::By(name),
            (_, Some(value)) => Choice::Value(value_of(&conflict, &desk.text(&value)?)),
            _ if args.ours => Choice::Ours,
            _ if args.theirs => Choice::Theirs,
            _ => Choice::Keep,
        };
        Ok(Input { conflict: id.into(), choice })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Resolved ", outcome)
    }
}

/// A value as it is typed: of the sort that the others are.
fn value_of(conflict: &Conflict, text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    let is_text = conflict.values.values().any(|it| it.value.is_string()) || conflict.field == "body";
    match serde_json::from_str::<Value>(text) {
        Ok(value) if !is_text => value,
        _ => text.into(),
    }
}
