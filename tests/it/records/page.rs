//! `docs/data-model.md` and the program say the same: its tables are made from the table of kinds.
//!
//! `UPDATE_DOCS=1 cargo test page` writes them anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use git_coord::base::id::shard;
use git_coord::records::codec::limits;
use git_coord::records::field::COMMON;
use git_coord::records::policy::POLICIES;
use git_coord::records::{Field, KINDS, Kind, Place, Rule, SetBy};
use git_coord::session::settings::SETTINGS;
use schemars::SchemaGenerator;
use serde_json::Value;

fn page_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/data-model.md")
}

fn page() -> String {
    fs::read_to_string(page_path()).expect("docs/data-model.md")
}

#[test]
fn the_tables_of_the_page_are_those_of_the_program() {
    let mut wanted = page();
    for (name, table) in tables() {
        wanted = with_table(&wanted, &name, &table);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(page_path(), &wanted).expect("writable");
    }
    assert!(page() == wanted, "docs/data-model.md is out of date: UPDATE_DOCS=1 cargo test --test it page");
}

#[test]
fn the_page_shows_the_golden_file() {
    let golden = String::from_utf8(super::golden::bytes("v1/agent.md")).expect("UTF-8");
    assert!(page().contains(&golden), "the example is fixtures/records/v1/agent.md");
}

#[test]
fn the_page_names_the_caps_and_a_true_shard() {
    let page = page();
    let caps = [limits::LARGEST_RECORD >> 10, limits::LARGEST_FRONT_MATTER >> 10];
    assert_eq!(caps, [1024, 64]);
    for words in ["1 MiB", "64 KiB", &format!("{} levels", limits::DEEPEST), "1,000 bytes"] {
        assert!(page.contains(words), "{words}");
    }
    assert_eq!(limits::LONGEST_KEY, 1_000);
    let (first, second) = shard("T-TASK-01");
    assert!(page.contains(&format!("tasks/{first}/{second}/T-TASK-01.md")), "{first}/{second}");
}

/// All tables of the page by the name in their marker.
fn tables() -> Vec<(String, String)> {
    let mut tables = vec![("kinds".to_owned(), kinds()), ("common".to_owned(), common())];
    tables.extend([("policies".to_owned(), policies()), ("settings".to_owned(), settings())]);
    for kind in KINDS {
        let mut generator = SchemaGenerator::default();
        let schema = serde_json::to_value((kind.schema)(&mut generator)).expect("JSON");
        let definitions = serde_json::to_value(generator.definitions()).expect("JSON");
        tables.push((kind.name.to_owned(), fields(kind, &schema, &definitions)));
        let parts = definitions.as_object().into_iter().flatten();
        for (part, schema) in parts.filter(|(_, schema)| schema["type"] == "object") {
            tables.push((format!("{}.{}", kind.name, part.to_lowercase()), members(schema, &definitions)));
        }
    }
    tables
}

