//! What on the page of `status` wants somebody: alarming reports, silence, urgent messages, and what waits for an answer.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::{Id, Result, Timestamp, id, text};
use crate::query::dispatch::{self, subject};
use crate::query::{Graph, Signs};
use crate::records::message::{Type, Urgency};
use crate::records::status::{Severity, Word};
use crate::records::task::Status;
use crate::records::{Conflict, Message, StatusEntry, conflict};
use crate::state::{Snapshot, all};

/// How much of a text is shown.
const LONGEST_SAID: usize = 280;

/// A message in brief.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Said {
    /// The message.
    pub id: String,
    /// What it is for.
    pub r#type: String,
    /// Who said it.
    pub from: String,
    /// The task or message it belongs to.
    pub thread: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The beginning of the content, on one line; `show` has all of it.
    pub text: String,
}

/// What an agent reports, in brief.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reported {
    /// The status entry.
    pub id: String,
    /// How much it matters.
    pub severity: String,
    /// How it stands.
    pub status: String,
    /// Who reports.
    pub agent: String,
    /// The task it is about.
    pub task: Option<String>,
    /// The sprint it is about.
    pub sprint: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The beginning of what happened, on one line; `show` has all of it.
    pub text: String,
}

/// Somebody who is at something and has gone silent over it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Silent {
    /// The task; null where it is a sprint.
    pub task: Option<String>,
    /// The sprint that a report is about.
    pub sprint: Option<String>,
    /// What is to be done; null where it is a sprint.
    pub title: Option<String>,
    /// Who has gone silent.
    pub agent: String,
    /// The claim that it holds; null where it has only said that it is at it.
    pub claim: Option<String>,
    /// The last sign of life.
    pub last_sign: Timestamp,
    /// How long ago that was.
    pub silent_seconds: u64,
}

/// A conflict that nobody has settled.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Open {
    /// The conflict.
    pub id: String,
    /// The record, as `kind/id`.
    pub record: String,
    /// The field.
    pub field: String,
}

impl Said {
    /// Returns a message in brief.
    pub fn of(message: &Message) -> Self {
        Said {
            id: message.id.to_string(),
            r#type: message.r#type.to_string(),
            from: message.from.clone(),
            thread: message.thread.clone(),
            at: message.timestamp,
            text: text::excerpt(&message.body, LONGEST_SAID),
        }
    }
}

impl Reported {
    fn of(entry: &StatusEntry) -> Self {
        Reported {
            id: entry.id.to_string(),
            severity: entry.severity.to_string(),
            status: entry.status.to_string(),
            agent: entry.agent.clone(),
            task: entry.task.clone(),
            sprint: entry.sprint.clone(),
            at: entry.timestamp,
            text: text::excerpt(&entry.body, LONGEST_SAID),
        }
    }
}

