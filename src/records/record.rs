//! What every record has, and the two views of it: [`Record`] for layers that know no kind, [`Typed`] for those that do.
//!
//! A record is a value: it can be cloned, compared and printed, and knows no repository.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::filled;
use super::kind::Kind;
use super::stamps::Edited;
use super::term::Term;
use crate::base::{Id, Result, Timestamp};

/// A record of any kind, for the layers that treat all kinds alike.
pub trait Record: Any + Debug + Send + Sync {
    /// Returns the row of its kind.
    fn kind(&self) -> &'static Kind;
    /// Returns its id.
    fn id(&self) -> &Id;
    /// Returns when it was made.
    fn created_at(&self) -> Timestamp;
    /// Returns when it was last changed.
    fn updated_at(&self) -> Timestamp;
    /// Returns the stamps of the parts changed after creation.
    fn edited(&self) -> &Edited;
    /// Returns the Markdown body, byte for byte.
    fn body(&self) -> &str;
    /// Returns the front matter as an object, in the order in which it is written: empty fields left out, unknown
    /// fields in it, the stamps last. The body is not in it.
    fn to_map(&self) -> Map<String, Value>;
    /// Returns the record for a downcast; see [`downcast`].
    fn as_any(&self) -> &dyn Any;
}

/// A record of whatever kind, shared.
pub type AnyRecord = Arc<dyn Record>;

/// A record of one kind, for the layers that know what it means.
pub trait Typed: Record + Clone + Serialize + DeserializeOwned + JsonSchema {
    /// The row of the kind.
    const KIND: &'static Kind;

    /// Checks what the types do not say: required fields, lengths, one-line texts.
    ///
    /// # Errors
    /// `bad_record`, naming the field and the rule.
    fn validate(&self) -> Result<()>;

    /// Says in the words of events what happened between two states: `task.created`. One of the two may be missing.
    fn happened(before: Option<&Self>, after: Option<&Self>) -> Vec<&'static str>;

    /// Returns the terms under which it is found, in any order.
    fn terms(&self) -> Vec<Term>;

    /// Returns the number by which records of the kind are ordered, before their ids.
    fn rank(&self) -> i64;

    /// Returns the parts that every record has, to be changed.
    fn common_mut(&mut self) -> Common<'_>;
}

/// The parts of a record that stamping and the codec write.
pub struct Common<'a> {
    /// When it was last changed.
    pub updated_at: &'a mut Timestamp,
    /// Who changed it last.
    pub updated_by: &'a mut String,
    /// The stamps of the parts changed after creation.
    pub edited: &'a mut Edited,
    /// Unknown fields.
    pub rest: &'a mut std::collections::BTreeMap<String, Value>,
    /// The Markdown body.
    pub body: &'a mut String,
}

/// Returns the record as one of the kind `T`; nothing where it is of another kind.
pub fn downcast<T: Typed>(record: &Arc<dyn Record>) -> Option<&T> {
    record.as_ref().as_any().downcast_ref()
}

/// Returns the front matter of a record with what is empty left out; the work behind [`Record::to_map`].
pub fn front_matter<T: Typed>(record: &T, rest: &std::collections::BTreeMap<String, Value>) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("kind".into(), Value::from(T::KIND.name));
    filled::fields(map, record, rest).expect("a record is made of texts, numbers, lists and maps by text")
}

/// Returns whether a value is what an empty field holds: nothing, no text, no elements, no keys.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Declares the struct of a kind: its own fields between the parts that every record has, in the order in which
/// they are written.
///
/// A macro, because serde reads common parts in a flattened struct through a buffer that forgets how a plain
/// scalar was written (`id: 1e3`).
macro_rules! record {
    ($(#[$meta:meta])* $name:ident in $kind:path { $($(#[$fmeta:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub struct $name {
            /// The id, equal to the name of its file.
            pub id: $crate::base::Id,
            $($(#[$fmeta])* #[serde(default)] pub $field: $type,)*
            /// When it was made.
            pub created_at: $crate::base::Timestamp,
            /// Who made it.
            pub created_by: String,
            /// When it was last changed.
            pub updated_at: $crate::base::Timestamp,
            /// Who changed it last.
            pub updated_by: String,
            /// Fields that this version does not know, kept as they are.
            #[serde(flatten)]
            pub rest: std::collections::BTreeMap<String, serde_json::Value>,
            /// The stamps of the parts changed after creation.
            #[serde(default)]
            pub edited: $crate::records::stamps::Edited,
            /// The Markdown body, byte for byte.
            #[serde(skip)]
            pub body: String,
        }

        impl $name {
            /// Returns a record with nothing in it but what every record has.
            pub fn new(id: $crate::base::Id, at: $crate::base::Timestamp, by: &str) -> Self {
                $name {
                    id,
                    $($field: Default::default(),)*
                    created_at: at,
                    created_by: by.to_owned(),
                    updated_at: at,
                    updated_by: by.to_owned(),
                    rest: Default::default(),
                    edited: Default::default(),
                    body: String::new(),
                }
            }
        }

        impl $crate::records::record::Record for $name {
            fn kind(&self) -> &'static $crate::records::kind::Kind { &$kind }
            fn id(&self) -> &$crate::base::Id { &self.id }
            fn created_at(&self) -> $crate::base::Timestamp { self.created_at }
            fn updated_at(&self) -> $crate::base::Timestamp { self.updated_at }
            fn edited(&self) -> &$crate::records::stamps::Edited { &self.edited }
            fn body(&self) -> &str { &self.body }
            fn to_map(&self) -> serde_json::Map<String, serde_json::Value> {
                $crate::records::record::front_matter(self, &self.rest)
            }
            fn as_any(&self) -> &dyn std::any::Any { self }
        }

        impl $crate::records::record::Typed for $name {
            const KIND: &'static $crate::records::kind::Kind = &$kind;
            fn validate(&self) -> $crate::base::Result<()> { self.check() }
            fn happened(before: Option<&Self>, after: Option<&Self>) -> Vec<&'static str> { $name::told(before, after) }
            fn terms(&self) -> Vec<$crate::records::term::Term> { self.found_under() }
            fn rank(&self) -> i64 { self.ranked() }
            fn common_mut(&mut self) -> $crate::records::record::Common<'_> {
                $crate::records::record::Common {
                    updated_at: &mut self.updated_at,
                    updated_by: &mut self.updated_by,
                    edited: &mut self.edited,
                    rest: &mut self.rest,
                    body: &mut self.body,
                }
            }
        }
    };
}

pub(crate) use record;
