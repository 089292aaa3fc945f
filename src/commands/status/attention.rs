//! What on the page of `status` wants somebody: alarming reports, silence, urgent messages, and what waits for an answer.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::few::Few;
use crate::base::{Id, Result, Timestamp, text};
use crate::query::lists::Lists;
use crate::query::{Signs, derive, dispatch};
use crate::records::conflict::CONFLICT;
use crate::records::message::{MESSAGE, Type};
use crate::records::task::Status;
use crate::records::{Conflict, Message, StatusEntry, Task, Term, conflict};
use crate::state::{Paging, Select, Snapshot, find, load};

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
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn urgent(snapshot: &dyn Snapshot, unread: &BTreeSet<Id>) -> Result<Vec<Said>> {
    let mut wanted: Vec<Id> = unread.iter().cloned().collect();
    if !wanted.is_empty() {
        let urgent: BTreeSet<Id> = snapshot.under(&MESSAGE, &Select::with(Term::flag("urgent")))?.into_iter().collect();
        wanted.retain(|message| urgent.contains(message));
    }
    let messages: Vec<Message> = load(snapshot, &wanted)?;
    Ok(messages
        .iter()
        .filter(|message| message.r#type != Type::Blocker || !goes_on(message, snapshot))
        .map(Said::of)
        .collect())
}

/// Returns whether the task in whose thread a message stands is blocked no longer.
fn goes_on(message: &Message, snapshot: &dyn Snapshot) -> bool {
    named_task(snapshot, message.thread.as_deref()).is_some_and(|task| task.status != Status::Blocked)
}

/// Returns whether an entry is about a task that is closed.
fn is_over(entry: &StatusEntry, snapshot: &dyn Snapshot) -> bool {
    named_task(snapshot, entry.task.as_deref()).is_some_and(|task| !task.is_open())
}

/// Returns a task that is named somewhere; one that cannot be read is as good as none.
fn named_task(snapshot: &dyn Snapshot, name: Option<&str>) -> Option<Task> {
    find::<Task>(snapshot, name?).ok().flatten()
}

/// Returns what agents reported last of each thing, where it matters more than usual: the most alarming first, then the
/// oldest. What is complete, and what is about a closed task, alarms nobody any more.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn alarming(lists: &Lists<'_>) -> Result<Vec<Reported>> {
    let mut alarming: Vec<StatusEntry> = lists.all(derive::ALARMING)?;
    alarming.sort_by_key(|entry| (std::cmp::Reverse(entry.severity.clone()), entry.timestamp, entry.id.clone()));
    Ok(alarming.iter().map(Reported::of).collect())
}

/// Returns who has gone silent over a claim or a report, the longest silent first. A report on a task whose claim is
/// listed says nothing more.
pub fn silent(
    snapshot: &dyn Snapshot,
    claimed: &[Task],
    entries: &[StatusEntry],
    signs: &Signs,
    now: Timestamp,
) -> Vec<Silent> {
    let claims = signs.stale(claimed.iter(), now).into_iter().map(|(task, claim)| Silent {
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
        if is_over(entry, snapshot) {
            continue;
        }
        if entry.task.is_some() && silent.iter().any(|held| held.task == entry.task && held.agent == entry.agent) {
            continue;
        }
        silent.push(Silent {
            task: entry.task.clone(),
            sprint: entry.sprint.clone().filter(|_| entry.task.is_none()),
            title: named_task(snapshot, entry.task.as_deref()).map(|task| task.title),
            agent: entry.agent.clone(),
            claim: None,
            last_sign,
            silent_seconds: now.since(last_sign).as_secs(),
        });
    }
    silent.sort_by_key(|silent| std::cmp::Reverse(silent.silent_seconds));
    silent
}

/// Returns the first of the questions and blockers that nobody has answered, and of the completions that somebody was
/// told of and has not read, the oldest first.
///
/// An answer is a message that refers to it or belongs to its thread. A blocker of a task that goes on is answered too.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn unanswered(snapshot: &dyn Snapshot, lists: &Lists<'_>, limit: usize) -> Result<Few<Said>> {
    let page = lists.page(&MESSAGE, &Term::flag(derive::WAITS), &Paging { limit, cursor: None })?;
    let page = page.map(|position| position.id).load::<Message>(snapshot)?;
    Ok(Few::of_page(page, |message| Said::of(&message)))
}

/// Returns the conflicts that nobody has settled.
pub fn conflicts(snapshot: &dyn Snapshot) -> Result<Vec<Open>> {
    let open = snapshot.under(&CONFLICT, &Select::with(Term::new("status", conflict::Status::Open.as_str())))?;
    let open: Vec<Conflict> = load(snapshot, &open)?;
    Ok(open
        .into_iter()
        .map(|found| Open { id: found.id.to_string(), record: found.record, field: found.field })
        .collect())
}
