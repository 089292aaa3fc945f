//! What the fields of a record do not give back as it was: kept under `extra.beads`, laid over what they give.
//!
//! A key stands there by its own name with its own value. Keys that a row did not have although the fields give one are
//! listed under `_absent`. Keys that beads derives when it exports are kept nowhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::Row;

/// Under which name the keys that a row did not have are listed.
pub(super) const ABSENT: &str = "_absent";

/// What beads counts anew whenever it exports.
const DERIVED: &[&str] = &["dependency_count", "dependent_count", "comment_count", "parent"];

/// Returns what is kept in a record's `extra`; nothing where there is nothing, or not what this program writes there.
pub(super) fn of(extra: &BTreeMap<String, Value>) -> &Row {
    static NOTHING: LazyLock<Row> = LazyLock::new(Map::new);
    extra.get("beads").and_then(Value::as_object).unwrap_or(&NOTHING)
}

/// Returns what has to be kept of an original so that [`restore`] makes it of what the fields give.
pub(super) fn difference(original: &Row, given: &Row) -> Row {
    let differs =
        |(key, value): &(&String, &Value)| given.get(*key) != Some(*value) && !DERIVED.contains(&key.as_str());
    let mut kept: Row = original.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect();
    let absent: Vec<Value> =
        given.keys().filter(|key| !original.contains_key(*key)).map(|key| Value::from(key.as_str())).collect();
    if !absent.is_empty() {
        kept.insert(ABSENT.into(), Value::from(absent));
    }
    kept
}

/// Lays what is kept over what the fields give.
pub(super) fn restore(given: &Row, kept: &Row) -> Row {
    let mut row = given.clone();
    for key in kept.get(ABSENT).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        row.shift_remove(key);
    }
    for (key, value) in kept.iter().filter(|(key, _)| *key != ABSENT) {
        row.insert(key.clone(), value.clone());
    }
    row
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Row {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn what_is_kept_makes_the_original_of_what_is_given() {
        let original = object(json!({"a": 1, "b": "", "c": null, "parent": "p"}));
        let given = object(json!({"a": 1, "b": "x", "d": 4}));
        let kept = difference(&original, &given);
        assert_eq!(Value::from(kept.clone()), json!({"b": "", "c": null, "_absent": ["d"]}));
        assert_eq!(Value::from(restore(&given, &kept)), json!({"a": 1, "b": "", "c": null}));
    }
}
