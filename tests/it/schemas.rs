//! The schemas: that they are schemas, that they say yes to what there is and no to what there must not be, and that
//! the program's own reading of them is that of a whole validator.
//!
//! That every answer of every test is what its schema says is the business of `harness::conforms`.

use std::collections::BTreeSet;

use git_coord::commands::schema::What;
use git_coord::commands::schema::fits::{KEYWORDS, misfits};
use git_coord::records::KINDS;
use serde_json::{Value, json};

use crate::harness::{Repo, faults, validator};

/// Keywords that only tell: of the schema, of the value, or of a form that others check.
const TELLING: &[&str] = &["$schema", "$id", "$defs", "title", "description", "default", "examples", "format"];

#[test]
fn every_schema_is_one_of_draft_2020_12() {
    for what in What::all() {
        let schema = what.draw();
        if let Err(error) = jsonschema::draft202012::meta::validate(&schema) {
            panic!("{}: {error}", what.name());
        }
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        validator(&what.name());
    }
}

#[test]
fn all_schemas_are_one_document_too() {
    let whole: Value = serde_json::from_str(&Repo::none().ok(&["schema", "--all"]).stdout).expect("JSON");
    let by_name = json!({ "$ref": "urn:git-coord:1:answer:task:new", "$defs": whole["$defs"] });
    let judge = jsonschema::draft202012::new(&by_name).expect("a schema");
    let answer = Repo::set_up().coord(&["task", "new", "x", "--json"]).expect(0);
    assert!(judge.is_valid(&serde_json::from_str(&answer.stdout).expect("JSON")));
    assert!(!judge.is_valid(&json!({ "schema": "coord/1" })));
    assert_eq!(whole["$defs"].as_object().expect("schemas").len(), What::all().count());
}

#[test]
fn no_schema_uses_a_keyword_that_the_program_cannot_read() {
    let mut used = BTreeSet::new();
    What::all().for_each(|what| keywords(&what.draw(), &mut used));
    let unread: Vec<_> = used.iter().filter(|word| !KEYWORDS.contains(&word.as_str())).collect();
    let unread: Vec<_> = unread.into_iter().filter(|word| !TELLING.contains(&word.as_str())).collect();
    assert!(unread.is_empty(), "{unread:?}");
}

fn keywords(schema: &Value, used: &mut BTreeSet<String>) {
    for (word, inner) in schema.as_object().into_iter().flatten() {
        used.insert(word.clone());
        match word.as_str() {
            "properties" | "$defs" => inner.as_object().into_iter().flatten().for_each(|(_, of)| keywords(of, used)),
            "anyOf" | "oneOf" | "prefixItems" => {
                inner.as_array().into_iter().flatten().for_each(|of| keywords(of, used))
            }
            "items" | "additionalProperties" => keywords(inner, used),
            _ => {}
        }
    }
}

/// Returns the names of the golden files of a kind.
fn golden(kind: &str) -> Vec<String> {
    let folder = format!("{}/fixtures/records/v1", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).expect("golden files");
    let names = files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned());
    let is_of = |name: &String| name.strip_suffix(".md").and_then(|name| name.split('-').next()) == Some(kind);
    let names: Vec<String> = names.filter(is_of).collect();
    assert!(!names.is_empty(), "no golden file of a {kind}");
    names
}

