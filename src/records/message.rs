//! The message: what one agent or person says to others, or into the thread of a task.
//!
//! A message never changes. Who has it unread stands in the inbox entries, which are links to the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::check;
use super::field::{Field, Rule};
use super::kind::{Kind, Place, build_as, came_changed_went, decode_as, happened_as, mark_as, schema_of};
use super::record::record;
use super::term::{Term, rank_as, terms_as};
use super::word::words;
use crate::base::{Result, Timestamp, id};

/// The row of the kind.
pub static MESSAGE: Kind = Kind {
    name: "message",
    letter: 'm',
    place: Place::Dated("messages"),
    companion_of: None,
    fields: FIELDS,
    decode: decode_as::<Message>,
    build: build_as::<Message>,
    mark: mark_as::<Message>,
    happened: happened_as::<Message>,
    terms: terms_as::<Message>,
    rank: rank_as::<Message>,
    schema: schema_of::<Message>,
};

const FIELDS: &[Field] = &[
    Field::closed("from", Rule::Immutable),
    Field::closed("to", Rule::Immutable),
    Field::closed("timestamp", Rule::Immutable),
    Field::closed("type", Rule::Immutable),
    Field::closed("priority", Rule::Immutable),
    Field::closed("thread", Rule::Immutable),
    Field::closed("references", Rule::Immutable),
    Field::closed("metadata", Rule::Immutable),
    Field::closed("external_ref", Rule::Immutable),
    Field::closed("extra", Rule::Immutable),
    Field::closed("body", Rule::Immutable),
];

words! {
    /// What a message is for.
    #[derive(Default)]
    Type {
        /// An assignment, a change of priority, a direction.
        Directive = "directive",
        /// A question that waits for a response.
        Question = "question",
        /// The answer to a question or a blocker.
        Response = "response",
        /// How far a task is.
        Progress = "progress",
        /// Something that keeps a task from going on.
        Blocker = "blocker",
        /// A task is done.
        Completion = "completion",
        /// Something failed.
        Error = "error",
        /// A remark in the thread of a task.
        Note = "note",
        /// Talk.
        #[default] Chat = "chat",
        /// What the next one to take a task should know.
        Handoff = "handoff",
        /// A word that lets something go ahead, or not.
        Approval = "approval",
    }
}

words! {
    /// How soon a message wants to be read, the last soonest.
    #[derive(Default)]
    Urgency { Low = "low", #[default] Normal = "normal", High = "high", Urgent = "urgent" }
}

record! {
    /// What somebody said. The body is the content.
    Message in MESSAGE {
        /// Who said it.
        from: String,
        /// Whose inboxes it lies in; nobody's where it is empty.
        to: BTreeSet<String>,
        /// When it was said.
        timestamp: Timestamp,
        /// What it is for.
        r#type: Type,
        /// How soon it wants to be read.
        priority: Urgency,
        /// The task, sprint or message it belongs to; `agent/<name>` is the log of an agent.
        thread: Option<String>,
        /// What it refers to.
        references: BTreeSet<String>,
        /// Facts for machines.
        metadata: BTreeMap<String, Value>,
        /// Its name in another system.
        external_ref: Option<String>,
        /// What other systems know of it and this one has no field for.
        extra: BTreeMap<String, Value>,
    }
}

/// What `metadata.event` says where the message tells its reader that a claim is lost, and the word of that event.
pub const CLAIM_LOST: &str = "claim.lost";

/// Returns the thread that is the log of an agent.
///
/// A log is a thread and no kind of its own: an entry is said once, to nobody's inbox, answered like any message, and
/// rotates like one. The word in front keeps it from the thread of a task that is called like the agent.
pub fn log_of(agent: &str) -> String {
    format!("agent/{agent}")
}

impl Message {
    /// Returns whether it is an entry in the log of whoever said it.
    pub fn is_log_entry(&self) -> bool {
        let thread = self.thread.as_deref().map(id::fold);
        self.r#type == Type::Note && thread == Some(id::fold(&log_of(&self.from)))
    }

    /// Returns the ids of what it is an answer to: a response, an approval or a directive answers its thread and what it
    /// refers to.
    pub fn answered(&self) -> impl Iterator<Item = &String> {
        let is_answer = matches!(self.r#type, Type::Response | Type::Approval | Type::Directive);
        self.thread.iter().chain(&self.references).filter(move |_| is_answer)
    }

    /// Names are the same whatever their case.
    fn found_under(&self) -> Vec<Term> {
        let mut terms = vec![Term::new("type", self.r#type.as_str()), Term::new("from", id::fold(&self.from))];
        terms.extend(self.to.iter().map(|to| Term::new("to", id::fold(to))));
        terms.extend(self.thread.iter().map(|thread| Term::new("thread", id::fold(thread))));
        terms.extend(self.answered().map(|asked| Term::new("answers", asked)));
        if self.priority == Urgency::Urgent {
            terms.push(Term::flag("urgent"));
        }
        if self.is_log_entry() {
            terms.push(Term::new("log", id::fold(&self.from)));
        }
        terms.extend(self.references.iter().map(|other| Term::new("names", other)));
        terms.extend(self.external_ref.iter().map(|name| Term::new("external", name)));
        terms
    }

    fn ranked(&self) -> i64 {
        0
    }

    fn check(&self) -> Result<()> {
        check::name("from", &self.from)?;
        check::name("created_by", &self.created_by)?;
        check::name("updated_by", &self.updated_by)?;
        check::word("type", self.r#type.as_str())?;
        check::word("priority", self.priority.as_str())?;
        check::optional_name("thread", self.thread.as_deref())?;
        self.to.iter().try_for_each(|name| check::name("to", name))?;
        self.references.iter().try_for_each(|name| check::name("references", name))
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<&'static str> {
        let came = match after {
            Some(message) if message.is_log_entry() => "agent.logged",
            Some(message) if message.r#type == Type::Note => "task.noted",
            Some(message) if message.metadata.get("event").is_some_and(|event| event == CLAIM_LOST) => CLAIM_LOST,
            _ => "message.sent",
        };
        came_changed_went(before, after, [came, "message.updated", "message.removed"])
    }
}
