//! What one process asks another to do in its place, and what it is told of it: how both travel.
//!
//! Both are JSON between processes of one build of the program (`store::crowd`), so nothing here is a stored format.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Outcome;
use super::making::Asker;
use crate::base::error::Told;
use crate::base::{Error, Result, Timestamp};
use crate::ops::{Context, Operation};
use crate::records::record::AnyRecord;
use crate::records::{Config, Kind};
use crate::state::{Event, Warning};
use crate::store::Person;

/// An operation of another process, and all that it depends on there.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Errand {
    pub(super) operation: Operation,
    /// But for what is looked at by the one whose turn it is: signs of life. Files that git tracks do not travel.
    pub(super) context: Context,
    author: (String, String),
    committer: (String, String),
    if_match: Option<String>,
    worktree: String,
}

impl Errand {
    pub(super) fn new(operation: &Operation, context: &Context, asker: &Asker) -> Self {
        let both = |person: &Person| (person.name.clone(), person.email.clone());
        Errand {
            operation: operation.clone(),
            context: context.clone(),
            author: both(&asker.author),
            committer: both(&asker.committer),
            if_match: asker.if_match.clone(),
            worktree: asker.worktree.clone(),
        }
    }

    pub(super) fn asker(&self) -> Asker {
        let person = |(name, email): &(String, String)| Person::new(name, email);
        Asker {
            author: person(&self.author),
            committer: person(&self.committer),
            if_match: self.if_match.clone(),
            worktree: self.worktree.clone(),
        }
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(odd)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Errand> {
        serde_json::from_slice(bytes).map_err(odd)
    }
}

/// What came of an errand.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Done(Done),
    Refused(Told),
}

#[derive(Debug, Serialize, Deserialize)]
struct Done {
    commit: Option<String>,
    changed: bool,
    records: Vec<(Map<String, Value>, String)>,
    events: Vec<Event>,
    settings: Option<String>,
    warnings: Vec<Warning>,
    at: Timestamp,
}

/// Returns what was done as an answer.
pub(super) fn done(outcome: &Outcome) -> Result<Vec<u8>> {
    serde_json::to_vec(&Answer::Done(Done::of(outcome)?)).map_err(odd)
}

/// Returns a refusal as an answer.
pub(super) fn refused(error: &Error) -> Result<Vec<u8>> {
    serde_json::to_vec(&Answer::Refused(error.tell())).map_err(odd)
}

/// Returns what an answer says: the outcome, or the refusal as if it had been met here.
///
/// # Errors
/// The refusal; `internal` for an answer that makes no sense.
pub(super) fn outcome(bytes: &[u8]) -> Result<Outcome> {
    match serde_json::from_slice(bytes).map_err(odd)? {
        Answer::Done(done) => done.outcome(),
        Answer::Refused(told) => Err(Error::told(told)),
    }
}

impl Done {
    fn of(outcome: &Outcome) -> Result<Done> {
        let settings = outcome.settings.as_ref().map(|settings| settings.encode()).transpose()?;
        Ok(Done {
            commit: outcome.commit.map(|commit| commit.to_string()),
            changed: outcome.changed,
            records: outcome.records.iter().map(|record| (record.to_map(), record.body().to_owned())).collect(),
            events: outcome.events.clone(),
            settings: settings.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            warnings: outcome.warnings.clone(),
            at: outcome.at,
        })
    }

    fn outcome(self) -> Result<Outcome> {
        Ok(Outcome {
            commit: self.commit.map(|commit| commit.parse()).transpose()?,
            changed: self.changed,
            records: self.records.into_iter().map(record).collect::<Result<_>>()?,
            more_records: 0,
            events: self.events,
            more_events: 0,
            settings: self.settings.map(|text| Config::decode(text.as_bytes())).transpose()?.map(Into::into),
            warnings: self.warnings,
            more_warnings: 0,
            at: self.at,
            draft: None,
            is_provisional: false,
        })
    }
}

fn record((fields, body): (Map<String, Value>, String)) -> Result<AnyRecord> {
    let kind = fields.get("kind").and_then(Value::as_str).and_then(Kind::find);
    let kind = kind.ok_or_else(|| Error::fatal("internal", "a record came back that is of no kind"))?;
    (kind.build)(fields, &body)
}

fn odd(error: serde_json::Error) -> Error {
    Error::fatal("internal", "what one process asks another cannot be written or read").because(error)
}
