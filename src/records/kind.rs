//! The table of kinds: the one place where a new kind is made known to all generic layers.
//!
//! Where records lie in the tip tree is stated here and nowhere else, in both directions.

use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::field::{COMMON, Field, SetBy};
use super::record::{AnyRecord, Typed, downcast};
use super::term::Term;
use super::{agent, codec, conflict, decision, message, reads, sprint, stamps, status, task};
use crate::base::{Error, Id, Result, Timestamp, id};

/// Where the records of a kind lie in the tip tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `<folder>/<id>.md`, for kinds of which there are few.
    Flat(&'static str),
    /// `<folder>/<xx>/<yy>/<id>.md`, for kinds that grow; the shard is [`id::shard`].
    Sharded(&'static str),
    /// `<folder>/<YYYY-MM-DD>/<xx>/<id>.md`, for kinds whose id is a ULID; the date is the one in the ULID, in UTC.
    Dated(&'static str),
}

/// One row of the table: everything that a layer that knows no kind has to know of one.
pub struct Kind {
    /// The word under `kind:` in the file and in `show kind/id`.
    pub name: &'static str,
    /// The first letter of generated ids.
    pub letter: char,
    /// Where its records lie.
    pub place: Place,
    /// The kind whose records this one goes with, under the same ids; such a record is never named by itself.
    pub companion_of: Option<&'static Kind>,
    /// Its own fields, besides [`COMMON`].
    pub fields: &'static [Field],
    /// Reads a file of this kind; see [`codec::decode`].
    pub decode: fn(&[u8]) -> Result<AnyRecord>,
    /// Makes a record of this kind from its front matter and its body; see [`build_as`].
    pub build: fn(Map<String, Value>, &str) -> Result<AnyRecord>,
    /// Stamps what differs from an earlier state of the record; see [`mark_as`].
    pub mark: fn(&AnyRecord, &AnyRecord, Timestamp, &str) -> Result<Option<AnyRecord>>,
    /// Says in the words of events what happened between two states of a record; see [`happened_as`].
    pub happened: fn(Option<&AnyRecord>, Option<&AnyRecord>) -> Vec<&'static str>,
    /// Returns the terms of a record of this kind; see [`terms_as`](super::term::terms_as).
    pub terms: fn(&AnyRecord) -> Vec<Term>,
    /// Returns the number by which records of this kind are ordered, before their ids.
    pub rank: fn(&AnyRecord) -> i64,
    /// Draws the JSON Schema of its record.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// All kinds of records, in the order in which they are listed.
pub const KINDS: &[&Kind] = &[
    &task::TASK,
    &sprint::SPRINT,
    &status::STATUS,
    &message::MESSAGE,
    &agent::AGENT,
    &decision::DECISION,
    &conflict::CONFLICT,
    &reads::READS,
];

/// Returns the kinds whose records are named by themselves.
pub fn named_kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().copied().filter(|kind| kind.companion_of.is_none())
}

impl Kind {
    /// Returns the row of the kind of that name.
    pub fn find(name: &str) -> Option<&'static Kind> {
        KINDS.iter().copied().find(|kind| kind.name == name)
    }

    /// Returns the folder under which all records of the kind lie.
    pub fn folder(&self) -> &'static str {
        match self.place {
            Place::Flat(folder) | Place::Sharded(folder) | Place::Dated(folder) => folder,
        }
    }

    /// Returns the path of the record with this id in the tip tree.
    pub fn path(&self, id: &str) -> String {
        let (first, second) = id::shard(id);
        match self.place {
            Place::Flat(folder) => format!("{folder}/{id}.md"),
            Place::Sharded(folder) => format!("{folder}/{first}/{second}/{id}.md"),
            Place::Dated(folder) => {
                let date = id::ulid_time(id).unwrap_or_default().date();
                format!("{folder}/{date}/{first}/{id}.md")
            }
        }
    }

    /// Returns whether a record of this kind never changes once it is made, as far as anybody can tell it to.
    pub fn is_immutable(&self) -> bool {
        let fields: &[Field] = self.fields;
        let mut names = fields.iter().chain(COMMON).map(|field| field.name);
        names.all(|name| self.field(name).is_some_and(|field| field.set_by == SetBy::Nobody))
    }

    /// Returns the row of a field of this kind, its own or one that all kinds have.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        let own: &'static [Field] = self.fields;
        own.iter().chain(COMMON).find(|field| field.name == name)
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}

/// Returns kind and id of the record that lies at a path; nothing where no record can lie there.
///
/// A file at the wrong place (another shard, another date) is nobody's record: two files can never claim one id.
pub fn locate(path: &str) -> Option<(&'static Kind, Id)> {
    let folder = path.split('/').next()?;
    let kind = KINDS.iter().copied().find(|kind| kind.folder() == folder)?;
    let name = path.rsplit('/').next()?.strip_suffix(".md")?;
    let id = Id::parse(name).ok()?;
    (kind.path(&id) == path).then_some((kind, id))
}