/// Returns the urgent messages among those that an agent has unread, the oldest first.
/// A blocker of a task that goes on is not urgent any more.
pub fn urgent(messages: &[Message], unread: &BTreeSet<Id>, graph: &Graph) -> Vec<Said> {
    let is_urgent = |message: &&Message| {
        message.priority == Urgency::Urgent
            && unread.contains(&message.id)
            && !(message.r#type == Type::Blocker && goes_on(message, graph))
    };
    messages.iter().filter(is_urgent).map(Said::of).collect()
}

/// Returns whether the task in whose thread a message stands is blocked no longer.
fn goes_on(message: &Message, graph: &Graph) -> bool {
    let task = message.thread.as_deref().and_then(|thread| graph.task(thread));
    task.is_some_and(|task| task.status != Status::Blocked)
}

/// Returns whether an entry is about a task that is closed.
fn is_over(entry: &StatusEntry, graph: &Graph) -> bool {
    entry.task.as_deref().and_then(|task| graph.task(task)).is_some_and(|task| !task.is_open())
}

/// Returns what agents reported last of each thing, where it matters more than usual: the most alarming first, then the
/// oldest. What is complete, and what is about a closed task, alarms nobody any more.
pub fn alarming(entries: &[StatusEntry], graph: &Graph) -> Vec<Reported> {
    let mut last = BTreeMap::new();
    let mut ordered: Vec<&StatusEntry> = entries.iter().collect();
    ordered.sort_by_key(|entry| (entry.timestamp, entry.id.clone()));
    for entry in ordered {
        last.insert((id::fold(&entry.agent), subject(entry)), entry);
    }
    let alarms = |entry: &&StatusEntry| {
        entry.severity != Severity::Info && entry.status != Word::Complete && !is_over(entry, graph)
    };
    let mut alarming: Vec<&StatusEntry> = last.into_values().filter(alarms).collect();
    alarming.sort_by_key(|entry| (std::cmp::Reverse(entry.severity.clone()), entry.timestamp, entry.id.clone()));
    alarming.into_iter().map(Reported::of).collect()
}

/// Returns who has gone silent over a claim or a report, the longest silent first. A report on a task whose claim is
/// listed says nothing more.
pub fn silent(graph: &Graph, entries: &[StatusEntry], signs: &Signs, now: Timestamp) -> Vec<Silent> {
    let claims = signs.stale(graph.tasks(), now).into_iter().map(|(task, claim)| Silent {
        task: Some(task.id.to_string()),
        sprint: None,
        title: Some(task.title.clone()),
        agent: claim.agent.clone(),
        claim: Some(claim.id.clone()),
        last_sign: signs.last(claim),
        silent_seconds: now.since(signs.last(claim)).as_secs(),
    });
    let mut silent: Vec<Silent> = claims.collect();
    for (entry, _) in dispatch::stale(entries, signs, now) {
        let last_sign = dispatch::last_sign(entry, signs);
        if is_over(entry, graph) {
            continue;
        }
        if entry.task.is_some() && silent.iter().any(|held| held.task == entry.task && held.agent == entry.agent) {
            continue;
        }
        silent.push(Silent {
            task: entry.task.clone(),
            sprint: entry.sprint.clone().filter(|_| entry.task.is_none()),
            title: entry.task.as_deref().and_then(|task| graph.task(task)).map(|task| task.title.clone()),
            agent: entry.agent.clone(),
            claim: None,
            last_sign,
            silent_seconds: now.since(last_sign).as_secs(),
        });
    }
    silent.sort_by_key(|silent| std::cmp::Reverse(silent.silent_seconds));
    silent
}

/// Returns the questions and blockers that nobody has answered, and completions that somebody was told of and has not
/// read, the oldest first.
///
/// An answer is a message that refers to it or belongs to its thread. A blocker of a task that goes on is answered too.
pub fn unanswered(messages: &[Message], unread: &BTreeSet<Id>, graph: &Graph) -> Vec<Said> {
    let answers =
        messages.iter().filter(|message| matches!(message.r#type, Type::Response | Type::Approval | Type::Directive));
    let answered: BTreeSet<&str> =
        answers.flat_map(|answer| answer.thread.iter().chain(&answer.references)).map(String::as_str).collect();
    let waits = |message: &&Message| match message.r#type {
        Type::Question => true,
        Type::Blocker => !goes_on(message, graph),
        Type::Completion => unread.contains(&message.id),
        _ => false,
    };
    let mut waiting: Vec<&Message> =
        messages.iter().filter(waits).filter(|message| !answered.contains(message.id.as_str())).collect();
    waiting.sort_by(|a, b| a.id.cmp(&b.id));
    waiting.into_iter().map(Said::of).collect()
}

/// Returns the conflicts that nobody has settled.
pub fn conflicts(snapshot: &dyn Snapshot) -> Result<Vec<Open>> {
    let open = all::<Conflict>(snapshot)?.into_iter().filter(|found| found.status == conflict::Status::Open);
    Ok(open.map(|found| Open { id: found.id.to_string(), record: found.record, field: found.field }).collect())
}
