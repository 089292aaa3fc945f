//! Golden files: what this version wrote, every later one reads and writes the same. They are never edited.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use git_coord::base::Result;
use git_coord::records::codec::encode;
use git_coord::records::{Config, KINDS, Kind};
use serde_json::{Value, json};

/// The golden files that are in the form of another tool, and are written again in ours.
const FOREIGN: &[&str] = &["task-foreign"];

/// Returns the golden files in the canonical form, and the kind that each says it is of.
fn canonical() -> Vec<(String, String)> {
    let files = fs::read_dir(fixtures().join("v1")).expect("a folder").map(|file| file.expect("an entry").path());
    let records = files.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let names = records.map(|path| path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned());
    let mut found: Vec<_> = names
        .filter(|name| !FOREIGN.contains(&name.as_str()))
        .map(|name| {
            let file = text(bytes(&format!("v1/{name}.md")));
            let kind = file.lines().find_map(|line| line.strip_prefix("kind: ")).expect("a kind").to_owned();
            (name, kind)
        })
        .collect();
    found.sort();
    found
}

pub(super) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records")
}

pub(crate) fn bytes(file: &str) -> Vec<u8> {
    fs::read(fixtures().join(file)).expect(file)
}

/// Returns the names of all golden files.
pub(crate) fn names() -> Vec<String> {
    let files = fs::read_dir(fixtures().join("v1")).expect("a folder");
    let names = files.map(|file| file.expect("an entry").file_name().into_string().expect("UTF-8"));
    let mut names: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect();
    names.sort();
    names
}

/// Reads a golden file and returns its values as the JSON beside it has them, and its bytes as they are written again.
pub(super) fn read(kind: &str, file: &[u8]) -> Result<(Value, Vec<u8>)> {
    if kind == "config" {
        let config = Config::decode(file)?;
        let values = serde_json::to_value(&config).expect("values");
        return Ok((values, config.encode()?));
    }
    let record = (Kind::find(kind).expect("a kind").decode)(file)?;
    let values = json!({ "front": record.to_map(), "body": record.body() });
    Ok((values, encode(record.as_ref())?))
}

/// Compares with the JSON beside a golden file as text, so that the order of the fields counts too.
fn assert_values(name: &str, values: &Value) {
    let mut found = serde_json::to_string_pretty(values).expect("JSON");
    found.push('\n');
    assert_eq!(found, String::from_utf8(bytes(&format!("v1/{name}.json"))).expect("UTF-8"), "{name}");
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_golden_file_has_the_values_and_the_bytes_it_always_had() {
    for (name, kind) in &canonical() {
        let file = bytes(&format!("v1/{name}.md"));
        let (values, written) = read(kind, &file).expect(name);
        assert_values(name, &values);
        assert_eq!(text(written), text(file), "{name}");
    }
    let file = bytes("v1/coordination.yaml");
    let (values, written) = read("config", &file).expect("settings");
    assert_values("coordination", &values);
    assert_eq!(text(written), text(file));
}

#[test]
fn a_file_of_another_tool_has_the_same_values() {
    let (values, written) = read("task", &bytes("v1/task-foreign.md")).expect("readable");
    assert_values("task-foreign", &values);
    let (again, twice) = read("task", &written).expect("canonical");
    assert_eq!(again, values);
    assert_eq!(text(twice), text(written));
}

#[test]
fn every_field_of_every_kind_stands_in_a_golden_file() {
    let mut covered: BTreeSet<(String, String)> = BTreeSet::new();
    for (name, kind) in canonical() {
        let (values, _) = read(&kind, &bytes(&format!("v1/{name}.md"))).expect(&name);
        covered.insert((kind.clone(), "body".to_owned()));
        covered.extend(values["front"].as_object().expect("fields").keys().map(|field| (kind.clone(), field.clone())));
    }
    for kind in KINDS {
        for field in kind.fields {
            let row = (kind.name.to_owned(), field.name.to_owned());
            assert!(covered.contains(&row), "no golden file has {}.{}", kind.name, field.name);
        }
    }
}

#[test]
fn a_bad_file_is_refused_as_the_table_says() {
    let table = text(bytes("bad/expected.tsv"));
    let mut listed = BTreeSet::new();
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let [name, code, line] = columns[..] else { panic!("three columns: {row}") };
        let err = read("task", &bytes(&format!("bad/{name}.md"))).expect_err(name);
        let found = err.details().get("line").map_or_else(|| "-".to_owned(), Value::to_string);
        assert_eq!((err.code(), found.as_str()), (code, line), "{name}: {err:?}");
        listed.insert(format!("{name}.md"));
    }
    let files = fs::read_dir(fixtures().join("bad")).expect("a folder");
    let names = files.map(|file| file.expect("an entry").file_name().into_string().expect("UTF-8"));
    assert_eq!(names.filter(|name| name.ends_with(".md")).collect::<BTreeSet<_>>(), listed);
}
