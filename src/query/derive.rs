//! Terms of a record that follow from other records too: which tasks are ready, which questions wait, who is at it.
//!
//! The rules ask for what is known of others, and there are two who answer: `whole.rs` has seen every record and tells
//! the terms of all of them; `near.rs` looks up what one record needs, and knows whose terms a change may have changed.
//! An index keeps these terms; where there is none, `lists.rs` finds them out anew.

use std::collections::BTreeSet;

use super::dispatch::{Subject, subject};
use super::graph::{Graph, Node, Standing};
use crate::base::{Id, Result, Timestamp, id};
use crate::records::message::{MESSAGE, Type};
use crate::records::recipient::Recipient;
use crate::records::record::{AnyRecord, downcast};
use crate::records::status::{STATUS, Severity, Word};
use crate::records::task::{Status, TASK};
use crate::records::{Kind, Message, Position, StatusEntry, Task, Term};

/// The kinds whose records have derived terms.
pub const DERIVING: &[&Kind] = &[&TASK, &MESSAGE, &STATUS];

/// A task can be claimed, whatever the time.
pub const READY: &str = "ready";
/// A task can be claimed once its time has come, which is its rank under this term, in milliseconds.
pub const DUE: &str = "due";
/// A task cannot go on.
pub const BLOCKED: &str = "blocked";
/// The tasks of a sprint that cannot go on.
pub const SPRINT_BLOCKED: &str = "sprint/blocked";
/// A question or blocker without an answer, or a completion that somebody was told of and has not read.
pub const WAITS: &str = "waits";
/// An agent says that it is at something, and has said nothing later of it.
pub const WORKING: &str = "working";
/// What an agent said last of something matters more than usual, and is not over.
pub const ALARMING: &str = "alarming";

/// The names of all derived terms.
pub const NAMES: &[&str] = &[READY, DUE, BLOCKED, SPRINT_BLOCKED, WAITS, WORKING, ALARMING];

/// A derived term, and the rank of its record under it where that is not the rank of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Derived {
    /// The term.
    pub term: Term,
    /// The rank.
    pub rank: Option<i64>,
}

impl From<Term> for Derived {
    fn from(term: Term) -> Self {
        Derived { term, rank: None }
    }
}

/// Returns the derived terms of a task.
pub fn of_task(graph: &Graph, task: &Node) -> Vec<Derived> {
    let mut derived = Vec::new();
    if !task.is_open() {
        return derived;
    }
    if !graph.reasons(task).is_empty() {
        derived.push(Term::flag(BLOCKED).into());
        derived.extend(task.sprint.iter().map(|sprint| Term::new(SPRINT_BLOCKED, sprint).into()));
    }
    // As if all times had come.
    if graph.standing(task, Timestamp::MAX) == Standing::Ready {
        derived.push(match task.defer_until {
            Some(until) => Derived { term: Term::flag(DUE), rank: Some(until.millis()) },
            None => Term::flag(READY).into(),
        });
    }
    derived
}

/// Returns every derived term that a record may have, whatever else there is, each with the place it would have there.
pub fn possible(record: &AnyRecord) -> Vec<Having> {
    let position = Position::of(record);
    let flags = |names: &[&'static str]| names.iter().map(|name| Derived::from(Term::flag(name))).collect::<Vec<_>>();
    let derived = if let Some(task) = downcast::<Task>(record) {
        let mut derived = flags(&[READY, BLOCKED]);
        derived.extend(task.sprint.iter().map(|sprint| Term::new(SPRINT_BLOCKED, sprint).into()));
        derived.extend(task.defer_until.map(|until| Derived { term: Term::flag(DUE), rank: Some(until.millis()) }));
        derived
    } else if downcast::<Message>(record).is_some() {
        flags(&[WAITS])
    } else if downcast::<StatusEntry>(record).is_some() {
        flags(&[WORKING, ALARMING])
    } else {
        Vec::new()
    };
    derived.into_iter().map(|one| Having::new(one, &position)).collect()
}

/// A record that has a derived term.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Having {
    /// The term.
    pub term: Term,
    /// The place of the record under it.
    pub position: Position,
}

