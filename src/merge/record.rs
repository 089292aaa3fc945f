//! Two changes of one record: a walk through the table of fields of its kind.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::deep::{self, Element};
use super::dispute::{Dispute, Held};
use super::order::order;
use super::part::{self, Changed, Combined, Part, Three, bytes};
use super::text;
use super::version::Version;
use crate::base::Result;
use crate::records::record::AnyRecord;
use crate::records::{Edited, Kind, Record, Rule, Stamp};

/// The field that names who made the record; with the moment it is the stamp of the creation.
const CREATOR: &str = "created_by";

/// What came of two changes of one record.
#[derive(Debug)]
pub struct Merged {
    /// The record.
    pub record: AnyRecord,
    /// The values for which there was no place in it.
    pub disputes: Vec<Dispute>,
}

/// Merges two versions of one record that began as `base`; nothing as base where both were made by themselves.
///
/// It does not matter which of the two is which. Both are of one kind.
///
/// # Errors
/// `bad_record` or `bad_value` where what came out breaks a rule of the kind that both versions keep.
pub fn records(base: Option<&dyn Record>, ours: &dyn Record, theirs: &dyn Record) -> Result<Merged> {
    let versions = (base.map(Version::of), Version::of(ours), Version::of(theirs));
    let mut work = Work::new(ours, versions);
    work.fields();
    work.finish()
}

/// Returns whether two versions of a record that never changes are two different records under one id.
pub(super) fn are_strangers(ours: &dyn Record, theirs: &dyn Record) -> bool {
    let kind = ours.kind();
    let names = immutable(kind);
    kind.is_immutable() && Version::of(ours).unit(&names) != Version::of(theirs).unit(&names)
}

/// Returns whether `ours` was made first: by the stamp of its creation, then by its bytes.
pub(super) fn ours_is_first(ours: &dyn Record, theirs: &dyn Record) -> bool {
    let key = |record: &dyn Record| {
        let version = Version::of(record);
        (version.created, bytes(Some(&Value::Object(version.fields))))
    };
    key(ours) <= key(theirs)
}

