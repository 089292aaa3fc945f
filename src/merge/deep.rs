//! Values made of values: the members of maps one by one, elements added and removed one by one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::order::order;
use super::part::{Combined, Three};
use crate::records::conflict::text_of;

/// Maps by key, one level after another. Members have no stamps of their own: a member counts as changed when its value
/// did, and of two changes of one member that of the later part wins.
pub(super) fn map(three: &Three) -> Combined {
    merge(three.base_value(), three.ours.value.as_ref(), three.theirs.value.as_ref(), three.ours_is_later())
}

/// As [`map`], for values that have no stamps at all.
pub(super) fn merge(
    base: Option<&Value>,
    ours: Option<&Value>,
    theirs: Option<&Value>,
    ours_is_later: bool,
) -> Combined {
    if let (Some(Value::Object(ours)), Some(Value::Object(theirs))) = (ours, theirs) {
        return members(base.and_then(Value::as_object), ours, theirs, ours_is_later);
    }
    let is_same = ours == theirs;
    (if ours_is_later { ours } else { theirs }.cloned(), !is_same)
}

fn members(
    base: Option<&Map<String, Value>>,
    ours: &Map<String, Value>,
    theirs: &Map<String, Value>,
    ours_is_later: bool,
) -> Combined {
    let mut merged = Map::new();
    let mut is_disputed = false;
    let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for key in keys {
        let (base, ours, theirs) = (base.and_then(|base| base.get(key)), ours.get(key), theirs.get(key));
        let (value, odd) = match () {
            () if ours == theirs || theirs == base => (ours.cloned(), false),
            () if ours == base => (theirs.cloned(), false),
            () => merge(base, ours, theirs, ours_is_later),
        };
        is_disputed |= odd;
        merged.extend(value.map(|value| (key.clone(), value)));
    }
    (Some(Value::Object(merged)), is_disputed)
}

/// Elements without order: both sides' additions and removals.
pub(super) fn set(three: &Three) -> Combined {
    let sides = Elements::of(three);
    let kept = sides.kept();
    let found = [&sides.ours, &sides.theirs].into_iter().flat_map(|side| side.iter());
    let values: BTreeMap<&Element, &Value> = found.map(|(element, value)| (element, *value)).collect();
    listed(kept.iter().filter_map(|element| values.get(element).copied()))
}

/// Elements in order: as a set, in the order of the side that moved some, else of the later one, new ones behind.
pub(super) fn list(three: &Three) -> Combined {
    let sides = Elements::of(three);
    let kept = sides.kept();
    let names = |side: &[(Element, &Value)]| side.iter().map(|(element, _)| element.clone()).collect::<Vec<_>>();
    let sequence = order(&names(&sides.base), &names(&sides.ours), &names(&sides.theirs), three.ours_is_later(), &kept);
    let found = [&sides.ours, &sides.theirs].into_iter().flat_map(|side| side.iter());
    let values: BTreeMap<&Element, &Value> = found.map(|(element, value)| (element, *value)).collect();
    listed(sequence.iter().filter_map(|element| values.get(element).copied()))
}

fn listed<'a>(values: impl Iterator<Item = &'a Value>) -> Combined {
    let values: Vec<Value> = values.cloned().collect();
    ((!values.is_empty()).then_some(Value::Array(values)), false)
}

/// An element by its text, and how many of the same stand before it.
pub(super) type Element = (String, usize);

