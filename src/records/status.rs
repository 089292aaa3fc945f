//! The status entry: what an agent reports of a sprint or a task at one moment.
//!
//! An entry never changes; what is new is a new entry. Which one counts, and whether it is stale, is derived.

use super::check;
use super::field::{Field, Rule};
use super::kind::{Kind, Place, build_as, came_changed_went, decode_as, happened_as, mark_as, schema_of};
use super::record::record;
use super::term::{Term, rank_as, terms_as};
use super::word::words;
use crate::base::{Result, Timestamp, id};

/// The row of the kind.
pub static STATUS: Kind = Kind {
    name: "status",
    letter: 'e',
    place: Place::Dated("status"),
    companion_of: None,
    fields: FIELDS,
    decode: decode_as::<StatusEntry>,
    build: build_as::<StatusEntry>,
    mark: mark_as::<StatusEntry>,
    happened: happened_as::<StatusEntry>,
    terms: terms_as::<StatusEntry>,
    rank: rank_as::<StatusEntry>,
    schema: schema_of::<StatusEntry>,
};

/// How long an entry lives without a sign of life where it does not say so, in minutes.
pub const DEFAULT_TTL_MINUTES: u64 = 30;

const FIELDS: &[Field] = &[
    Field::closed("timestamp", Rule::Immutable),
    Field::closed("agent", Rule::Immutable),
    Field::closed("sprint", Rule::Immutable),
    Field::closed("task", Rule::Immutable),
    Field::closed("status", Rule::Immutable),
    Field::closed("severity", Rule::Immutable),
    Field::closed("heartbeat", Rule::Max),
    Field::closed("ttl_minutes", Rule::Immutable),
    Field::closed("body", Rule::Immutable),
];

words! {
    /// What an agent says of its work.
    #[derive(Default)]
    Word {
        Started = "STARTED",
        #[default] InProgress = "IN_PROGRESS",
        Blocked = "BLOCKED",
        Complete = "COMPLETE",
        Handoff = "HANDOFF",
        Failed = "FAILED",
    }
}

words! {
    /// How much an entry matters, the last most.
    #[derive(Default)]
    Severity { #[default] Info = "INFO", Warn = "WARN", Urgent = "URGENT", Blocker = "BLOCKER" }
}

record! {
    /// What an agent reports at one moment. The body is what happened.
    StatusEntry in STATUS {
        /// When it was so.
        timestamp: Timestamp,
        /// Who reports.
        agent: String,
        /// The sprint it is about.
        sprint: Option<String>,
        /// The task it is about.
        task: Option<String>,
        /// How it stands.
        status: Word,
        /// How much it matters.
        severity: Severity,
        /// The last sign of life that was known when it was written.
        heartbeat: Option<Timestamp>,
        /// How long it lives without a sign of life, in minutes; 30 where it is absent.
        ttl_minutes: Option<u64>,
    }
}

impl StatusEntry {
    /// What is asked for of an entry is compared without regard to case.
    fn found_under(&self) -> Vec<Term> {
        let mut terms = vec![
            Term::new("agent", id::fold(&self.agent)),
            Term::new("status", id::fold(self.status.as_str())),
            Term::new("severity", id::fold(self.severity.as_str())),
            self.about(),
        ];
        terms.extend(self.sprint.iter().map(|sprint| Term::new("sprint", id::fold(sprint))));
        terms.extend(self.task.iter().map(|task| Term::new("task", id::fold(task))));
        terms
    }

    fn ranked(&self) -> i64 {
        0
    }

    fn check(&self) -> Result<()> {
        check::name("agent", &self.agent)?;
        check::optional_name("sprint", self.sprint.as_deref())?;
        check::optional_name("task", self.task.as_deref())?;
        check::word("status", self.status.as_str())?;
        check::word("severity", self.severity.as_str())?;
        check::name("created_by", &self.created_by)?;
        check::name("updated_by", &self.updated_by)
    }

    /// Returns the term that all entries of the same agent about the same task, or about the same sprint as a whole, have.
    pub fn about(&self) -> Term {
        let task = self.task.as_deref().map(|task| (true, task));
        StatusEntry::about_of(&self.agent, task.or_else(|| self.sprint.as_deref().map(|sprint| (false, sprint))))
    }

    /// Returns the term of the entries of an agent about a task (true) or a sprint as a whole.
    pub fn about_of(agent: &str, subject: Option<(bool, &str)>) -> Term {
        let word = subject.map_or("", |(is_task, _)| if is_task { "task" } else { "sprint" });
        Term::new("about", format!("{}\n{word}\n{}", id::fold(agent), subject.map_or("", |(_, id)| id)))
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<&'static str> {
        came_changed_went(before, after, ["status.posted", "status.updated", "status.removed"])
    }

    /// Returns how long the entry lives without a sign of life, in minutes.
    pub fn ttl(&self) -> u64 {
        self.ttl_minutes.unwrap_or(DEFAULT_TTL_MINUTES)
    }
}
