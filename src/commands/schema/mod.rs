//! The JSON Schemas of all that goes in and out: records, operations, answers, events, errors; drawn from the types.
//!
//! [`What::all`] lists them, `git coord schema` prints them. They are draft 2020-12 and stand alone: what they refer to
//! is in them. Whether a value fits one is the business of [`fits`].

pub mod fits;
pub mod of;

use clap::Command;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::VERBS;
use super::envelope::{Refusal, SCHEMA};
use super::verb::{Group, Row};
use crate::records::agent::AGENT;
use crate::records::decision::DECISION;
use crate::records::message::MESSAGE;
use crate::records::sprint::SPRINT;
use crate::records::status::STATUS;
use crate::records::task::TASK;
use crate::records::{Config, KINDS, Kind};
use crate::state::Event;
use of::{OfAny, inline, record, reference};

/// The version of JSON Schema in which all are written.
pub const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Something that has a schema.
#[derive(Clone, Copy)]
pub enum What {
    /// A record of a kind.
    Kind(&'static Kind),
    /// A record of any kind.
    Record,
    /// The settings of the team.
    Config,
    /// Something that happened.
    Event,
    /// What is said in JSON where something was refused.
    Error,
    /// A line of `apply`, of any verb.
    Operation,
    /// A line of `apply`, of one verb.
    OperationOf(&'static Row),
    /// What a verb answers in JSON.
    AnswerOf(&'static Row),
}

impl What {
    /// Returns all that have a schema, in the order in which they are listed.
    pub fn all() -> impl Iterator<Item = What> {
        let plain = [What::Record, What::Config, What::Event, What::Error, What::Operation];
        let applied = VERBS.iter().filter(|row| row.plan.is_some()).map(What::OperationOf);
        KINDS.iter().map(|kind| What::Kind(kind)).chain(plain).chain(applied).chain(VERBS.iter().map(What::AnswerOf))
    }

    /// Returns what has a name; nothing where there is none.
    pub fn find(name: &str) -> Option<What> {
        What::all().find(|what| what.name() == name)
    }

    /// Returns its name, as `git coord schema` takes it.
    pub fn name(self) -> String {
        match self {
            What::Kind(kind) => kind.name.to_owned(),
            What::Record => "record".to_owned(),
            What::Config => "config".to_owned(),
            What::Event => "event".to_owned(),
            What::Error => "error".to_owned(),
            What::Operation => "operation".to_owned(),
            What::OperationOf(row) => format!("operation {}", row.name),
            What::AnswerOf(row) => format!("answer {}", row.name),
        }
    }

    /// Says in one line what it is.
    pub fn about(self) -> String {
        match self {
            What::Kind(kind) => format!("A record of the kind {}", kind.name),
            What::Record => "A record of any kind; a line of `export json`".to_owned(),
            What::Config => "The settings of the team, coordination.yaml".to_owned(),
            What::Event => "Something that happened".to_owned(),
            What::Error => "What stands on standard error with --json where something was refused".to_owned(),
            What::Operation => "A line of `apply`".to_owned(),
            What::OperationOf(row) => format!("A line of `apply` that does `{}`", row.name),
            What::AnswerOf(row) => format!("What `{}` answers with --json", row.name),
        }
    }

    /// Draws the schema.
    pub fn draw(self) -> Value {
        let mut schema = match self {
            What::Kind(kind) => object(record(kind).to_value()),
            What::Record => {
                let mut generator = inline();
                let schema = OfAny::json_schema(&mut generator).to_value();
                with_definitions(object(schema), &mut generator)
            }
            What::Config => config(),
            What::Event => object(Event::json_schema(&mut written(true)).to_value()),
            What::Error => object(Refusal::json_schema(&mut written(true)).to_value()),
            What::Operation => operations(),
            What::OperationOf(row) => operation(row),
            What::AnswerOf(row) => answer(row),
        };
        schema.shift_remove("title");
        let mut whole = Map::new();
        whole.insert("$schema".to_owned(), DRAFT.into());
        whole.insert("$id".to_owned(), format!("urn:git-coord:1:{}", self.name().replace(' ', ":")).into());
        whole.insert("title".to_owned(), self.about().into());
        whole.extend(schema);
        Value::Object(whole)
    }
}

/// Returns a generator of schemas of what is written: what is always there is required.
fn written(inline: bool) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.with(|settings| settings.inline_subschemas = inline).into_generator()
}

fn object(schema: Value) -> Map<String, Value> {
    if let Value::Object(schema) = schema { schema } else { Map::new() }
}

/// The settings. Their kind is in the file, and not in what is made of it.
fn config() -> Map<String, Value> {
    let mut schema = Config::json_schema(&mut inline());
    if let Some(kind) = schema.pointer_mut("/properties/kind") {
        *kind = json!({ "const": What::Config.name() });
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.insert(0, "kind".into());
    }
    object(schema.to_value())
}

fn with_definitions(mut schema: Map<String, Value>, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), definitions.into());
    }
    schema
}

