//! The sprint: a stretch of work with a goal. Its tasks name it; it does not list them.
//!
//! The body is its document. What starting and closing one asks for is in `ops`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check;
use super::field::{Field, Rule};
use super::kind::{Kind, Place, build_as, came_changed_went, decode_as, happened_as, mark_as, schema_of};
use super::record::record;
use super::term::{Term, rank_as, terms_as};
use super::word::words;
use crate::base::{Result, Timestamp};

/// The row of the kind.
pub static SPRINT: Kind = Kind {
    name: "sprint",
    letter: 's',
    place: Place::Flat("sprints"),
    companion_of: None,
    fields: FIELDS,
    decode: decode_as::<Sprint>,
    build: build_as::<Sprint>,
    mark: mark_as::<Sprint>,
    happened: happened_as::<Sprint>,
    terms: terms_as::<Sprint>,
    rank: rank_as::<Sprint>,
    schema: schema_of::<Sprint>,
};

const FIELDS: &[Field] = &[
    Field::open("title", Rule::Scalar),
    Field::by("status", Rule::Scalar, "sprint start, sprint close"),
    Field::open("owner", Rule::Scalar),
    Field::open("goal", Rule::Scalar),
    Field::open("starts_at", Rule::Scalar),
    Field::open("ends_at", Rule::Scalar),
    Field::open("phases", Rule::Keyed("name")),
    Field::open("success_metrics", Rule::List),
    Field::open("risks", Rule::List),
    Field::open("labels", Rule::Set),
];

words! {
    /// Where a sprint, or a phase of one, stands.
    #[derive(Default)]
    Status { #[default] Planning = "planning", Active = "active", Completed = "completed", Cancelled = "cancelled" }
}

impl Status {
    /// Returns whether the sprint is still to be done: anything but completed and cancelled.
    pub fn is_open(&self) -> bool {
        !matches!(self, Status::Completed | Status::Cancelled)
    }
}

record! {
    /// A stretch of work with a goal. The body is its document.
    Sprint in SPRINT {
        /// What it is called, on one line.
        title: String,
        /// Where it stands.
        status: Status,
        /// Who answers for it.
        owner: Option<String>,
        /// What it is to reach.
        goal: Option<String>,
        /// When it begins, as planned or as it was.
        starts_at: Option<Timestamp>,
        /// When it ends, as planned or as it was.
        ends_at: Option<Timestamp>,
        /// Its parts, one after another.
        phases: Vec<Phase>,
        /// By what its success is seen.
        success_metrics: Vec<String>,
        /// What may go wrong.
        risks: Vec<String>,
        /// Free labels.
        labels: BTreeSet<String>,
    }
}

/// One part of a sprint. Tasks name it in their `phase`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Phase {
    /// The word for it; its key.
    pub name: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where it stands.
    #[serde(default)]
    pub status: Status,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

impl Sprint {
    fn found_under(&self) -> Vec<Term> {
        let state = if self.status.is_open() { "open" } else { "closed" };
        vec![Term::new("state", state), Term::new("status", self.status.as_str())]
    }

    /// The oldest first.
    fn ranked(&self) -> i64 {
        self.created_at.millis().max(0)
    }

    fn check(&self) -> Result<()> {
        check::title("title", &self.title)?;
        check::word("status", self.status.as_str())?;
        check::optional_name("owner", self.owner.as_deref())?;
        check::name("created_by", &self.created_by)?;
        check::name("updated_by", &self.updated_by)?;
        self.labels.iter().try_for_each(|label| check::name("labels", label))
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<&'static str> {
        match (before, after.map(|sprint| &sprint.status)) {
            (Some(before), Some(status)) if before.status != *status => vec![match status {
                Status::Active => "sprint.started",
                Status::Completed | Status::Cancelled => "sprint.closed",
                _ => "sprint.updated",
            }],
            _ => came_changed_went(before, after, ["sprint.created", "sprint.updated", "sprint.removed"]),
        }
    }
}
