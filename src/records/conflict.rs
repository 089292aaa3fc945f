//! The conflict: two changes of one field that a merge could not make one, kept until somebody chooses.
//!
//! Nothing in it depends on which merge found it, so all machines make the same record, and two of them unite: the
//! values of both, and the later choice. Finding and uniting them is the business of the merge.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check;
use super::field::{Field, Rule};
use super::kind::{Kind, Place, build_as, came_changed_went, decode_as, happened_as, mark_as, schema_of};
use super::record::{Record, record};
use super::stamps::{self, Stamp};
use super::term::{Term, rank_as, terms_as};
use super::word::words;
use crate::base::{Id, Result, Seed, Timestamp, id};

/// The field of a conflict about a whole file: it was changed and removed, or it could not be merged field by field.
pub const WHOLE: &str = "*";

/// The folder of the values that are too long to stand in a conflict.
const VALUES: &str = "artifacts/conflict";

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
    Field::closed("base_uri", Rule::Scalar),
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
        /// The field, or the part of one: `gates/pytest`; `*` for the whole file.
        field: String,
        /// The value that both changes began from; absent where it was empty.
        base: Option<Value>,
        /// Where that value lies, where it is too long to stand here.
        base_uri: Option<String>,
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
    /// The value; null where the field was emptied, or where the value lies elsewhere.
    #[serde(default)]
    pub value: Value,
    /// Where the value lies, where it is too long to stand here: the text itself, or the value as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
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
    id::digest(&text_of(value))
}

/// Returns a value as JSON in which the order of keys plays no part: equal values have one text.
pub fn text_of(value: &Value) -> String {
    sorted(value).to_string()
}

/// Returns where in the tip tree a value lies that is too long to stand in a conflict. The same value has the same place
/// on all machines.
pub fn value_path(conflict: &Id, hash: &str) -> String {
    format!("{VALUES}/{conflict}/{hash}")
}

/// Returns the conflict and the hash of the value that lies at a path; nothing where none can lie there.
pub fn locate_value(path: &str) -> Option<(Id, &str)> {
    let (conflict, hash) = path.strip_prefix(VALUES)?.strip_prefix('/')?.split_once('/')?;
    Some((Id::parse(conflict).ok()?, hash)).filter(|_| is_hash(hash))
}

/// Returns whether a text can be the key of a value.
pub fn is_hash(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
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
    /// Returns whether there is nothing to choose any more: somebody has chosen, the record is gone, or the part was
    /// edited later than all the values were set.
    ///
    /// A change and a removal of the same file are settled by a choice alone: an edit elsewhere in the record may
    /// have been made by somebody who knew of neither.
    pub fn is_settled(&self, record: Option<&dyn Record>) -> bool {
        let Some(record) = record else { return true };
        let latest = self.values.values().map(|candidate| (candidate.at, &candidate.by)).max();
        let is_later = |stamp: Stamp| self.field != WHOLE && Some((stamp.0, &stamp.1)) > latest;
        self.status == Status::Resolved || is_later(stamps::of_part(record, &self.field))
    }

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
    use crate::records::Agent;
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
    fn a_later_edit_of_the_part_settles_a_conflict_and_of_another_does_not() {
        let mut agent = Agent::new(Id::parse("dev-1").expect("an id"), Timestamp::from_seconds(1), "ada");
        let candidate =
            |value: &str, at| Candidate { value: json!(value), uri: None, by: "bob".into(), at, rest: BTreeMap::new() };
        let mut conflict = Conflict::new(id_of("agent/dev-1", "model"), Timestamp::from_seconds(2), "git-coord merge");
        conflict.field = "model".into();
        for (value, at) in [("x", Timestamp::from_seconds(2)), ("y", Timestamp::from_seconds(3))] {
            conflict.values.insert(hash_of(&json!(value)), candidate(value, at));
        }
        agent.edited.insert("model".into(), Stamp(Timestamp::from_seconds(3), "bob".into()));
        agent.edited.insert("role".into(), Stamp(Timestamp::from_seconds(9), "bob".into()));
        assert!(!conflict.is_settled(Some(&agent)));
        assert!(conflict.is_settled(None));
        agent.edited.insert("model".into(), Stamp(Timestamp::from_seconds(4), "ada".into()));
        assert!(conflict.is_settled(Some(&agent)));
        conflict.field = WHOLE.into();
        assert!(!conflict.is_settled(Some(&agent)));
        conflict.status = Status::Resolved;
        assert!(conflict.is_settled(Some(&agent)));
    }

    #[test]
    fn a_long_value_lies_where_its_hash_says() {
        let id = id_of("task/T-1", "body");
        let hash = hash_of(&json!("long"));
        let path = value_path(&id, &hash);
        assert_eq!(path, "artifacts/conflict/xxaa75br2fagdh/c32c497df6730c97fa07362aa5023f37");
        assert_eq!(locate_value(&path), Some((id, hash.as_str())));
        for odd in ["artifacts/conflict/x/y", "artifacts/task/x/y", "artifacts/conflict", "conflicts/x.md"] {
            assert_eq!(locate_value(odd), None, "{odd}");
        }
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
