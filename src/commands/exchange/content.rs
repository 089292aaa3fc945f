//! What a file holds, and all that is wrong with it: for `validate`.
//!
//! The judges are those of whoever reads such a file later (the codec, the rules of a record, `apply`), and the schemas,
//! which see more than the first fault.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::apply;
use crate::base::{Error, Result, text};
use crate::commands::schema::What;
use crate::commands::schema::fits::{Misfit, misfits};
use crate::commands::schema::of::record;
use crate::records::{Config, Kind, codec};
use crate::transfer::lines::objects;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fault {
    /// The line, from 1; null where it is in no one line.
    pub line: Option<usize>,
    /// Of a JSON array, which item, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
    /// The field, with dots between keys; null where it is about the whole.
    pub field: Option<String>,
    /// The rule that is broken: a keyword of JSON Schema, or the code of an error.
    pub rule: String,
    /// What is wrong.
    pub message: String,
}

/// What a file holds.
pub(super) enum Content {
    /// A record: front matter and body.
    File(Result<&'static Kind, String>),
    /// The settings of the team.
    Settings,
    /// JSON, line by line or in an array.
    Json(What),
}

impl Content {
    /// Finds out what a file holds, where nobody says what.
    ///
    /// # Errors
    /// `unknown_file` where it cannot be told.
    pub(super) fn of(bytes: &[u8], said: Option<What>, file: &str) -> Result<Content> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let is_json = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
        match (said, kind_line(bytes)) {
            (Some(What::Config), _) if !is_json => Ok(Content::Settings),
            (Some(What::Kind(kind)), _) if !is_json => Ok(Content::File(Ok(kind))),
            (None, Some(kind)) if !is_json && kind == "config" => Ok(Content::Settings),
            (None | Some(What::Record), Some(kind)) if !is_json => Ok(Content::File(Kind::find(&kind).ok_or(kind))),
            (None | Some(What::Record), None) if bytes.starts_with(b"---") => Ok(Content::File(Err(String::new()))),
            (Some(what), _) => Ok(Content::Json(what)),
            (None, _) => sort(bytes).map(Content::Json).ok_or_else(|| {
                let message = format!("cannot tell what {file} holds: it is no record, no operations and no settings");
                Error::invalid("unknown_file", message)
                    .hint("say what it is with --as NAME; the names: git coord schema")
            }),
        }
    }

    /// Returns the name of the schema that it is held against.
    pub(super) fn name(&self) -> String {
        match self {
            Content::File(kind) => kind.as_ref().map_or(What::Record, |kind| What::Kind(kind)).name(),
            Content::Settings => What::Config.name(),
            Content::Json(what) => what.name(),
        }
    }

    /// Returns how many records or lines there are, and all that is wrong with them.
    pub(super) fn faults(&self, bytes: &[u8]) -> (usize, Vec<Fault>) {
        match self {
            Content::File(Ok(kind)) => (1, file(bytes, kind)),
            Content::File(Err(word)) => (1, vec![no_kind(bytes, word)]),
            Content::Settings => (
                1,
                Config::decode(bytes)
                    .err()
                    .map(|error| Fault::of(&error, &String::from_utf8_lossy(bytes)))
                    .into_iter()
                    .collect(),
            ),
            Content::Json(what) => Lines::new(*what).all(bytes),
        }
    }
}

/// Returns the word under `kind:` in YAML, where a line says it plainly.
fn kind_line(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut front = text.lines().enumerate().take_while(|(n, line)| *n == 0 || line.trim_end() != "---");
    let word =
        front.find_map(|(_, line)| line.strip_prefix("kind:").map(|word| word.trim().trim_matches('"').to_owned()));
    word.map(|word| word.trim_matches('\'').to_owned())
}

/// Returns what the first object among lines or items says that they are.
fn sort(bytes: &[u8]) -> Option<What> {
    let (_, first) = values(bytes).find_map(|(place, object)| Some((place, object.ok()?)))?;
    if first.contains_key("op") {
        return Some(What::Operation);
    }
    first.contains_key("kind").then_some(What::Record)
}