/// Reads a file of the kind `T`, with the kind forgotten; what a row puts under `decode`.
pub fn decode_as<T: Typed>(bytes: &[u8]) -> Result<AnyRecord> {
    Ok(Arc::new(codec::decode::<T>(bytes)?))
}

/// Makes a record of the kind `T` from its front matter, the field `kind` in it or not, and its body; what a row puts
/// under `build`.
///
/// # Errors
/// `bad_value` where a field has the wrong type, `bad_record` where one breaks a rule.
pub fn build_as<T: Typed>(mut fields: Map<String, Value>, body: &str) -> Result<AnyRecord> {
    fields.shift_remove("kind");
    let mut record: T = serde_json::from_value(Value::Object(fields))
        .map_err(|error| Error::invalid("bad_value", error.to_string()))?;
    body.clone_into(record.common_mut().body);
    record.validate()?;
    Ok(Arc::new(record))
}

/// Returns `after` with what differs from `before` stamped; nothing where nothing differs. What a row puts under `mark`.
///
/// # Errors
/// `internal` where the two are not of the kind `T`.
pub fn mark_as<T: Typed>(before: &AnyRecord, after: &AnyRecord, now: Timestamp, by: &str) -> Result<Option<AnyRecord>> {
    let (Some(before), Some(after)) = (downcast::<T>(before), downcast::<T>(after)) else {
        return Err(Error::fatal("internal", format!("what was to be stamped is no {}", T::KIND.name)));
    };
    let mut marked = after.clone();
    Ok(stamps::mark(before, &mut marked, now, by).then(|| Arc::new(marked) as AnyRecord))
}

/// Says what happened between two states of a record of the kind `T`; what a row puts under `happened`.
pub fn happened_as<T: Typed>(before: Option<&AnyRecord>, after: Option<&AnyRecord>) -> Vec<&'static str> {
    T::happened(before.and_then(downcast::<T>), after.and_then(downcast::<T>))
}

/// Returns the word for a record that came, changed or went; for kinds whose events say no more than that.
pub fn came_changed_went<T>(before: Option<&T>, after: Option<&T>, words: [&'static str; 3]) -> Vec<&'static str> {
    vec![match (before, after) {
        (None, Some(_)) => words[0],
        (Some(_), Some(_)) => words[1],
        (_, None) => words[2],
    }]
}

/// Draws the schema of `T` with the field `kind` in it; what a row puts under `schema`.
pub fn schema_of<T: Typed>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = T::json_schema(generator);
    if let Some(properties) = schema.get_mut("properties").and_then(|p| p.as_object_mut()) {
        properties.insert("kind".into(), serde_json::json!({ "const": T::KIND.name }));
        properties.insert("body".into(), serde_json::json!({ "type": "string", "description": "The Markdown body." }));
    }
    if let Some(required) = schema.get_mut("required").and_then(|required| required.as_array_mut()) {
        required.insert(0, "kind".into());
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_back_to_its_record() {
        for (kind, id) in [("task", "T-TASK-01"), ("agent", "dev-1"), ("message", "01KAHD4V2M0000000000000000")] {
            let kind = Kind::find(kind).expect("in the table");
            let path = kind.path(id);
            let (found, found_id) = locate(&path).expect(&path);
            assert_eq!((found, found_id.as_str()), (kind, id));
        }
        assert_eq!(
            Kind::find("message").expect("in the table").path("01KAHD4V2M0000000000000000"),
            "messages/2025-11-20/74/01KAHD4V2M0000000000000000.md"
        );
    }

    #[test]
    fn a_file_in_the_wrong_shard_is_nobodys_record() {
        for path in [
            "tasks/00/00/abc.md",
            "tasks/abc.md",
            "agents/a/b.md",
            "agents/dev-1.txt",
            "agents/-x.md",
            "elsewhere/x.md",
            "",
        ] {
            assert!(locate(path).is_none(), "{path}");
        }
    }

    #[test]
    fn every_field_of_a_struct_stands_in_its_table() {
        for kind in KINDS {
            let schema = (kind.schema)(&mut SchemaGenerator::default());
            let properties = schema.get("properties").and_then(|p| p.as_object()).expect("an object");
            for name in properties.keys() {
                assert!(kind.field(name).is_some(), "{}.{name} has no row", kind.name);
            }
            for field in kind.fields {
                assert!(properties.contains_key(field.name), "{}.{} is no field", kind.name, field.name);
            }
        }
    }
}
