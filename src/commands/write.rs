//! Verbs that write: arguments become one operation, and its outcome an answer.
//!
//! The two halves are apart, so that the same verb can be a line of `apply` or a part of `bulk`, where many operations
//! become one commit, and so that `--dry-run` and `--if-match` are the business of nobody but the session.

use serde_json::Value;

use super::args;
use super::verb::{Effect, Group, Plan, Report, Row, Scene, Verb, row};
use crate::base::{Error, Id, Result, Timestamp};
use crate::ops::Operation;
use crate::records::agent::AGENT;
use crate::records::decision::DECISION;
use crate::records::message::{MESSAGE, log_of};
use crate::records::sprint::SPRINT;
use crate::records::task::TASK;
use crate::session::{Outcome, Session, resolve};
use crate::state::Snapshot;
use crate::sync;

/// A verb that is one operation. Its arguments' first line of documentation is its help.
pub trait Write {
    /// The words that name it.
    const NAME: &'static str;
    /// Under which heading it is listed.
    const GROUP: Group;
    /// The operation that it is.
    const OPERATION: fn(Self::Input) -> Operation;
    /// The arguments, as they are typed.
    type Args: clap::Args + serde::de::DeserializeOwned + schemars::JsonSchema;
    /// The input of the operation.
    type Input: Clone;
    /// The answer.
    type Report: Report + schemars::JsonSchema + 'static;

    /// Does what has to be done before the records are looked at.
    ///
    /// # Errors
    /// Whatever keeps it from being done.
    fn prepare(_args: &Self::Args, _session: &Session) -> Result<()> {
        Ok(())
    }

    /// Turns the arguments into the input: names that were typed become those of records.
    ///
    /// # Errors
    /// Where a name means no record, or a value makes no sense.
    fn plan(args: Self::Args, desk: &Desk<'_>) -> Result<Self::Input>;

    /// Turns the outcome into the answer.
    fn tell(input: &Self::Input, outcome: &Outcome) -> Self::Report;
}

impl<W: Write> Verb for W {
    const NAME: &'static str = W::NAME;
    const GROUP: Group = W::GROUP;
    const EFFECT: Effect = Effect::Writes;
    type Args = W::Args;
    type Report = W::Report;

    fn run(args: W::Args, scene: &Scene) -> Result<W::Report> {
        let session = scene.session()?;
        W::prepare(&args, session)?;
        let snapshot = session.snapshot()?;
        let desk = Desk { snapshot: &snapshot, now: session.now(), input: Input::Standard };
        let input = W::plan(args, &desk).map_err(helped::<W>)?;
        let outcome = sync::transact(session, &(W::OPERATION)(input.clone())).map_err(helped::<W>)?;
        Ok(W::tell(&input, &outcome))
    }
}

/// Names the help of the verb where a value is none that it takes, and nothing better is known.
fn helped<W: Write>(error: Error) -> Error {
    match error.code() {
        "bad_record" | "bad_setting" | "bad_value" if error.hints().is_empty() => {
            error.hint(format!("git coord {} -h", W::NAME))
        }
        _ => error,
    }
}

/// Returns the row of a verb that writes, which can stand in a batch too.
pub const fn write<W: Write>() -> Row {
    Row { plan: Some(Plan { from_words: from_words::<W>, from_json: from_json::<W> }), ..row::<W>() }
}

/// Returns the row of a verb that writes or only looks, as its arguments say, and what stands for it in a batch.
pub const fn either<V: Verb, W: Write<Args = V::Args>>() -> Row {
    Row { plan: Some(Plan { from_words: from_words::<W>, from_json: from_json::<W> }), ..row::<V>() }
}

fn from_words<W: Write>(matches: &clap::ArgMatches, desk: &Desk<'_>) -> Result<Operation> {
    let args = <W::Args as clap::FromArgMatches>::from_arg_matches(matches)
        .map_err(|error| Error::usage(error.to_string()))?;
    W::plan(args, desk).map(W::OPERATION)
}

fn from_json<W: Write>(args: Value, desk: &Desk<'_>) -> Result<Operation> {
    let args = serde_json::from_value(args)
        .map_err(|error| Error::invalid("bad_operation", format!("cannot read the fields of {}: {error}", W::NAME)))?;
    W::plan(args, desk).map(W::OPERATION)
}

/// What lies before a verb that writes while it turns its arguments into an operation.
pub struct Desk<'a> {
    /// The records as they are, or as earlier operations of the same batch leave them.
    pub snapshot: &'a dyn Snapshot,
    /// The moment of the command.
    pub now: Timestamp,
    /// Where a text comes from that is given as `-`.
    pub input: Input,
}

/// Where a text comes from that is given as `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// From standard input.
    Standard,
    /// From nowhere: `-` is what it says.
    Literal,
}

impl Desk<'_> {
    /// Returns a text, or what standard input holds where it is `-`.
    ///
    /// # Errors
    /// As [`args::text_or_stdin`].
    pub fn text(&self, text: &str) -> Result<String> {
        match self.input {
            Input::Standard => args::text_or_stdin(text),
            Input::Literal => Ok(text.to_owned()),
        }
    }

    /// Returns a text that may not be given, as [`text`](Self::text) does.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn text_if_any(&self, text: Option<&str>) -> Result<Option<String>> {
        text.map(|text| self.text(text)).transpose()
    }

    /// Returns the id of the task that was typed.
    ///
    /// # Errors
    /// `not_found` or `ambiguous`, both 4.
    pub fn task(&self, name: &str) -> Result<String> {
        resolve::one(self.snapshot, &TASK, name).map(String::from)
    }

    /// Returns the id of the sprint that was typed.
    ///
    /// # Errors
    /// `not_found` or `ambiguous`, both 4.
    pub fn sprint(&self, name: &str) -> Result<String> {
        resolve::one(self.snapshot, &SPRINT, name).map(String::from)
    }

    /// Returns the id of the sprint that was typed, or what was typed where there is none yet.
    ///
    /// # Errors
    /// `ambiguous` (4).
    pub fn sprint_to_be(&self, name: &str) -> Result<String> {
        match self.sprint(name) {
            Err(error) if error.code() == "not_found" => Ok(name.to_owned()),
            found => found,
        }
    }

    /// Returns the id of the decision that was typed.
    ///
    /// # Errors
    /// `not_found` or `ambiguous`, both 4.
    pub fn decision(&self, name: &str) -> Result<String> {
        resolve::one(self.snapshot, &DECISION, name).map(String::from)
    }

    /// Returns the id of the record of any kind that was typed, or what was typed: what is not here, or not yet, may be
    /// referred to all the same.
    ///
    /// # Errors
    /// `ambiguous` (4).
    pub fn reference(&self, name: String) -> Result<String> {
        match resolve::any(self.snapshot, &name) {
            Err(error) if error.code() == "not_found" => Ok(name),
            found => found.map(|(_, id)| String::from(id)),
        }
    }

    /// Returns the thread of the record of any kind that was typed.
    ///
    /// # Errors
    /// `not_found` or `ambiguous`, both 4.
    pub fn thread(&self, name: &str) -> Result<String> {
        let (kind, id) = resolve::any(self.snapshot, name)?;
        Ok(if *kind == AGENT { log_of(&id) } else { id.into() })
    }

    /// Returns the id of the message that was typed.
    ///
    /// # Errors
    /// `not_found` or `ambiguous`, both 4.
    pub fn message(&self, name: &str) -> Result<Id> {
        resolve::one(self.snapshot, &MESSAGE, name)
    }
}
