//! What refusals say: why a task cannot be taken, and several things in one phrase.

use crate::base::{Error, Timestamp, text, time};
use crate::query::{Reason, Standing};
use crate::records::recipient::Recipient;
use crate::records::{StatusEntry, Task};

/// The most reasons that one phrase names.
const MOST_REASONS: usize = 5;

/// Makes the refusal to take a task that stands like this.
pub fn cannot_claim(task: &Task, standing: &Standing) -> Error {
    let cannot = format!("cannot claim {}", task.id);
    match standing {
        Standing::Closed => Error::conflict("closed", format!("{cannot}: it is {}", task.status))
            .detail("status", task.status.as_str())
            .hint("git coord ready"),
        Standing::Container(children) => {
            Error::conflict("open_children", format!("{cannot}: it waits for its open children {}", listed(children)))
                .detail("children", children.clone())
                .hint("git coord ready")
        }
        Standing::Deferred(until) => {
            let until = until.map_or_else(|| "for now".to_owned(), |until| format!("until {until}"));
            Error::conflict("deferred", format!("{cannot}: it is put off {until}")).hint("git coord ready")
        }
        Standing::Blocked(reasons) => Error::conflict("blocked", format!("{cannot}: {}", in_words(reasons)))
            .detail("reasons", serde_json::to_value(reasons).unwrap_or_default())
            .hint("git coord ready")
            .hint("git coord blocked"),
        _ => Error::conflict("blocked", format!("{cannot}: its status is {}", text::excerpt(task.status.as_str(), 40)))
            .detail("status", task.status.as_str())
            .hint("git coord ready"),
    }
}

/// Makes the refusal to begin what somebody says to be at.
pub fn in_progress_elsewhere(doing: &str, id: &str, entry: &StatusEntry, now: Timestamp) -> Error {
    let (agent, status) = (text::excerpt(&entry.agent, 40), text::excerpt(entry.status.as_str(), 40));
    let since = time::in_words(now.since(entry.timestamp));
    let error = Error::conflict(
        "in_progress_elsewhere",
        format!("cannot {doing} {id}: {agent} has said {status} {since} ago, and nothing since that ends it"),
    );
    let error = error
        .detail("entry", entry.id.as_str())
        .detail("agent", entry.agent.as_str())
        .detail("status", entry.status.as_str())
        .detail("at", entry.timestamp.to_string())
        .hint(format!("git coord show status/{}", entry.id));
    error.hints_of(send_to(&entry.agent, id))
}

/// Returns the command that asks an agent about something; nothing where no message can reach one of that name.
pub fn send_to(agent: &str, thread: &str) -> Option<String> {
    match Recipient::parse(agent) {
        Ok(Recipient::Agent(name)) => Some(format!("git coord send {name} \"…\" --thread {thread}")),
        _ => None,
    }
}

/// Returns why a task cannot go on, in one phrase.
pub fn in_words(reasons: &[Reason]) -> String {
    let words = reasons.iter().take(MOST_REASONS).map(|reason| match reason {
        Reason::Dependency { on } => format!("it waits for {on}"),
        Reason::Ancestor { ancestor } => format!("it is part of {ancestor}, which is blocked"),
        Reason::Cycle => "it waits for itself".to_owned(),
        Reason::Status { because: Some(because) } => format!("it is blocked: {}", text::excerpt(because, 80)),
        Reason::Status { because: None } => "it is blocked".to_owned(),
    });
    let mut words: Vec<String> = words.collect();
    if reasons.len() > MOST_REASONS {
        words.push(format!("and {} more", reasons.len() - MOST_REASONS));
    }
    words.join(", ")
}

/// Returns a few ids in one phrase, and how many more there are.
pub fn listed(ids: &[String]) -> String {
    let mut shown = ids.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if ids.len() > 5 {
        shown.push_str(&format!(" and {} more", ids.len() - 5));
    }
    shown
}
