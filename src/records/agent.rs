//! The agent profile: what a member of the fleet is for. Whether it is alive is derived, never stored.

use super::check;
use super::field::{Field, Rule};
use super::kind::{Kind, Place, build_as, came_changed_went, decode_as, happened_as, mark_as, schema_of};
use super::record::record;
use super::term::{Term, rank_as, terms_as};
use crate::base::{Error, Id, Result};

/// The row of the kind.
pub static AGENT: Kind = Kind {
    name: "agent",
    letter: 'a',
    place: Place::Flat("agents"),
    companion_of: None,
    fields: FIELDS,
    decode: decode_as::<Agent>,
    build: build_as::<Agent>,
    mark: mark_as::<Agent>,
    happened: happened_as::<Agent>,
    terms: terms_as::<Agent>,
    rank: rank_as::<Agent>,
    schema: schema_of::<Agent>,
};

const FIELDS: &[Field] = &[
    Field::open("role", Rule::Scalar),
    Field::open("capabilities", Rule::List),
    Field::open("skills", Rule::List),
    Field::open("safety_rails", Rule::List),
    Field::open("model", Rule::Scalar),
    Field::open("reports_to", Rule::Scalar),
];

record! {
    /// A member of the fleet. The body is the document of its role.
    Agent in AGENT {
        /// What it is in the fleet: `developer`, `reviewer`.
        role: Option<String>,
        /// What it can do.
        capabilities: Vec<String>,
        /// What it has learned.
        skills: Vec<String>,
        /// What it must not do.
        safety_rails: Vec<String>,
        /// The model behind it.
        model: Option<String>,
        /// Who gets its completions and blockers.
        reports_to: Option<String>,
    }
}

impl Agent {
    fn found_under(&self) -> Vec<Term> {
        Vec::new()
    }

    fn ranked(&self) -> i64 {
        0
    }

    fn check(&self) -> Result<()> {
        check::name("created_by", &self.created_by)?;
        check::name("updated_by", &self.updated_by)?;
        check::optional_name("role", self.role.as_deref())?;
        check::optional_name("model", self.model.as_deref())?;
        check::optional_name("reports_to", self.reports_to.as_deref())
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<&'static str> {
        came_changed_went(before, after, ["agent.initialized", "agent.updated", "agent.removed"])
    }
}

/// Checks a text as the name of an agent, which is an id and not a word kept for something else.
///
/// # Errors
/// `bad_id`, or `reserved_name` for `all` and `shared`.
pub fn parse_name(name: &str) -> Result<Id> {
    let id = Id::parse(name)?;
    if matches!(id.folded().as_str(), "all" | "shared") {
        return Err(Error::invalid(
            "reserved_name",
            format!("«{name}» cannot be an agent: the name stands for everybody"),
        ));
    }
    Ok(id)
}