/// A value that fits each schema of records, operations and answers, by the name of the schema.
fn examples() -> Vec<(String, Value)> {
    let mut examples = Vec::new();
    for (kind, file) in KINDS.iter().flat_map(|kind| golden(kind.name).into_iter().map(move |file| (kind, file))) {
        let path = format!("{}/fixtures/records/v1/{file}", env!("CARGO_MANIFEST_DIR"));
        let record = (kind.decode)(&std::fs::read(&path).expect(&path)).expect(&path);
        let mut object = record.to_map();
        object.insert("body".to_owned(), record.body().into());
        examples.push((kind.name.to_owned(), object.clone().into()));
        examples.push(("record".to_owned(), object.into()));
    }
    let operation = json!({ "op": "task new", "as": "x", "title": "Wire it", "label": ["a", "b"], "priority": "P1" });
    examples.push(("operation task new".to_owned(), operation.clone()));
    examples.push(("operation".to_owned(), operation));
    examples
        .push(("config".to_owned(), json!({ "kind": "config", "format": 1, "policy": { "required_gates": ["x"] } })));
    let repo = Repo::set_up();
    let mut answer = |verb: &str, words: &[&str]| {
        let words: Vec<&str> = verb.split(' ').chain(words.iter().copied()).collect();
        let stdout = repo.coord(&words).json().expect(0).stdout;
        examples.push((format!("answer {verb}"), serde_json::from_str(&stdout).expect("JSON")));
    };
    answer("task new", &["A task", "--id", "T-1"]);
    answer("claim", &["T-1"]);
    answer("show", &["T-1", "--stamps"]);
    answer("note", &["T-1", "Half way"]);
    answer("task list", &[]);
    answer("log", &[]);
    answer("status", &[]);
    answer("done", &["T-1", "It works", "--dry-run"]);
    examples
}

/// Returns a value with each of its parts in turn taken out, or replaced by something of another sort.
fn spoilt(value: &Value) -> Vec<Value> {
    let others = [
        json!(null),
        json!(-1),
        json!(0.5),
        json!("x"),
        json!(true),
        json!([]),
        json!([7]),
        json!({}),
        json!({"x": []}),
    ];
    let mut all: Vec<Value> = others.to_vec();
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let with = |other: Option<Value>| {
                    let mut map = map.clone();
                    map.shift_remove(key);
                    map.extend(other.map(|other| (key.clone(), other)));
                    Value::Object(map)
                };
                all.push(with(None));
                all.extend(spoilt(inner).into_iter().map(|inner| with(Some(inner))));
            }
            let mut more = map.clone();
            more.insert("a key from the future".to_owned(), json!(1));
            all.push(more.into());
        }
        Value::Array(items) => {
            for index in 0..items.len().min(2) {
                all.extend(spoilt(&items[index]).into_iter().map(|inner| {
                    let mut items = items.clone();
                    items[index] = inner;
                    Value::Array(items)
                }));
            }
        }
        _ => {}
    }
    all
}

#[test]
fn the_program_reads_its_schemas_as_a_whole_validator_does() {
    let (mut yes, mut no) = (0, 0);
    for (name, example) in examples() {
        assert_eq!(faults(&name, &example), Vec::<String>::new(), "{name}");
        let schema = What::find(&name).expect("a schema").draw();
        let judge = validator(&name);
        for value in spoilt(&example) {
            let found = misfits(&schema, &value);
            assert_eq!(found.is_empty(), judge.is_valid(&value), "{name}: {value}\n{found:?}");
            if found.is_empty() { yes += 1 } else { no += 1 }
        }
    }
    assert!(yes > 100 && no > 1000, "{yes} values fit, {no} do not");
}

#[test]
fn a_schema_says_no_where_something_is_missing_or_of_the_wrong_type() {
    for (name, example) in examples() {
        let schema = What::find(&name).expect("a schema").draw();
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut without = example.as_object().expect("an object").clone();
            without.shift_remove(required);
            assert!(!faults(&name, &without.into()).is_empty(), "{name} without {required}");
        }
    }
    let spoil = |name: &str, at: &str, value: Value| {
        let (_, mut example) = examples().into_iter().find(|(of, _)| of == name).expect("an example");
        *example.pointer_mut(at).expect(at) = value;
        assert!(!faults(name, &example).is_empty(), "{name} with another {at}");
    };
    spoil("task", "/kind", json!("sprint"));
    spoil("task", "/labels", json!("a"));
    spoil("task", "/title", json!(null));
    assert!(!faults("config", &json!({ "kind": "task", "format": 1 })).is_empty());
    assert!(!faults("config", &json!({ "format": 1 })).is_empty());
    spoil("answer task new", "/schema", json!("coord/2"));
    spoil("answer task new", "/data/record/kind", json!("message"));
    spoil("answer task new", "/data/record/title", json!(1));
    spoil("answer task new", "/data/events/0/changes/0/field", json!(1));
    spoil("answer task new", "/data/commit", json!(true));
    spoil("answer claim", "/data/claim/epoch", json!(-1));
    spoil("operation task new", "/op", json!("ready"));
}
