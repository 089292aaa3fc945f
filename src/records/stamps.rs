//! Who changed which part of a record when: the stamps that a later merge decides by.
//!
//! A stamp is later than everything its writer knew, whatever the clocks say: `max(now, greatest stamp in the
//! record + 1 ms)`. A part that is not listed has the stamp of the creation.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::field::{Field, Rule};
use super::record::{Record, Typed};
use crate::base::Timestamp;

/// When a part was changed and by whom; written as `[at, by]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Stamp(pub Timestamp, pub String);

/// The stamps of a record by the key of the part.
pub type Edited = BTreeMap<String, Stamp>;

/// Stamps in `after` what differs from `before`, and moves `updated_at` and `updated_by`.
///
/// Returns whether anything changed; where nothing did, `after` is left as it was.
pub fn mark<T: Typed>(before: &T, after: &mut T, now: Timestamp, by: &str) -> bool {
    let changed = changed_keys(before, after);
    if changed.is_empty() {
        return false;
    }
    let at = now.max(greatest(before).plus(Duration::from_millis(1)));
    let common = after.common_mut();
    *common.updated_at = at;
    by.clone_into(common.updated_by);
    common.edited.extend(changed.into_iter().map(|key| (key, Stamp(at, by.to_owned()))));
    true
}

/// Returns the greatest stamp in a record.
pub fn greatest<T: Typed>(record: &T) -> Timestamp {
    let edited = record.edited().values().map(|stamp| stamp.0).max().unwrap_or_default();
    edited.max(record.created_at()).max(record.updated_at())
}

/// Returns the stamp of a part: its own, or that of the creation.
pub fn of_part(record: &dyn Record, part: &str) -> Stamp {
    record.edited().get(part).cloned().unwrap_or_else(|| {
        let creator = record.to_map().get("created_by").and_then(Value::as_str).unwrap_or_default().to_owned();
        Stamp(record.created_at(), creator)
    })
}

/// Returns the keys under which the parts that differ are stamped.
fn changed_keys<T: Typed>(before: &T, after: &T) -> Vec<String> {
    let (old, new) = (before.to_map(), after.to_map());
    let mut keys = Vec::new();
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let (old, new) = (old.get(name), new.get(name));
        if old != new {
            let rule = T::KIND.field(name).map_or(Rule::Scalar, |field: &Field| field.rule);
            keys.extend(keys_of(name, rule, old, new));
        }
    }
    if before.body() != after.body() {
        keys.push("body".to_owned());
    }
    keys.sort();
    keys.dedup();
    keys
}

fn keys_of(name: &str, rule: Rule, old: Option<&Value>, new: Option<&Value>) -> Vec<String> {
    match rule {
        Rule::Stamp | Rule::Immutable | Rule::Min => Vec::new(),
        Rule::Unit(unit) => vec![unit.to_owned()],
        Rule::Map => {
            let empty = Map::new();
            let (old, new) = (object(old, &empty), object(new, &empty));
            differing(name, old.iter(), new.iter())
        }
        Rule::Keyed(key) => keyed(name, key, old, new),
        Rule::Scalar | Rule::Set | Rule::List | Rule::Max | Rule::Counter | Rule::Text => vec![name.to_owned()],
    }
}

/// Elements that were added, removed or changed, by their key; the field itself where only the order changed.
fn keyed(name: &str, key: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<String> {
    let index = |list: Option<&Value>| -> Map<String, Value> {
        let items = list.and_then(Value::as_array).into_iter().flatten();
        items.map(|item| (item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned(), item.clone())).collect()
    };
    let (old, new) = (index(old), index(new));
    let keys = differing(name, old.iter(), new.iter());
    if keys.is_empty() { vec![name.to_owned()] } else { keys }
}

fn object<'a>(value: Option<&'a Value>, empty: &'a Map<String, Value>) -> &'a Map<String, Value> {
    value.and_then(Value::as_object).unwrap_or(empty)
}

fn differing<'a>(
    name: &str,
    old: impl Iterator<Item = (&'a String, &'a Value)>,
    new: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Vec<String> {
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (old.collect(), new.collect());
    let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).map(|key| format!("{name}/{key}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Id;
    use crate::records::Task;
    use crate::records::task::{Gate, Status, Step};

    fn task() -> Task {
        Task::new(Id::parse("t1").expect("an id"), Timestamp::from_millis(1_000), "ada")
    }

    #[test]
    fn a_stamp_is_later_than_all_its_writer_knew() {
        let before = task();
        let mut after = before.clone();
        after.title = "x".into();
        assert!(mark(&before, &mut after, Timestamp::from_millis(10), "bob"));
        assert_eq!(after.updated_at, Timestamp::from_millis(1_001));
        assert_eq!(after.updated_by, "bob");
        assert_eq!(after.edited["title"], Stamp(Timestamp::from_millis(1_001), "bob".into()));
    }

    #[test]
    fn nothing_changed_leaves_no_stamp() {
        let before = task();
        let mut after = before.clone();
        assert!(!mark(&before, &mut after, Timestamp::from_millis(5_000), "bob"));
        assert_eq!(after, before);
    }

    #[test]
    fn a_unit_is_stamped_as_one_and_maps_one_level_down() {
        let before = task();
        let mut after = before.clone();
        after.status = Status::InProgress;
        after.assignee = Some("bob".into());
        after.gates.insert("pytest".into(), Gate::default());
        after.steps.push(Step { name: "wire".into(), ..Step::default() });
        after.labels.insert("x".into());
        after.body = "text".into();
        mark(&before, &mut after, Timestamp::from_millis(5_000), "bob");
        let keys: Vec<_> = after.edited.keys().map(String::as_str).collect();
        assert_eq!(keys, ["body", "gates/pytest", "labels", "lifecycle", "steps/wire"]);
    }

    #[test]
    fn a_removed_key_is_stamped_too() {
        let mut before = task();
        before.metrics.insert("lines".into(), Value::from(3));
        let mut after = before.clone();
        after.metrics.clear();
        mark(&before, &mut after, Timestamp::from_millis(5_000), "bob");
        assert!(after.edited.contains_key("metrics/lines"));
    }
}