/// Returns the fields of a kind that are written once.
fn immutable(kind: &'static Kind) -> Vec<&'static str> {
    kind.fields.iter().filter(|field| field.rule == Rule::Immutable).map(|field| field.name).collect()
}

struct Work {
    kind: &'static Kind,
    id: String,
    base: Option<Version>,
    ours: Version,
    theirs: Version,
    /// The stamp of the creation: the earlier one where there were two.
    created: Stamp,
    fields: Map<String, Value>,
    edited: Edited,
    /// The keys of the parts about which has been decided.
    decided: BTreeSet<String>,
    disputes: Vec<Dispute>,
}

impl Work {
    fn new(record: &dyn Record, (base, ours, theirs): (Option<Version>, Version, Version)) -> Self {
        Work {
            kind: record.kind(),
            id: record.id().to_string(),
            created: ours.created.clone().min(theirs.created.clone()),
            base,
            ours,
            theirs,
            fields: Map::new(),
            edited: Edited::new(),
            decided: BTreeSet::new(),
            disputes: Vec::new(),
        }
    }

    /// Merges all parts: those of the table, then those that this version does not know.
    fn fields(&mut self) {
        let mut units: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
        for field in self.kind.fields.iter().filter(|field| field.name != "body") {
            match field.rule {
                Rule::Unit(unit) => units.entry(unit).or_default().push(field.name),
                Rule::Immutable => {}
                Rule::Map => self.map(field.name),
                Rule::Keyed(key) => self.keyed(field.name, key),
                rule => self.field(field.name, rule),
            }
        }
        for (unit, names) in units {
            self.unit(unit, &names);
        }
        self.immutable();
        let body = self.kind.field("body").map_or(Rule::Text, |field| field.rule);
        if body != Rule::Immutable {
            self.field("body", body);
        }
        self.unknown();
    }

    fn field(&mut self, name: &str, rule: Rule) {
        let three = self.three(name, |version| version.fields.get(name).cloned());
        let value = match rule {
            Rule::Max => self.settle_by_value(name, &three, part::greatest),
            Rule::Min => self.settle_by_value(name, &three, part::least),
            Rule::Counter if three.is_counted_apart() => self.settle_by_value(name, &three, part::counter),
            Rule::Counter => self.settle(name, &three, part::counter),
            Rule::Set => self.settle(name, &three, deep::set),
            Rule::List => self.settle(name, &three, deep::list),
            Rule::Text => self.settle(name, &three, texts),
            _ => self.settle(name, &three, part::scalar),
        };
        self.fields.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// Fields that are true only together: one value with one stamp.
    fn unit(&mut self, unit: &str, names: &[&str]) {
        let three = self.three(unit, |version| version.unit(names));
        if let Some(Value::Object(members)) = self.settle(unit, &three, part::scalar) {
            self.fields.extend(members);
        }
    }

    fn map(&mut self, name: &str) {
        let mut keys: BTreeSet<String> = BTreeSet::new();
        for version in self.versions() {
            let members = version.fields.get(name).and_then(Value::as_object).into_iter().flatten();
            keys.extend(members.map(|(key, _)| key.clone()));
            keys.extend(version.stamped_below(name).map(str::to_owned));
        }
        let mut merged = Map::new();
        for key in keys {
            let part = format!("{name}/{key}");
            let three = self.three(&part, |version| version.fields.get(name)?.get(&key).cloned());
            let value = self.settle(&part, &three, deep::map);
            merged.extend(value.map(|value| (key, value)));
        }
        if !merged.is_empty() {
            self.fields.insert(name.to_owned(), Value::Object(merged));
        }
    }

    /// A list of elements that are told apart by one of their members.
    fn keyed(&mut self, name: &str, key: &str) {
        let name_of = |item: &Value| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let items = |version: &Version| -> Vec<(Element, Value)> {
            let items = deep::numbered(version.fields.get(name), name_of);
            items.into_iter().map(|(element, value)| (element, value.clone())).collect()
        };
        let sides = [self.base.as_ref().map(items).unwrap_or_default(), items(&self.ours), items(&self.theirs)];
        let mut elements: BTreeSet<Element> = sides.iter().flatten().map(|(element, _)| element.clone()).collect();
        for version in self.versions() {
            elements.extend(version.stamped_below(name).map(|key| (key.to_owned(), 0)));
        }
        let [base, ours, theirs] =
            sides.each_ref().map(|side| side.iter().map(|(element, _)| element.clone()).collect::<Vec<_>>());
        let mut values = sides.map(|side| side.into_iter().collect::<BTreeMap<Element, Value>>());
        let mut merged = BTreeMap::new();
        for element in elements {
            let part = format!("{name}/{}", element.0);
            let three = self.three_of(&part, values.each_mut().map(|side| side.remove(&element)));
            let value = self.settle(&part, &three, deep::map);
            merged.extend(value.map(|value| (element, value)));
        }
        let later = |version: &Version| (version.latest(name), bytes(version.fields.get(name)));
        let kept = merged.keys().cloned().collect();
        let sequence = order(&base, &ours, &theirs, later(&self.ours) >= later(&self.theirs), &kept);
        let values: Vec<Value> = sequence.iter().filter_map(|element| merged.remove(element)).collect();
        if !values.is_empty() {
            self.fields.insert(name.to_owned(), Value::Array(values));
        }
    }

    /// What is written once comes from the record that was made first, all of it: half of one and half of another would
    /// be a third, which nobody has written.
    fn immutable(&mut self) {
        let mut names = immutable(self.kind);
        let whole = |version: &Version| (version.created.clone(), bytes(version.unit(&names).as_ref()));
        let (ours, theirs) = (whole(&self.ours), whole(&self.theirs));
        // Of two that were made by one creation, that one is right which is still as it was.
        let base = self.base.as_ref().map(whole).filter(|_| ours.0 == theirs.0);
        let is_ours = base.as_ref() != Some(&theirs) && (base.as_ref() == Some(&ours) || ours <= theirs);
        names.push(CREATOR);
        for name in names {
            let pick = |version: &Version| match name {
                CREATOR => Some(Value::from(version.created.1.as_str())),
                name => version.fields.get(name).cloned(),
            };
            let [ours, theirs] = [&self.ours, &self.theirs].map(|version| Part {
                value: pick(version),
                stamp: version.created.clone(),
                is_stamped: false,
            });
            if ours.value != theirs.value {
                let base = self.base.as_ref().and_then(pick);
                self.dispute(name, base, &ours, &theirs);
            }
            let value = if is_ours { ours } else { theirs }.value;
            self.fields.extend(value.map(|value| (name.to_owned(), value)));
        }
    }

    /// Fields that have no row here are single values, whatever they are to those who know them.
    fn unknown(&mut self) {
        let names = [&self.ours, &self.theirs].into_iter().flat_map(|version| version.fields.keys());
        let names: BTreeSet<String> = names.filter(|name| self.kind.field(name).is_none()).cloned().collect();
        for name in names {
            let part = |version: &Version| {
                let stamp = version.latest(&name);
                let is_stamped = stamp != version.created;
                Part { value: version.fields.get(&name).cloned(), stamp, is_stamped }
            };
            let (ours, theirs) = (part(&self.ours), part(&self.theirs));
            let base = self.base.as_ref().map(part).or_else(|| self.made_alike(&ours, &theirs));
            let value = self.settle(&name, &Three { base, ours, theirs }, part::scalar);
            self.fields.extend(value.map(|value| (name.clone(), value)));
            let has_parts = self.versions().any(|version| version.stamped_below(&name).next().is_some());
            if has_parts {
                // Its parts have the stamps, as those who know the field have written them.
                self.edited.remove(&name);
                self.decided.remove(&name);
            }
        }
    }

    /// Decides about one part, notes its stamp and what found no place, and returns its value.
    ///
    /// Where only one side changed it, that side is taken; where both did, the rule makes one value of two.
    fn settle(&mut self, key: &str, three: &Three, rule: fn(&Three) -> Combined) -> Option<Value> {
        let (value, stamp) = match three.changed() {
            Changed::Ours => (three.ours.value.clone(), Some(&three.ours.stamp)),
            Changed::Theirs => (three.theirs.value.clone(), Some(&three.theirs.stamp)),
            // Nobody changed it, and yet the creations may have been two.
            Changed::Neither => {
                let stamp = Some(&three.ours.stamp).filter(|stamp| **stamp == three.theirs.stamp);
                (three.ours.value.clone(), stamp)
            }
            Changed::Both => {
                let (value, is_disputed) = rule(three);
                if is_disputed {
                    self.dispute(key, three.base_value().cloned(), &three.ours, &three.theirs);
                }
                (value, Some(three.latest_stamp()))
            }
        };
        if let Some(stamp) = stamp.filter(|stamp| **stamp != self.created) {
            self.edited.insert(key.to_owned(), stamp.clone());
        }
        self.decided.insert(key.to_owned());
        value
    }

    /// As [`settle`](Self::settle), for rules that go by the values, whoever changed them.
    fn settle_by_value(&mut self, key: &str, three: &Three, rule: fn(&Three) -> Combined) -> Option<Value> {
        self.settle(key, three, rule);
        rule(three).0
    }

    fn dispute(&mut self, field: &str, base: Option<Value>, ours: &Part, theirs: &Part) {
        let held = |part: &Part| (Held::Value(part.value.clone().unwrap_or(Value::Null)), part.stamp.clone());
        self.disputes.push(Dispute {
            record: format!("{}/{}", self.kind.name, self.id),
            field: field.to_owned(),
            base: base.map(Held::Value),
            values: vec![held(ours), held(theirs)],
        });
    }

    fn versions(&self) -> impl Iterator<Item = &Version> {
        self.base.iter().chain([&self.ours, &self.theirs])
    }

    fn three(&self, key: &str, pick: impl Fn(&Version) -> Option<Value>) -> Three {
        let base = self.base.as_ref().and_then(&pick);
        self.three_of(key, [base, pick(&self.ours), pick(&self.theirs)])
    }

    /// Returns a part with the values that base, ours and theirs have for it.
    fn three_of(&self, key: &str, [base, ours, theirs]: [Option<Value>; 3]) -> Three {
        let (ours, theirs) = (self.ours.part(key, ours), self.theirs.part(key, theirs));
        let base = self.base.as_ref().map(|version| version.part(key, base));
        let base = base.or_else(|| self.made_alike(&ours, &theirs));
        Three { base, ours, theirs }
    }

    /// Where there is no base because the same record was made twice (the same import on two machines), a part that
    /// one side has not touched since is what the other began from.
    fn made_alike(&self, ours: &Part, theirs: &Part) -> Option<Part> {
        if self.base.is_some() || self.ours.created != self.theirs.created {
            return None;
        }
        let is_new = |part: &Part| part.stamp == self.created;
        match (is_new(ours), is_new(theirs)) {
            (true, false) => Some(ours.clone()),
            (false, true) => Some(theirs.clone()),
            _ => None,
        }
    }

    /// Puts the record together.
    fn finish(mut self) -> Result<Merged> {
        // Stamps of what this version does not know: the later of two.
        for (key, stamp) in self.ours.edited.iter().chain(&self.theirs.edited) {
            if !self.decided.contains(key) && *stamp != self.created {
                let later = self.edited.get(key).map_or(stamp, |other| other.max(stamp)).clone();
                self.edited.insert(key.clone(), later);
            }
        }
        let updated = self.ours.updated.clone().max(self.theirs.updated.clone());
        let body = match self.fields.shift_remove("body") {
            Some(Value::String(body)) => body,
            _ => String::new(),
        };
        let mut fields = self.fields;
        fields.insert("id".into(), self.id.into());
        fields.insert("created_at".into(), self.created.0.to_string().into());
        fields.insert("updated_at".into(), updated.0.to_string().into());
        fields.insert("updated_by".into(), updated.1.into());
        let stamps = self.edited.iter().map(|(key, Stamp(at, by))| (key.clone(), serde_json::json!([at, by])));
        fields.insert("edited".into(), Value::Object(stamps.collect()));
        Ok(Merged { record: (self.kind.build)(fields, &body)?, disputes: self.disputes })
    }
}

/// The body by lines.
fn texts(three: &Three) -> Combined {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let [base, ours, theirs] = [three.base_value(), three.ours.value.as_ref(), three.theirs.value.as_ref()].map(text);
    let merged = text::merge(&base, &ours, &theirs, three.ours_is_later());
    ((!merged.text.is_empty()).then(|| merged.text.into()), merged.overlap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Id, Timestamp};
    use crate::records::record::downcast;
    use crate::records::task::{Artifact, Gate, GateStatus, Status, Step};
    use crate::records::{Agent, Message, StatusEntry, Task, Typed, stamps};
    use serde_json::json;

    fn task() -> Task {
        let mut task = Task::new(Id::parse("T-1").expect("an id"), Timestamp::from_millis(1_000), "ada");
        task.title = "first".into();
        task.labels = ["x".to_owned()].into();
        task.steps = ["one", "two"].map(|name| Step { name: name.into(), ..Step::default() }).into();
        task.metrics.insert("lines".into(), json!(1));
        task.body = "a\nb\nc\nd\n".into();
        task
    }

    fn edit(before: &Task, at: i64, by: &str, change: impl FnOnce(&mut Task)) -> Task {
        let mut after = before.clone();
        change(&mut after);
        stamps::mark(before, &mut after, Timestamp::from_millis(at), by);
        after
    }

    /// Merges both ways round, which must be the same, and once more with itself.
    #[track_caller]
    fn merge<T: Typed + PartialEq>(base: Option<&T>, ours: &T, theirs: &T) -> (T, Vec<String>) {
        let merged = |a: &T, b: &T| records(base.map(|base| base as &dyn Record), a, b).expect("it fits");
        let (one, other) = (merged(ours, theirs), merged(theirs, ours));
        let record: &T = downcast(&one.record).expect("of the kind");
        assert_eq!(Some(record), downcast(&other.record));
        let again = merged(record, record);
        assert_eq!(Some(record), downcast(&again.record), "not idempotent");
        assert!(again.disputes.is_empty());
        let mut fields: Vec<String> = one.disputes.iter().map(|dispute| dispute.field.clone()).collect();
        fields.sort();
        assert_eq!(fields.len(), other.disputes.len());
        (record.clone(), fields)
    }

    #[test]
    fn changes_of_different_parts_are_both_there_with_their_stamps() {
        let base = task();
        let ours = edit(&base, 2_000, "ada", |task| task.title = "ours".into());
        let theirs = edit(&base, 3_000, "bob", |task| task.priority = "P0".into());
        let (merged, disputes) = merge(Some(&base), &ours, &theirs);
        assert_eq!((merged.title.as_str(), merged.priority.as_str()), ("ours", "P0"));
        assert_eq!(merged.edited.keys().collect::<Vec<_>>(), ["priority", "title"]);
        assert_eq!((merged.updated_at.millis(), merged.updated_by.as_str()), (3_000, "bob"));
        assert!(disputes.is_empty());
    }

    #[test]
    fn of_two_values_the_later_wins_and_both_are_in_the_dispute() {
        let base = task();
        let ours = edit(&base, 2_000, "ada", |task| task.title = "ours".into());
        let theirs = edit(&base, 3_000, "bob", |task| task.title = "theirs".into());
        let merged = records(Some(&base), &ours, &theirs).expect("it fits");
        assert_eq!(merged.record.to_map()["title"], "theirs");
        let stamp = |at, by: &str| Stamp(Timestamp::from_millis(at), by.into());
        let held = |text: &str| Held::Value(json!(text));
        let dispute = Dispute {
            record: "task/T-1".into(),
            field: "title".into(),
            base: Some(held("first")),
            values: vec![(held("ours"), stamp(2_000, "ada")), (held("theirs"), stamp(3_000, "bob"))],
        };
        assert_eq!(merged.disputes, [dispute]);
    }

    #[test]
    fn at_one_moment_the_name_decides_and_then_the_value() {
        let base = task();
        let titled = |by: &str, title: &str| edit(&base, 2_000, by, |task| task.title = title.into());
        assert_eq!(merge(Some(&base), &titled("bob", "a"), &titled("ada", "b")).0.title, "a");
        assert_eq!(merge(Some(&base), &titled("ada", "a"), &titled("ada", "b")).0.title, "b");
        assert!(merge(Some(&base), &titled("ada", "same"), &titled("bob", "same")).1.is_empty());
    }

    #[test]
    fn a_value_that_left_and_came_back_was_meant_to() {
        let base = task();
        let left = edit(&base, 2_000, "ada", |task| task.title = "left".into());
        let back = edit(&left, 4_000, "ada", |task| task.title = "first".into());
        let theirs = edit(&base, 3_000, "bob", |task| task.title = "theirs".into());
        let (direct, disputes) = merge(Some(&base), &back, &theirs);
        assert_eq!((direct.title.as_str(), disputes), ("first", vec!["title".to_owned()]));
        let (between, _) = merge(Some(&base), &left, &theirs);
        let (later, _) = merge(Some(&left), &back, &between);
        assert_eq!(later.title, "first", "the same, whenever they met");
    }

    #[test]
    fn an_edit_by_hand_without_a_stamp_is_an_edit() {
        let base = task();
        let ours = Task { title: "by hand".into(), ..base.clone() };
        let theirs = edit(&base, 3_000, "bob", |task| task.priority = "P0".into());
        let (merged, disputes) = merge(Some(&base), &ours, &theirs);
        assert_eq!((merged.title.as_str(), merged.priority.as_str(), disputes.len()), ("by hand", "P0", 0));
    }

    #[test]
    fn what_is_true_only_together_comes_from_one_side() {
        let base = task();
        let ours = edit(&base, 2_000, "ada", |task| {
            task.status = Status::InProgress;
            task.assignee = Some("ada".into());
            task.attempts += 1;
            task.epoch += 1;
        });
        let theirs = edit(&base, 3_000, "bob", |task| {
            task.status = Status::Completed;
            task.summary = Some("done".into());
            task.attempts += 2;
            task.epoch += 2;
        });
        let (merged, disputes) = merge(Some(&base), &ours, &theirs);
        assert_eq!((merged.status, merged.assignee, merged.summary), (Status::Completed, None, Some("done".into())));
        assert_eq!((merged.attempts, merged.epoch), (3, 2), "counted together; the greater");
        assert_eq!(disputes, ["lifecycle"]);
    }

    #[test]
    fn two_that_counted_apart_and_came_out_alike_are_added_up() {
        let begun = |before: &Task, at, by| edit(before, at, by, |task| task.attempts += 1);
        let base = task();
        let [first, second, third] =
            [(9_000, "ada"), (2_000, "bob"), (3_000, "cyd")].map(|(at, by)| begun(&base, at, by));
        let (one, other) = (merge(Some(&base), &first, &second).0, merge(Some(&base), &first, &third).0);
        assert_eq!((one.attempts, one.edited == other.edited), (2, true), "nothing tells them apart");
        assert_eq!(records(Some(&first), &one, &other).expect("it fits").record.to_map()["attempts"], 3);
        assert_eq!(records(Some(&base), &second, &second).expect("it fits").record.to_map()["attempts"], 1, "one edit");
    }

    #[test]
    fn sets_lists_maps_and_elements_are_merged_one_by_one() {
        let base = task();
        let ours = edit(&base, 2_000, "ada", |task| {
            task.labels = ["y".to_owned()].into();
            task.steps[0].done = true;
            task.gates.insert("lint".into(), Gate::default());
            task.metrics.clear();
            task.questions.push("why?".into());
        });
        let theirs = edit(&base, 3_000, "bob", |task| {
            task.labels.insert("z".into());
            task.steps[0].done_at = Some(Timestamp::from_millis(5));
            task.steps.insert(0, Step { name: "zero".into(), ..Step::default() });
            task.gates.insert("test".into(), Gate::default());
            task.metrics.insert("words".into(), json!(2));
            task.questions.push("how?".into());
        });
        let (merged, disputes) = merge(Some(&base), &ours, &theirs);
        assert_eq!(merged.labels, ["y", "z"].map(str::to_owned).into());
        let steps: Vec<_> =
            merged.steps.iter().map(|step| (step.name.as_str(), step.done, step.done_at.is_some())).collect();
        assert_eq!(steps, [("zero", false, false), ("one", true, true), ("two", false, false)]);
        assert_eq!(merged.gates.keys().collect::<Vec<_>>(), ["lint", "test"]);
        assert_eq!(merged.metrics.keys().collect::<Vec<_>>(), ["words"]);
        assert_eq!(merged.questions, ["how?", "why?"]);
        assert!(disputes.is_empty());
        assert!(merged.edited.contains_key("metrics/lines"), "the removal stays known");
    }

    #[test]
    fn an_element_that_was_changed_and_removed_is_decided_by_the_later() {
        let base = task();
        let removed = edit(&base, 3_000, "ada", |task| task.steps.retain(|step| step.name != "one"));
        let changed = edit(&base, 2_000, "bob", |task| task.steps[0].done = true);
        let (merged, disputes) = merge(Some(&base), &removed, &changed);
        assert_eq!((merged.steps.len(), disputes), (1, vec!["steps/one".to_owned()]));
        let changed = edit(&base, 4_000, "bob", |task| task.steps[0].done = true);
        assert_eq!(merge(Some(&base), &removed, &changed).0.steps.len(), 2);
    }

    #[test]
    fn one_gate_that_two_have_run_is_a_dispute_of_that_gate() {
        let base = task();
        let ran = |at, status: GateStatus, errors: u64| {
            let figures = [("errors".to_owned(), json!(errors))].into();
            edit(&base, at, "ada", |task| {
                task.gates.insert("test".into(), Gate { status, figures, ..Gate::default() });
            })
        };
        let (merged, disputes) =
            merge(Some(&base), &ran(2_000, GateStatus::Failed, 3), &ran(3_000, GateStatus::Passed, 0));
        assert_eq!(
            (&merged.gates["test"].status, &merged.gates["test"].figures["errors"]),
            (&GateStatus::Passed, &json!(0))
        );
        assert_eq!(disputes, ["gates/test"]);
    }

    #[test]
    fn bodies_are_merged_by_lines() {
        let base = task();
        let ours = edit(&base, 2_000, "ada", |task| task.body = "a\nours\nb\nc\nd\n".into());
        let theirs = edit(&base, 3_000, "bob", |task| task.body = "a\nb\nc\nd\ntheirs\n".into());
        let (merged, disputes) = merge(Some(&base), &ours, &theirs);
        assert_eq!((merged.body.as_str(), disputes.len()), ("a\nours\nb\nc\nd\ntheirs\n", 0));
        let theirs = edit(&base, 3_000, "bob", |task| task.body = "a\ntheirs\nb\nc\nd\n".into());
        let (merged, disputes) = merge(Some(&base), &ours, &theirs);
        assert_eq!((merged.body.as_str(), disputes), ("a\ntheirs\nb\nc\nd\n", vec!["body".to_owned()]));
    }

    #[test]
    fn what_this_version_does_not_know_is_kept() {
        let base = task();
        let ours = edit(&base, 2_000, "ada", |task| {
            task.status = "hooked".into();
            task.rest.insert("weight".into(), json!(3));
            task.rest.insert("empty".into(), json!(""));
        });
        let mut theirs = edit(&base, 3_000, "bob", |task| {
            task.rest.insert("colour".into(), json!({"r": 1}));
        });
        theirs.edited.insert("budget/x".into(), Stamp(Timestamp::from_millis(9), "bob".into()));
        let (merged, disputes) = merge(Some(&base), &ours, &theirs);
        assert_eq!(merged.status.as_str(), "hooked");
        assert_eq!(merged.rest.keys().collect::<Vec<_>>(), ["colour", "empty", "weight"]);
        assert!(merged.edited.contains_key("budget/x") && disputes.is_empty());
    }

    #[test]
    fn two_records_of_one_id_become_one_and_say_so() {
        let ours = Task { title: "ours".into(), idempotency_key: Some("k".into()), ..task() };
        let mut theirs = Task::new(ours.id.clone(), Timestamp::from_millis(2_000), "bob");
        theirs.title = "theirs".into();
        theirs.labels = ["y".to_owned()].into();
        theirs.attempts = 2;
        let ours = Task { attempts: 3, ..ours };
        let (merged, disputes) = merge(None, &ours, &theirs);
        assert_eq!((merged.created_at.millis(), merged.created_by.as_str()), (1_000, "ada"));
        assert_eq!((merged.title.as_str(), merged.attempts), ("theirs", 3));
        assert_eq!(merged.labels, ["x", "y"].map(str::to_owned).into());
        assert_eq!(merged.edited["title"], Stamp(Timestamp::from_millis(2_000), "bob".into()));
        assert_eq!(disputes, ["body", "created_by", "idempotency_key", "title"].split_at(1).1);
    }

    #[test]
    fn the_same_import_on_two_machines_is_a_base() {
        let made = task();
        let edited = edit(&made, 2_000, "ada", |task| {
            task.title = "edited".into();
            task.labels.clear();
            task.attempts = 1;
            task.body = "x\n".into();
        });
        let other = edit(&made, 3_000, "bob", |task| task.priority = "P0".into());
        let (merged, disputes) = merge(None, &edited, &other);
        assert_eq!((merged.title.as_str(), merged.priority.as_str()), ("edited", "P0"));
        assert_eq!((merged.labels.len(), merged.attempts, merged.body.as_str()), (0, 1, "x\n"));
        assert!(disputes.is_empty());
    }

    #[test]
    fn what_was_removed_and_made_anew_is_later_than_what_was_there() {
        let base = task();
        let mut anew = Task::new(base.id.clone(), Timestamp::from_millis(5_000), "ada");
        anew.title = "anew".into();
        let theirs = edit(&base, 3_000, "bob", |task| task.sprint = Some("s".into()));
        let (merged, disputes) = merge(Some(&base), &anew, &theirs);
        assert_eq!((merged.title.as_str(), merged.sprint, merged.labels.len()), ("anew", None, 0));
        assert_eq!(merged.edited["sprint"], Stamp(Timestamp::from_millis(5_000), "ada".into()));
        assert_eq!(disputes, ["sprint"]);
    }

    #[test]
    fn artifacts_are_told_apart_by_name() {
        let base = task();
        let noted = |at, name: &str, size| {
            let artifact = Artifact { name: name.into(), size: Some(size), ..Artifact::default() };
            edit(&base, at, "ada", |task| task.artifacts.push(artifact))
        };
        assert_eq!(merge(Some(&base), &noted(2_000, "a", 1), &noted(3_000, "b", 1)).0.artifacts.len(), 2);
        let (merged, disputes) = merge(Some(&base), &noted(2_000, "a", 1), &noted(3_000, "a", 2));
        assert_eq!((merged.artifacts[0].size, disputes), (Some(2), vec!["artifacts/a".to_owned()]));
    }

    #[test]
    fn the_greatest_heartbeat_of_an_entry_counts() {
        let beat = |at| StatusEntry {
            agent: "ada".into(),
            heartbeat: Some(Timestamp::from_millis(at)),
            ..StatusEntry::new(
                Id::parse("01KAHD4V2M0000000000000000").expect("an id"),
                Timestamp::from_millis(1),
                "ada",
            )
        };
        let (merged, disputes) = merge(Some(&beat(5)), &beat(9), &beat(7));
        assert_eq!((merged.heartbeat, disputes.len()), (Some(Timestamp::from_millis(9)), 0));
    }

    #[test]
    fn two_messages_of_one_id_are_strangers() {
        let said = |at, body: &str| {
            let mut message = Message::new(Id::parse("m").expect("an id"), Timestamp::from_millis(at), "ada");
            body.clone_into(&mut message.body);
            message
        };
        assert!(are_strangers(&said(1, "a"), &said(1, "b")));
        assert!(!are_strangers(&said(1, "a"), &said(2, "a")));
        assert!(ours_is_first(&said(1, "b"), &said(2, "a")) && !ours_is_first(&said(2, "a"), &said(1, "b")));
        let agent = Agent::new(Id::parse("a").expect("an id"), Timestamp::from_millis(1), "ada");
        assert!(!are_strangers(&agent, &Agent { model: Some("x".into()), ..agent.clone() }));
    }
}
