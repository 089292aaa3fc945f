//! Records as the answers of verbs: as JSON, and as lines for people.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::page::{Page, Span, Style, plain, styled};
use crate::base::{Timestamp, text, time};
use crate::query::Presence;
use crate::records::message::Urgency;
use crate::records::record::Record;
use crate::records::task::{Priority, Status};
use crate::records::{Message, Task, task};
use crate::session::resolve::short;
use crate::state::Page as Items;

/// A record as JSON: the fields of its file, and its text under `body`. The stamps are in it only where asked for.
pub type RecordJson = Map<String, Value>;

/// Returns a record as JSON.
pub fn json(record: &dyn Record, stamps: bool) -> RecordJson {
    let mut map = record.to_map();
    let edited = map.shift_remove("edited").filter(|_| stamps);
    if !record.body().is_empty() {
        map.insert("body".to_owned(), Value::from(record.body()));
    }
    map.extend(edited.map(|edited| ("edited".to_owned(), edited)));
    map
}

/// Returns a record as JSON without its text, as lists have it.
pub fn head(record: &dyn Record, stamps: bool) -> RecordJson {
    let mut map = json(record, stamps);
    map.shift_remove("body");
    map
}

/// A page of a list, as every list answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Listed<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// How many items the whole list has.
    pub total: usize,
    /// The cursor to the next page; null where this is the last.
    pub next_cursor: Option<String>,
}

impl<T> Listed<T> {
    /// Makes an answer of a page.
    pub fn new<U>(page: Items<U>, change: impl FnMut(U) -> T) -> Self {
        let page = page.map(change);
        Listed { items: page.items, total: page.total, next_cursor: page.next_cursor }
    }

    /// Makes an answer of a page, where that may fail.
    ///
    /// # Errors
    /// The first of `change`.
    pub fn try_new<U>(page: Items<U>, change: impl FnMut(U) -> crate::base::Result<T>) -> crate::base::Result<Self> {
        Ok(Listed::new(page.try_map(change)?, |item| item))
    }

    /// Says how many items are not shown, and how to see them.
    pub fn say_rest(&self, page: &mut Page) {
        if let Some(cursor) = &self.next_cursor {
            page.line([styled(
                Style::Dim,
                format!("{} of {} shown; more with --cursor '{cursor}' or --limit N", self.items.len(), self.total),
            )]);
        }
    }
}

/// Returns the cells of a task in a list.
pub fn task_cells(task: &Task) -> Vec<Span> {
    let mut title = text::excerpt(&task.title, 200);
    if let Some(claim) = &task.claim {
        title.push_str(&format!("  @{}", text::excerpt(&claim.agent, 40)));
    }
    vec![
        styled(Style::Id, short(&task::TASK, &task.id)),
        styled(priority_style(&task.priority), task.priority.as_str()),
        styled(status_style(&task.status), task.status.as_str()),
        plain(title),
    ]
}

/// Shows a message: a line that says what it is, and its text.
pub fn message_lines(page: &mut Page, message: &Message, now: Timestamp, mark: &str) {
    let mut line = vec![
        styled(Style::Id, message.id.as_str()),
        plain("  "),
        styled(message_style(message), message.r#type.as_str()),
        plain(format!(" from {}", text::excerpt(&message.from, 40))),
        styled(Style::Dim, format!("  {}", ago(now, message.timestamp))),
    ];
    if let Some(thread) = &message.thread {
        line.push(plain(format!("  on {}", short(&task::TASK, &text::excerpt(thread, 60)))));
    }
    if message.priority == Urgency::Urgent {
        line.push(styled(Style::Bad, "  urgent"));
    }
    if !mark.is_empty() {
        line.push(styled(Style::Warn, format!("  {mark}")));
    }
    page.line(line);
    page.text(4, &message.body);
}

/// Returns the style that says whether an agent is alive.
pub fn presence_style(presence: Presence) -> Style {
    match presence {
        Presence::Stale => Style::Bad,
        Presence::Busy => Style::Warn,
        Presence::Online => Style::Good,
        Presence::Unknown | Presence::Idle | Presence::Offline => Style::Dim,
    }
}

/// Returns the style that says how much a message matters.
pub fn message_style(message: &Message) -> Style {
    match (&message.priority, message.r#type.as_str()) {
        (Urgency::Urgent, _) | (_, "blocker" | "error") => Style::Bad,
        (Urgency::High, _) | (_, "question") => Style::Warn,
        (_, "completion" | "response") => Style::Good,
        _ => Style::Plain,
    }
}

/// Returns the style of a priority.
pub fn priority_style(priority: &Priority) -> Style {
    match priority {
        Priority::P0 => Style::Bad,
        Priority::P1 => Style::Warn,
        _ => Style::Plain,
    }
}

/// Returns the style of a status.
pub fn status_style(status: &Status) -> Style {
    match status {
        Status::Completed => Style::Good,
        Status::Blocked => Style::Bad,
        Status::InProgress | Status::AwaitingApproval => Style::Warn,
        Status::Cancelled | Status::Deferred => Style::Dim,
        _ => Style::Plain,
    }
}

/// Returns the style of a word that says how something stands, in a record of any kind.
pub fn word_style(word: &str) -> Style {
    match word {
        "completed" | "COMPLETE" | "accepted" | "resolved" => Style::Good,
        "BLOCKED" | "FAILED" | "URGENT" | "BLOCKER" | "rejected" | "open" => Style::Bad,
        "active" | "STARTED" | "IN_PROGRESS" | "HANDOFF" | "WARN" | "proposed" => Style::Warn,
        "cancelled" | "superseded" => Style::Dim,
        _ => Style::Plain,
    }
}

/// Returns how long ago something was, in words; nothing for the first commit, which has no time.
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    if then == Timestamp::EPOCH {
        return String::new();
    }
    let gone = now.since(then);
    if gone < Duration::from_secs(1) { "now".to_owned() } else { format!("{} ago", time::in_words(gone)) }
}
