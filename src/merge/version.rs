//! One version of a record, as the merge looks at it: parts with their stamps.

use serde_json::{Map, Value};

use super::part::Part;
use crate::records::{Edited, Record, Stamp};

/// The fields that say who wrote the record and what it is; all others have values to merge.
const ABOUT: [&str; 7] = ["kind", "id", "created_at", "created_by", "updated_at", "updated_by", "edited"];

/// One version of a record.
pub(super) struct Version {
    /// The fields that have values, the body under `body`.
    pub(super) fields: Map<String, Value>,
    pub(super) edited: Edited,
    /// The stamp of all parts that have none of their own.
    pub(super) created: Stamp,
    pub(super) updated: Stamp,
}

impl Version {
    pub(super) fn of(record: &dyn Record) -> Self {
        let mut fields = record.to_map();
        let who = |name| match fields.get(name) {
            Some(Value::String(who)) => who.clone(),
            _ => String::new(),
        };
        let created = Stamp(record.created_at(), who("created_by"));
        let updated = Stamp(record.updated_at(), who("updated_by"));
        fields.retain(|name, _| !ABOUT.contains(&name.as_str()));
        if !record.body().is_empty() {
            fields.insert("body".into(), record.body().into());
        }
        Version { fields, edited: record.edited().clone(), created, updated }
    }

    /// Returns the part of this name with a value that the caller has picked out.
    pub(super) fn part(&self, key: &str, value: Option<Value>) -> Part {
        let own = self.edited.get(key);
        Part { value, stamp: own.unwrap_or(&self.created).clone(), is_stamped: own.is_some() }
    }

    /// Returns the stamp of a field whose parts have stamps of their own: the greatest.
    pub(super) fn latest(&self, field: &str) -> Stamp {
        let of_field =
            |key: &String| key.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let own = self.edited.iter().filter(|(key, _)| of_field(key)).map(|(_, stamp)| stamp).max();
        own.unwrap_or(&self.created).clone()
    }

    /// Returns the keys below a field that have a stamp, whether or not there is a value.
    pub(super) fn stamped_below<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        self.edited.keys().filter_map(move |key| key.strip_prefix(field)?.strip_prefix('/'))
    }

    /// Returns the fields of these names that have values, as one value; none where none of them has.
    pub(super) fn unit(&self, names: &[&str]) -> Option<Value> {
        let members = names.iter().filter_map(|name| Some(((*name).to_owned(), self.fields.get(*name)?.clone())));
        let members: Map<String, Value> = members.collect();
        (!members.is_empty()).then_some(Value::Object(members))
    }
}
