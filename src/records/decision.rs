//! The decision: what was settled, or is to be, why, and what else could have been done.

use std::collections::BTreeSet;

use super::check;
use super::field::{Field, Rule};
use super::kind::{Kind, Place, build_as, came_changed_went, decode_as, happened_as, mark_as, schema_of};
use super::record::record;
use super::term::{Term, rank_as, terms_as};
use super::word::words;
use crate::base::Result;

/// The row of the kind.
pub static DECISION: Kind = Kind {
    name: "decision",
    letter: 'd',
    place: Place::Flat("decisions"),
    companion_of: None,
    fields: FIELDS,
    decode: decode_as::<Decision>,
    build: build_as::<Decision>,
    mark: mark_as::<Decision>,
    happened: happened_as::<Decision>,
    terms: terms_as::<Decision>,
    rank: rank_as::<Decision>,
    schema: schema_of::<Decision>,
};

const FIELDS: &[Field] = &[
    Field::open("title", Rule::Scalar),
    Field::open("type", Rule::Scalar),
    Field::open("status", Rule::Scalar),
    Field::open("supersedes", Rule::Scalar),
    Field::open("context", Rule::Scalar),
    Field::open("options", Rule::List),
    Field::open("rationale", Rule::Scalar),
    Field::open("references", Rule::Set),
];

words! {
    /// Whether something was settled, or somebody was asked.
    #[derive(Default)]
    Type { #[default] Decision = "decision", Consultation = "consultation" }
}

words! {
    /// Whether it holds.
    #[derive(Default)]
    Status { #[default] Proposed = "proposed", Accepted = "accepted", Rejected = "rejected", Superseded = "superseded" }
}

record! {
    /// What was settled, or is to be. The body is whatever else is to be said.
    Decision in DECISION {
        /// What it is about, on one line.
        title: String,
        /// What sort of record it is.
        r#type: Type,
        /// Whether it holds.
        status: Status,
        /// The decision whose place it takes.
        supersedes: Option<String>,
        /// What made it necessary.
        context: Option<String>,
        /// What could have been done.
        options: Vec<String>,
        /// Why it was settled so.
        rationale: Option<String>,
        /// What it refers to.
        references: BTreeSet<String>,
    }
}

impl Decision {
    fn found_under(&self) -> Vec<Term> {
        let mut terms = vec![Term::new("status", self.status.as_str()), Term::new("type", self.r#type.as_str())];
        let named = self.supersedes.iter().chain(&self.references);
        terms.extend(named.map(|other| Term::new("names", other)));
        terms
    }

    /// The oldest first.
    fn ranked(&self) -> i64 {
        self.created_at.millis().max(0)
    }

    fn check(&self) -> Result<()> {
        check::title("title", &self.title)?;
        check::word("type", self.r#type.as_str())?;
        check::word("status", self.status.as_str())?;
        check::optional_name("supersedes", self.supersedes.as_deref())?;
        check::name("created_by", &self.created_by)?;
        check::name("updated_by", &self.updated_by)?;
        self.references.iter().try_for_each(|name| check::name("references", name))
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<&'static str> {
        came_changed_went(before, after, ["decision.recorded", "decision.updated", "decision.removed"])
    }
}