fn no_kind(bytes: &[u8], word: &str) -> Fault {
    let text = String::from_utf8_lossy(bytes);
    let message = match word {
        "" => "must be there".to_owned(),
        word => format!("there is no kind «{}»", text::excerpt(word, 40)),
    };
    let rule = if word.is_empty() { "required" } else { "enum" };
    Fault { line: line_of(&text, "kind"), item: None, field: Some("kind".to_owned()), rule: rule.to_owned(), message }
}

/// Returns all that is wrong with the file of a record. A fault hides those below it: the field that has it is taken
/// out, and the rest is read again.
fn file(bytes: &[u8], kind: &'static Kind) -> Vec<Fault> {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let mut found: Vec<Fault> = Vec::new();
    let mut error = (kind.decode)(bytes).err();
    while let Some(why) = error {
        let fault = Fault::of(&why, &text);
        // What was taken out is missed by the reader, and so is what never was there.
        if fault.field.is_none() && fault.message.contains("missing field") {
            found.extend(missing(&String::from_utf8_lossy(bytes), kind));
            break;
        }
        let top = fault.field.as_deref().and_then(|field| field.split('.').next()).map(str::to_owned);
        let is_known =
            |known: &Fault| known.field.as_deref().and_then(|field| field.split('.').next()) == top.as_deref();
        if !found.is_empty() && (top.is_none() || found.iter().any(is_known)) {
            break;
        }
        found.push(fault);
        let Some(rest) = top.and_then(|top| without(&text, &top)) else { break };
        text = rest;
        error = (kind.decode)(text.as_bytes()).err();
    }
    found.sort_by_key(|fault| fault.line.unwrap_or(usize::MAX));
    found
}

/// Returns the fields that a record cannot do without and that no line begins with.
fn missing(text: &str, kind: &Kind) -> Vec<Fault> {
    let schema = record(kind).to_value();
    let names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let absent = names.filter(|name| line_of(text, name).is_none());
    absent
        .map(|name| Fault {
            line: None,
            item: None,
            field: Some(name.to_owned()),
            rule: "required".to_owned(),
            message: "must be there".to_owned(),
        })
        .collect()
}

/// Returns the line of a field in front matter.
fn line_of(text: &str, field: &str) -> Option<usize> {
    let is_field = |line: &str| {
        let line = line.trim_start_matches(['"', '\'']);
        line.strip_prefix(field).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
    };
    let front = text.lines().enumerate().take_while(|(n, line)| *n == 0 || line.trim_end() != "---");
    front.into_iter().find(|(_, line)| is_field(line)).map(|(n, _)| n + 1)
}

/// Returns the text with empty lines in the place of a field.
fn without(text: &str, field: &str) -> Option<String> {
    let first = line_of(text, field)? - 1;
    let belongs = |line: &str| line.is_empty() || line.starts_with([' ', '\t']) || line.starts_with("- ");
    let last = first + text.lines().skip(first + 1).take_while(|line| belongs(line)).count();
    let kept = text.split('\n').enumerate().map(|(n, line)| if (first..=last).contains(&n) { "" } else { line });
    Some(kept.collect::<Vec<_>>().join("\n"))
}

impl Fault {
    /// Tells of an error of the codec, or of the rules of a record.
    fn of(error: &Error, text: &str) -> Fault {
        let field = error.details().get("field").and_then(Value::as_str).map(str::to_owned);
        let stated = error.details().get("line").and_then(Value::as_u64).and_then(|line| usize::try_from(line).ok());
        let top = field.as_deref().and_then(|field| field.split('.').next());
        let cause = std::error::Error::source(error).map(ToString::to_string);
        let message = cause.unwrap_or_else(|| error.message().to_owned());
        // The parser names the field in front, and the fault has it beside.
        let plain = top.and_then(|top| message.strip_prefix(top)?.strip_prefix(": ")).map(str::to_owned);
        Fault {
            line: stated.or_else(|| top.and_then(|top| line_of(text, top))),
            item: None,
            rule: error.code().to_owned(),
            message: plain.unwrap_or(message),
            field,
        }
    }
}

/// Where an object stands: in a line, or in an array.
#[derive(Debug, Clone, Copy)]
enum Place {
    Line(usize),
    Item(usize),
}

/// An object and where it stands, or what is wrong there.
type Found = (Place, Result<Map<String, Value>, String>);