struct Elements<'a> {
    base: Vec<(Element, &'a Value)>,
    ours: Vec<(Element, &'a Value)>,
    theirs: Vec<(Element, &'a Value)>,
}

impl<'a> Elements<'a> {
    fn of(three: &'a Three) -> Self {
        let elements = |value: Option<&'a Value>| numbered(value, text_of);
        Elements {
            base: elements(three.base_value()),
            ours: elements(three.ours.value.as_ref()),
            theirs: elements(three.theirs.value.as_ref()),
        }
    }

    /// What both sides have, and what one of them added.
    fn kept(&self) -> BTreeSet<Element> {
        let names = |side: &[(Element, &Value)]| side.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
        let (base, ours, theirs) = (names(&self.base), names(&self.ours), names(&self.theirs));
        let is_kept = |name: &&Element| {
            let (ours, theirs) = (ours.contains(*name), theirs.contains(*name));
            if ours == theirs { ours } else { !base.contains(*name) }
        };
        ours.union(&theirs).filter(is_kept).cloned().collect()
    }
}

/// Returns the elements of a list with their names, which are told apart by a number where they are the same.
pub(super) fn numbered(value: Option<&Value>, name: impl Fn(&Value) -> String) -> Vec<(Element, &Value)> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let items = value.and_then(Value::as_array).into_iter().flatten();
    let number = |item| {
        let name = name(item);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        ((name, *count - 1), item)
    };
    items.map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::merge::part::Part;
    use crate::records::Stamp;
    use serde_json::json;

    fn part(value: &Value, at: i64) -> Part {
        Part { value: Some(value.clone()), stamp: Stamp(Timestamp::from_millis(at), "a".into()), is_stamped: true }
    }

    fn three(base: Value, ours: Value, theirs: Value) -> Three {
        Three { base: Some(part(&base, 1)), ours: part(&ours, 2), theirs: part(&theirs, 3) }
    }

    #[test]
    fn members_are_merged_one_by_one() {
        let sides = three(
            json!({"a": 1, "b": 1, "c": {"x": 1, "y": 1}, "gone": 1}),
            json!({"a": 2, "b": 1, "c": {"x": 2, "y": 1}, "new": 1}),
            json!({"a": 1, "b": 2, "c": {"x": 1, "y": 2}, "gone": 1}),
        );
        let merged = json!({"a": 2, "b": 2, "c": {"x": 2, "y": 2}, "new": 1});
        assert_eq!(map(&sides), (Some(merged), false));
    }

    #[test]
    fn of_two_changes_of_one_member_the_later_wins_and_it_is_a_dispute() {
        let sides = three(json!({"a": {"x": 1}}), json!({"a": {"x": 2}}), json!({"a": {"x": 3}}));
        assert_eq!(map(&sides), (Some(json!({"a": {"x": 3}})), true));
        let sides = three(json!({"a": 1}), json!({"a": 2}), json!({}));
        assert_eq!(map(&sides), (Some(json!({})), true), "changed and removed");
    }

    #[test]
    fn both_sides_add_to_and_take_from_a_set() {
        let sides = three(json!(["a", "b", "c"]), json!(["a", "c", "d"]), json!(["b", "c", "e"]));
        assert_eq!(set(&sides), (Some(json!(["c", "d", "e"])), false));
        assert_eq!(set(&three(json!(["a"]), json!([]), json!(["a"]))), (None, false));
    }

    #[test]
    fn a_list_keeps_the_order_of_the_later_side_and_puts_new_ones_behind() {
        let sides = three(json!(["a", "b", "c"]), json!(["a", "x", "b", "c"]), json!(["b", "c", "y"]));
        assert_eq!(list(&sides), (Some(json!(["b", "c", "y", "x"])), false));
    }

    #[test]
    fn a_side_that_moved_nothing_has_no_say_in_the_order() {
        let sides = three(json!(["a", "b", "c"]), json!(["c", "b", "a"]), json!(["a", "b", "c", "d"]));
        assert_eq!(list(&sides), (Some(json!(["c", "b", "a", "d"])), false));
        let sides = three(json!(["a", "b", "c"]), json!(["c", "b", "a"]), json!(["b", "a", "c"]));
        assert_eq!(list(&sides), (Some(json!(["b", "a", "c"])), false), "both moved: the later");
    }

    #[test]
    fn the_same_element_may_stand_in_a_list_twice() {
        let sides = three(json!(["a"]), json!(["a", "a"]), json!(["a", "b"]));
        assert_eq!(list(&sides), (Some(json!(["a", "b", "a"])), false));
        let sides = three(json!(["a", "a"]), json!(["a"]), json!(["a", "a", "b"]));
        assert_eq!(list(&sides), (Some(json!(["a", "b"])), false));
    }
}
