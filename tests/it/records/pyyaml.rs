//! A reader of another language sees what we wrote: PyYAML, which goes by YAML 1.1.
//!
//! `tests/run` installs it and names its Python in `GIT_COORD_TEST_PYTHON`. Without that variable these tests say that
//! they did not run, on standard error past the harness, and pass; `tests/run` fails on those words.

use std::io::Write;
use std::process::{Command, Stdio};

use git_coord::records::codec::{encode, encode_yaml};
use git_coord::records::{Config, Record};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::{golden, strategies};

/// A document, and the values that every reader should find in it.
struct Document {
    name: String,
    text: String,
    values: Value,
}

#[test]
fn pyyaml_reads_the_golden_files_to_the_same_values() {
    let mut documents = Vec::new();
    for name in golden::names() {
        let values: Value = serde_json::from_slice(&golden::bytes(&format!("v1/{name}.json"))).expect("JSON");
        let is_settings = name == "coordination";
        let file = golden::bytes(&if is_settings { format!("v1/{name}.yaml") } else { format!("v1/{name}.md") });
        // What another tool wrote is written our way first: its words mean something else to YAML 1.1.
        let file = if name.ends_with("-foreign") { golden::read("task", &file).expect("a task").1 } else { file };
        let (text, values) =
            if is_settings { (utf8(file), values) } else { (front_matter(&file), values["front"].clone()) };
        documents.push(Document { name, text, values });
    }
    assert!(documents.len() >= 7, "where are the golden files?");
    assert_read(&documents);
}

#[test]
fn pyyaml_reads_the_texts_that_others_misread() {
    let mut runner = TestRunner::deterministic();
    let many = |name: String, texts: Vec<String>| {
        let pairs = texts.iter().enumerate().map(|(n, text)| (format!("k{n}"), json!({ "text": text, "in": [text] })));
        // As keys too, where they are short enough.
        let keys = texts.iter().filter(|text| text.len() < 150).map(|text| (text.clone(), json!(1)));
        let keys: Map<String, Value> = keys.collect();
        let mut map: Map<String, Value> = pairs.collect();
        map.insert("keys".to_owned(), keys.into());
        let text = utf8(encode_yaml("config", &map).expect("small enough"));
        Document { name, text, values: map.into() }
    };
    let traps: Vec<String> = strategies::TRAPS.iter().map(|&text| text.to_owned()).collect();
    let long = vec!["no ".repeat(900), "x: ".repeat(1500), format!("- {}", "é".repeat(2000)), "word ".repeat(600)];
    let mut documents = vec![many("traps".to_owned(), traps), many("long".to_owned(), long)];
    for n in 0..120 {
        let texts = sample(&vec(odd_text(), 50), &mut runner);
        documents.push(many(format!("texts {n}"), texts));
    }
    assert_read(&documents);
}

#[test]
fn pyyaml_reads_records_of_every_kind() {
    let mut runner = TestRunner::deterministic();
    let mut documents = Vec::new();
    for n in 0..60 {
        let task = sample(&strategies::task(), &mut runner);
        let message = sample(&strategies::message(), &mut runner);
        let agent = sample(&strategies::agent(), &mut runner);
        documents.extend([&task as &dyn Record, &message, &agent].map(|record| of_record(n, record)));
        let config: Config = sample(&strategies::config(), &mut runner);
        let values = serde_json::to_value(&config).expect("values");
        documents.push(Document { name: format!("settings {n}"), text: utf8(config.encode().expect("small")), values });
    }
    assert_read(&documents);
}

/// What the traps do not have: characters that end a line somewhere, and marks in any place.
fn odd_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(strategies::TRAPS).prop_map(str::to_owned),
        proptest::sample::select(
            &[": ", " #", "\t", "\r", "\r\n", "\n", " ", "\u{85}", "\u{2028}", "\u{2029}", "\u{feff}"][..]
        )
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
        "[ -~]{1,8}",
        "[0-9_.:+eExXoT-]{1,12}",
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn of_record(n: usize, record: &dyn Record) -> Document {
    let file = encode(record).expect("small enough");
    Document { name: format!("{} {n}", record.kind().name), text: front_matter(&file), values: record.to_map().into() }
}

fn sample<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>, runner: &mut TestRunner) -> T {
    strategy.new_tree(runner).expect("a value").current()
}

fn front_matter(file: &[u8]) -> String {
    let text = utf8(file.to_vec());
    let front = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    format!("{}\n", front.expect("front matter").0)
}

fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8")
}

/// Has PyYAML read the documents; without it, says so.
#[track_caller]
fn assert_read(documents: &[Document]) {
    let Some(python) = std::env::var_os("GIT_COORD_TEST_PYTHON").filter(|python| !python.is_empty()) else {
        // Not the macro, whose words are kept back as long as all goes well.
        let said =
            std::io::stderr().write_all(b"\nPyYAML DID NOT RUN: tests/run installs it, or set GIT_COORD_TEST_PYTHON\n");
        return said.expect("standard error");
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/records/pyyaml.py");
    let mut command = Command::new(python);
    command.arg("-B").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the Python of GIT_COORD_TEST_PYTHON");
    let mut stdin = child.stdin.take().expect("a pipe");
    let lines: String = documents
        .iter()
        .map(|Document { name, text, values }| format!("{}\n", json!({ "name": name, "text": text, "values": values })))
        .collect();
    // A thread, as it may say much before it has read all.
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("Python ends");
    let written = writer.join().expect("no panic");
    let (said, errors) = (utf8(output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");
    written.expect("Python reads it all");
    assert_eq!(said.lines().last(), Some(&*format!("{} documents read, 0 wrong", documents.len())), "{errors}");
}