/// Returns the objects of JSON lines, or of one JSON array, or what is wrong with a line.
fn values(bytes: &[u8]) -> Box<dyn Iterator<Item = Found> + '_> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Array(items)) => Box::new(items.into_iter().enumerate().map(|(n, item)| {
            let object = if let Value::Object(object) = item { Ok(object) } else { Err("it is no object".to_owned()) };
            (Place::Item(n + 1), object)
        })),
        // One object over several lines.
        Ok(Value::Object(object)) => Box::new(std::iter::once((Place::Line(1), Ok(object)))),
        _ => Box::new(objects(bytes).map(|(line, object)| (Place::Line(line), object))),
    }
}

/// The check of one object after the other, with what later ones need to know of earlier ones.
struct Lines {
    what: What,
    schemas: BTreeMap<String, Value>,
    names: BTreeSet<String>,
    verbs: apply::Verbs,
    found: Vec<Fault>,
}

impl Lines {
    fn new(what: What) -> Self {
        Lines {
            what,
            schemas: BTreeMap::new(),
            names: BTreeSet::new(),
            verbs: apply::Verbs::default(),
            found: Vec::new(),
        }
    }

    fn all(mut self, bytes: &[u8]) -> (usize, Vec<Fault>) {
        let mut checked = 0;
        for (place, object) in values(bytes) {
            checked += 1;
            match object {
                Err(message) => self.add(place, None, "json", message),
                Ok(object) => self.object(place, object),
            }
        }
        (checked, self.found)
    }

    fn add(&mut self, place: Place, field: Option<String>, rule: &str, message: String) {
        let (line, item) = match place {
            Place::Line(line) => (Some(line), None),
            Place::Item(item) => (None, Some(item)),
        };
        self.found.push(Fault { line, item, field, rule: rule.to_owned(), message });
    }

    fn object(&mut self, place: Place, object: Map<String, Value>) {
        let what = match self.what {
            What::Record => object.get("kind").and_then(Value::as_str).and_then(Kind::find).map(What::Kind),
            What::Operation => {
                object.get("op").and_then(Value::as_str).and_then(|op| What::find(&format!("operation {op}")))
            }
            what => Some(what),
        };
        // Where nothing says which it is, that is what is wrong.
        let Some(what) = what else { return self.unnamed(place, &object) };
        let schema = self.schemas.entry(what.name()).or_insert_with(|| what.draw());
        let misfits = misfits(schema, &Value::Object(object.clone()));
        let fits = misfits.is_empty();
        for Misfit { field, rule, message } in misfits {
            self.add(place, (!field.is_empty()).then_some(field), rule, message);
        }
        match what {
            What::Kind(kind) if fits => self.record(place, kind, object),
            What::OperationOf(_) => self.operation(place, object, fits),
            _ => {}
        }
    }

    fn unnamed(&mut self, place: Place, object: &Map<String, Value>) {
        let (field, thing) =
            if matches!(self.what, What::Record) { ("kind", "kind") } else { ("op", "verb that can be applied") };
        let (rule, message) = match object.get(field) {
            None => ("required", "must be there".to_owned()),
            Some(Value::String(word)) => ("enum", format!("there is no {thing} called «{}»", text::excerpt(word, 40))),
            Some(_) => ("type", "must be a text".to_owned()),
        };
        self.add(place, Some(field.to_owned()), rule, message);
    }

    /// The rules of a record that its schema does not say.
    fn record(&mut self, place: Place, kind: &Kind, mut object: Map<String, Value>) {
        let body = object.shift_remove("body");
        let built = (kind.build)(object, body.as_ref().and_then(Value::as_str).unwrap_or_default());
        if let Err(error) = built.and_then(|record| codec::encode(record.as_ref())) {
            let fault = Fault::of(&error, "");
            self.add(place, fault.field, &fault.rule, fault.message);
        }
    }

    /// The rules of a line of `apply` that its schema does not say: names that are given and used.
    fn operation(&mut self, place: Place, object: Map<String, Value>, fits: bool) {
        for name in apply::unknown_names(&object, &self.names) {
            self.add(place, None, "unknown_name", format!("no line before has the name ${name}"));
        }
        let name = object.get("as").and_then(Value::as_str).map(str::to_owned);
        let line = apply::line(String::new(), object, &mut self.names, &mut self.verbs);
        match line {
            Err(message) if fits => self.add(place, None, "bad_line", message),
            _ => self.names.extend(name),
        }
    }
}