/// The object around what a verb answers.
fn answer(row: &Row) -> Map<String, Value> {
    let mut generator = written(false);
    let (_, report) = (row.schemas)(&mut generator);
    if let Some(kind) = kind_of(row).filter(|_| row.plan.is_some())
        && generator.definitions().contains_key("record")
    {
        generator.definitions_mut().retain(|name, _| Kind::find(name).is_none_or(|other| other == kind));
        generator.definitions_mut().insert("record".to_owned(), record(kind).to_value());
    }
    let schema = json!({
        "type": "object",
        "properties": { "schema": { "const": SCHEMA }, "data": report },
        "required": ["schema", "data"],
    });
    with_definitions(object(schema), &mut generator)
}

/// Returns the kind of the records that a verb which writes is about: that of its group, but notes and entries of
/// a log are messages.
fn kind_of(row: &Row) -> Option<&'static Kind> {
    match row.group {
        _ if ["note", "agent log"].contains(&row.name) => Some(&MESSAGE),
        Group::Task => Some(&TASK),
        Group::Sprint => Some(&SPRINT),
        Group::Message => Some(&MESSAGE),
        Group::Agent => Some(&AGENT),
        Group::Status => Some(&STATUS),
        Group::Knowledge => Some(&DECISION),
        Group::SetUp | Group::History | Group::Remote | Group::Exchange => None,
    }
}

/// A line of `apply`, of any verb.
fn operations() -> Map<String, Value> {
    let (mut definitions, mut any) = (Map::new(), Vec::new());
    for row in VERBS.iter().filter(|row| row.plan.is_some()) {
        let name = row.name.replace(' ', "-");
        any.push(json!({ "$ref": reference(&name) }));
        definitions.insert(name, operation(row).into());
    }
    object(json!({ "type": "object", "required": ["op"], "oneOf": any, "$defs": definitions }))
}

/// A line of `apply`: the verb, the name by which later lines refer to its record, and its arguments.
fn operation(row: &Row) -> Map<String, Value> {
    let (args, _) = (row.schemas)(&mut inline());
    let mut args = object(args.to_value());
    let mut properties = object(json!({
        "op": { "const": row.name },
        "as": {
            "type": "string",
            "description": "The name by which later lines refer to the record, as `$name`.",
            "pattern": "^[A-Za-z][A-Za-z0-9_-]*$",
        },
    }));
    properties.extend(args.shift_remove("properties").map(object).unwrap_or_default());
    let mut required = vec!["op".to_owned()];
    required.extend(required_of(row));
    let mut schema = object(json!({ "type": "object" }));
    schema.extend(args.shift_remove("description").map(|about| ("description".to_owned(), about)));
    schema.insert("properties".to_owned(), properties.into());
    schema.insert("required".to_owned(), required.into());
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

/// Returns the arguments that a verb cannot do without, by the names of their fields.
pub fn required_of(row: &Row) -> Vec<String> {
    let command = (row.augment)(Command::new("x"));
    let required = command.get_arguments().filter(|argument| argument.is_required_set());
    required.map(|argument| argument.get_id().as_str().trim_start_matches("r#").to_owned()).collect()
}