impl Having {
    /// Returns that a record, which has this place among its kind, has a derived term.
    pub(super) fn new(derived: Derived, position: &Position) -> Self {
        let rank = derived.rank.unwrap_or(position.rank);
        Having { term: derived.term, position: Position { rank, id: position.id.clone() } }
    }
}

/// What is known of other records, to decide about one message or one status entry.
pub(super) trait Others {
    /// Returns whether somebody has answered a message.
    fn is_answered(&self, message: &Id) -> Result<bool>;
    /// Returns where a task stands; nothing where there is no such task.
    fn status(&self, task: &str) -> Result<Option<Status>>;
    /// Returns whether a message lies unread in an inbox; of one to several, whether nobody has read it.
    fn is_unread(&self, asking: &Asking) -> Result<bool>;
    /// Returns whether an agent has said nothing later of the same.
    fn is_last(&self, reported: &Reported) -> Result<bool>;
}

/// A message that waits for somebody, until it does no more.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    pub(super) id: Id,
    r#type: Type,
    thread: Option<String>,
    pub(super) to: BTreeSet<Recipient>,
}

impl Asking {
    /// Returns what a message asks for; nothing for those that never wait.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let waits = matches!(message.r#type, Type::Question | Type::Blocker | Type::Completion);
        waits.then(|| Asking {
            id: message.id.clone(),
            r#type: message.r#type.clone(),
            thread: message.thread.clone(),
            to: message.to.iter().filter_map(|to| Recipient::parse(to).ok()).collect(),
        })
    }

    /// Returns its derived terms: a question waits for an answer, a blocker for one or until its task goes on, and a
    /// completion until it has been read.
    pub(super) fn derived(&self, others: &impl Others) -> Result<Vec<Derived>> {
        let waits = !others.is_answered(&self.id)?
            && match self.r#type {
                Type::Question => true,
                Type::Blocker => !goes_on(self.thread.as_deref(), others)?,
                Type::Completion => others.is_unread(self)?,
                _ => false,
            };
        Ok(waits.then(|| Term::flag(WAITS).into()).into_iter().collect())
    }
}

/// Returns whether a thread is that of a task that is blocked no longer.
fn goes_on(thread: Option<&str>, others: &impl Others) -> Result<bool> {
    let status = thread.map(|thread| others.status(thread)).transpose()?.flatten();
    Ok(status.is_some_and(|status| status != Status::Blocked))
}

/// What an agent has reported.
#[derive(Debug, Clone)]
pub(super) struct Reported {
    pub(super) place: (Timestamp, Id),
    pub(super) about: About,
    status: Word,
    severity: Severity,
    task: Option<String>,
}

/// Who, and of what: whether it is a task, and its id. The last word of each counts.
pub(super) type About = (String, Option<(bool, String)>);

impl Reported {
    /// Returns what an entry reports.
    pub(super) fn of(entry: &StatusEntry) -> Self {
        let subject = subject(entry).map(|subject| match subject {
            Subject::Sprint(sprint) => (false, sprint.to_owned()),
            Subject::Task(task) => (true, task.to_owned()),
        });
        Reported {
            place: (entry.timestamp, entry.id.clone()),
            about: (id::fold(&entry.agent), subject),
            status: entry.status.clone(),
            severity: entry.severity.clone(),
            task: entry.task.clone(),
        }
    }

    /// Returns its derived terms, which only the last word of an agent about something has.
    pub(super) fn derived(&self, others: &impl Others) -> Result<Vec<Derived>> {
        let mut derived = Vec::new();
        if !others.is_last(self)? {
            return Ok(derived);
        }
        if matches!(self.status, Word::Started | Word::InProgress) {
            derived.push(Term::flag(WORKING).into());
        }
        if self.severity != Severity::Info && self.status != Word::Complete {
            let status = self.task.as_deref().map(|task| others.status(task)).transpose()?.flatten();
            let is_over = status.is_some_and(|status| !status.is_open());
            derived.extend((!is_over).then(|| Term::flag(ALARMING).into()));
        }
        Ok(derived)
    }
}