/// Puts a table between its markers.
fn with_table(page: &str, name: &str, table: &str) -> String {
    let (start, end) = (format!("<!-- table: {name} -->\n"), "<!-- end -->");
    let (before, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no marker for the table {name}"));
    let (_, after) = rest.split_once(end).expect("a marker of the end");
    format!("{before}{start}{table}{end}{after}")
}

fn kinds() -> String {
    let mut table = String::from("| kind | path in the tip tree | generated id |\n|---|---|---|\n");
    for kind in KINDS {
        let path = match kind.place {
            Place::Flat(folder) => format!("{folder}/<id>.md"),
            Place::Sharded(folder) => format!("{folder}/<xx>/<yy>/<id>.md"),
            Place::Dated(folder) => format!("{folder}/<YYYY-MM-DD>/<xx>/<id>.md"),
        };
        let id = match kind.place {
            Place::Dated(_) => "ULID".to_owned(),
            _ => format!("`{}` and 13 characters", kind.letter),
        };
        let _ = writeln!(table, "| `{}` | `{path}` | {id} |", kind.name);
    }
    table
}

fn policies() -> String {
    let mut table = String::from("| policy | default | what it decides |\n|---|---|---|\n");
    for policy in POLICIES {
        let _ = writeln!(table, "| `{}` | {} | {} |", policy.name, policy.default, policy.meaning);
    }
    table
}

fn settings() -> String {
    let mut table = String::from("| setting | default | what it decides |\n|---|---|---|\n");
    for setting in SETTINGS {
        let default = if setting.default.is_empty() { "–".to_owned() } else { format!("`{}`", setting.default) };
        let _ = writeln!(table, "| `{}` | {default} | {} |", setting.key, setting.meaning);
    }
    table
}

fn common() -> String {
    let mut table = String::from("| field | merge rule | set by |\n|---|---|---|\n");
    for field in COMMON {
        let _ = writeln!(table, "| `{}` | {} | {} |", field.name, rule(field), set_by(field));
    }
    table
}

fn fields(kind: &Kind, schema: &Value, definitions: &Value) -> String {
    let mut table = String::from("| field | type | merge rule | set by | what it is |\n|---|---|---|---|---|\n");
    for field in kind.fields {
        let property = &schema["properties"][field.name];
        let row = [type_of(property, definitions), rule(field), set_by(field), meaning(property)].join(" | ");
        let _ = writeln!(table, "| `{}` | {row} |", field.name);
    }
    table
}

fn members(schema: &Value, definitions: &Value) -> String {
    let mut table = String::from("| member | type | what it is |\n|---|---|---|\n");
    for (name, property) in schema["properties"].as_object().expect("an object") {
        let _ = writeln!(table, "| `{name}` | {} | {} |", type_of(property, definitions), meaning(property));
    }
    table
}

fn rule(field: &Field) -> String {
    match field.rule {
        Rule::Scalar => "scalar".to_owned(),
        Rule::Stamp => "stamp".to_owned(),
        Rule::Unit(unit) => format!("unit `{unit}`"),
        Rule::Set => "set".to_owned(),
        Rule::List => "list".to_owned(),
        Rule::Keyed(key) => format!("keyed list by `{key}`"),
        Rule::Map => "map".to_owned(),
        Rule::Max => "max".to_owned(),
        Rule::Min => "min".to_owned(),
        Rule::Counter => "counter".to_owned(),
        Rule::Text => "text".to_owned(),
        Rule::Immutable => "immutable".to_owned(),
    }
}

fn set_by(field: &Field) -> String {
    match field.set_by {
        SetBy::Edit => "`edit`".to_owned(),
        SetBy::Verb(verbs) => verbs.split(", ").map(|verb| format!("`{verb}`")).collect::<Vec<_>>().join(" "),
        SetBy::Nobody => "–".to_owned(),
    }
}

fn meaning(property: &Value) -> String {
    property["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

/// The type of a property in the words of the page.
fn type_of(property: &Value, definitions: &Value) -> String {
    if let Some(alternatives) = property["anyOf"].as_array() {
        let some = alternatives.iter().find(|schema| schema["type"] != "null").expect("a type");
        return type_of(some, definitions);
    }
    if let Some(name) = property["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let definition = &definitions[name];
        return match definition["type"].as_str() {
            Some("string") => type_of(definition, definitions),
            _ => format!("{} (below)", name.to_lowercase()),
        };
    }
    if let Some(words) = property["examples"].as_array() {
        let words = words.iter().map(|word| format!("`{}`", word.as_str().unwrap_or_default()));
        return format!("{} or any word", words.collect::<Vec<_>>().join(" "));
    }
    let named = match &property["type"] {
        Value::Array(types) => types.iter().find_map(|name| name.as_str().filter(|name| *name != "null")),
        name => name.as_str(),
    };
    match named {
        Some("string") if property["format"] == "date-time" => "time".to_owned(),
        Some("string") => "text".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => format!("list of {}", type_of(&property["items"], definitions)),
        Some("object") if property["additionalProperties"].is_object() => {
            format!("map to {}", type_of(&property["additionalProperties"], definitions))
        }
        Some("object") => "map".to_owned(),
        _ => "anything".to_owned(),
    }
}
