//! The conflict: two changes of one field that a merge could not make one, kept until somebody chooses.
//!
//! Nothing in it depends on which merge found it, so all machines make the same record, and two of them unite: the
//! values of both, and the later choice. Finding conflicts is the business of the merge.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check;
use super::field::{Field, Rule};
use super::kind::{Kind, Place, build_as, came_changed_went, decode_as, happened_as, mark_as, schema_of};
use super::record::record;
use super::term::{Term, rank_as, terms_as};
use super::word::words;
use crate::base::{Id, Result, Seed, Timestamp, id};

/// The row of the kind.
pub static CONFLICT: Kind = Kind {
    name: "conflict",
    letter: 'x',
    place: Place::Flat("conflicts"),
    companion_of: None,
    fields: FIELDS,
    decode: decode_as::<Conflict>,
    build: build_as::<Conflict>,
    mark: mark_as::<Conflict>,
    happened: happened_as::<Conflict>,
    terms: terms_as::<Conflict>,
    rank: rank_as::<Conflict>,
    schema: schema_of::<Conflict>,
};

const FIELDS: &[Field] = &[
    Field::closed("record", Rule::Immutable),
    Field::closed("field", Rule::Immutable),
    Field::closed("base", Rule::Scalar),
    Field::closed("values", Rule::Map),
    Field::by("chosen", Rule::Unit("resolution"), "resolve"),
    Field::by("status", Rule::Unit("resolution"), "resolve"),
    Field::by("resolved_at", Rule::Unit("resolution"), "resolve"),
    Field::by("resolved_by", Rule::Unit("resolution"), "resolve"),
    Field::closed("body", Rule::Immutable),
];

words! {
    /// Whether somebody has chosen.
    #[derive(Default)]
    Status { #[default] Open = "open", Resolved = "resolved" }
}

record! {
    /// Two changes of one field that could not become one.
    Conflict in CONFLICT {
        /// The record, as `kind/id`.
        record: String,
        /// The field, or the part of one: `gates/pytest`.
        field: String,
        /// The value that both changes began from; absent where it was empty.
        base: Option<Value>,
        /// The values it was changed to, by their hash.
        values: BTreeMap<String, Candidate>,
        /// The hash of the value that was chosen; absent where it was none of them.
        chosen: Option<String>,
        /// Whether somebody has chosen.
        status: Status,
        /// When it was chosen.
        resolved_at: Option<Timestamp>,
        /// Who chose.
        resolved_by: Option<String>,
    }
}

/// One of the values between which to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// The value; null where the field was emptied.
    #[serde(default)]
    pub value: Value,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// Returns the id of the conflict about a field of a record: the same on every machine.
pub fn id_of(record: &str, field: &str) -> Id {
    Seed::from_text(&format!("conflict\n{record}\n{field}")).id(CONFLICT.letter, 0)
}

/// Returns the key of a value among those of a conflict: a hash in which the order of keys plays no part.
pub fn hash_of(value: &Value) -> String {
    id::digest(&sorted(value).to_string())
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(map) => {
            let by_key: BTreeMap<&String, Value> = map.iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(by_key.into_iter().map(|(key, value)| (key.clone(), value)).collect())
        }
        plain => plain.clone(),
    }
}

impl Conflict {
    fn found_under(&self) -> Vec<Term> {
        vec![Term::new("status", self.status.as_str()), Term::new("record", &self.record)]
    }

    fn ranked(&self) -> i64 {
        0
    }

    fn check(&self) -> Result<()> {
        check::title("record", &self.record)?;
        check::title("field", &self.field)?;
        check::word("status", self.status.as_str())?;
        check::optional_name("chosen", self.chosen.as_deref())?;
        check::optional_name("resolved_by", self.resolved_by.as_deref())?;
        check::name("created_by", &self.created_by)?;
        check::name("updated_by", &self.updated_by)?;
        self.values.values().try_for_each(|candidate| check::name("values.by", &candidate.by))
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<&'static str> {
        match (before, after.map(|conflict| &conflict.status)) {
            (Some(before), Some(Status::Resolved)) if before.status != Status::Resolved => vec!["conflict.resolved"],
            // A value that came after the choice opens it again.
            (Some(before), Some(Status::Open)) if before.status != Status::Open => vec!["conflict.detected"],
            _ => came_changed_went(before, after, ["conflict.detected", "conflict.updated", "conflict.removed"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn all_machines_call_a_conflict_and_its_values_the_same() {
        assert_eq!(id_of("task/T-1", "title").as_str(), "xsd9mkey7f98td");
        assert_ne!(id_of("task/T-1", "title"), id_of("task/T-1", "priority"));
        assert_ne!(id_of("task/T-1", "title"), id_of("task/T-1t", "itle"));
        assert_eq!(
            hash_of(&json!({"a": 1, "b": {"c": [2], "d": 3}})),
            hash_of(&json!({"b": {"d": 3, "c": [2]}, "a": 1}))
        );
        assert_ne!(hash_of(&json!([1, 2])), hash_of(&json!([2, 1])));
        assert_ne!(hash_of(&json!(null)), hash_of(&json!("null")));
        assert_eq!(hash_of(&json!("Wire the parser")), "b59ddafce5123a2742e492a98a07ed9c");
    }

    #[test]
    fn a_choice_resolves_and_a_newer_value_opens_again() {
        let open = Conflict::new(id_of("task/a", "title"), Timestamp::from_seconds(1), "ada");
        let resolved = Conflict { status: Status::Resolved, ..open.clone() };
        assert_eq!(Conflict::told(None, Some(&open)), ["conflict.detected"]);
        assert_eq!(Conflict::told(Some(&open), Some(&resolved)), ["conflict.resolved"]);
        assert_eq!(Conflict::told(Some(&resolved), Some(&open)), ["conflict.detected"]);
        assert_eq!(Conflict::told(Some(&open), Some(&open)), ["conflict.updated"]);
    }
}
