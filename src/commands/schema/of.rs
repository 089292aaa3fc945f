//! Records in the schemas of answers: a record is a map to the code that answers, and one of its kind to who reads it.
//!
//! A field of [`RecordJson`](super::super::record::RecordJson) says `#[schemars(with = "Of<Task>")]`, or `OfAny` where
//! only the call decides.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::records::{KINDS, Kind, Typed};

/// Stands for a record of the kind `T`.
pub struct Of<T>(PhantomData<T>);

/// Stands for a record of whatever kind.
pub struct OfAny;

impl<T: Typed> JsonSchema for Of<T> {
    fn schema_name() -> Cow<'static, str> {
        T::KIND.name.into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("record/{}", T::KIND.name).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        record(T::KIND)
    }
}

impl JsonSchema for OfAny {
    fn schema_name() -> Cow<'static, str> {
        "record".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let definitions = generator.definitions_mut();
        for kind in KINDS {
            definitions.insert(kind.name.to_owned(), record(kind).to_value());
        }
        let kinds: Vec<Value> = KINDS.iter().map(|kind| Schema::new_ref(reference(kind.name)).to_value()).collect();
        json_schema!({ "description": "A record of any kind; `kind` says of which.", "anyOf": kinds })
    }
}

/// Draws the schema of the records of a kind, with nothing outside it. It is that of what is read: empty fields may be
/// left out.
pub fn record(kind: &Kind) -> Schema {
    (kind.schema)(&mut inline())
}

/// Returns a generator of schemas of what is read, with nothing outside them.
pub fn inline() -> SchemaGenerator {
    SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator()
}

/// Returns how a schema refers to another beside it.
pub fn reference(name: &str) -> String {
    format!("#/$defs/{name}")
}
