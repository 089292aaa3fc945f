//! Bytes that nobody of ours has written: never a panic, never a wait, never a value that changes on the way back.

use std::time::{Duration, Instant};

use git_coord::records::codec::{decode, encode};
use git_coord::records::{Config, Record, Task};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::golden;
use super::strategies::TRAPS;

/// Reads; where that works, writing and reading again must give the same values.
fn is_stable(bytes: &[u8]) -> Result<(), TestCaseError> {
    let _ = Config::decode(bytes);
    let Ok(task) = decode::<Task>(bytes) else { return Ok(()) };
    let Ok(file) = encode(&task as &dyn Record) else { return Ok(()) };
    let again: Task = decode(&file).map_err(|err| TestCaseError::fail(format!("{err:?}")))?;
    // What is empty in a known field is not written.
    prop_assert_eq!(again.to_map(), task.to_map());
    prop_assert_eq!(again.body(), task.body());
    prop_assert_eq!(encode(&again as &dyn Record).expect("written before"), file);
    Ok(())
}

fn golden_file() -> impl Strategy<Value = Vec<u8>> {
    select(&["task-full.md", "task-unknown.md", "task-foreign.md"][..])
        .prop_map(|name| golden::bytes(&format!("v1/{name}")))
}

/// A change of a file: a piece of it replaced by other bytes.
fn change() -> impl Strategy<Value = (Index, usize, Vec<u8>)> {
    let trap = select(TRAPS).prop_map(|trap| trap.as_bytes().to_vec());
    let bytes = prop_oneof![3 => vec(select(&b"\n\n  -:?#[]{},&*!|>'\"%@`\\\t\r0a~<="[..]), 0..6), 2 => trap, 1 => vec(any::<u8>(), 0..4)];
    (any::<Index>(), 0..8usize, bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_refused_or_stable(bytes in vec(any::<u8>(), 0..300), front in any::<bool>()) {
        let bytes = if front { [b"---\nkind: task\n".to_vec(), bytes, b"\n---\n".to_vec()].concat() } else { bytes };
        is_stable(&bytes)?;
    }

    #[test]
    fn changed_golden_files_are_refused_or_stable(file in golden_file(), changes in vec(change(), 1..4)) {
        let mut file = file;
        for (place, length, bytes) in changes {
            let start = place.index(file.len() + 1);
            let end = (start + length).min(file.len());
            file.splice(start..end, bytes);
        }
        is_stable(&file)?;
    }
}

#[test]
fn bombs_are_refused_fast() {
    let deep = 60_000;
    let bombs = [
        format!("a: {}", "[".repeat(deep)),
        format!("a: {}", "{b: ".repeat(deep / 4)),
        format!("a: {}", "[\"]\",".repeat(deep / 5)),
        format!("a:\n  {}x", "- ".repeat(deep / 2)),
        format!("a:\n  {}x", "? ".repeat(deep / 2)),
        (0..330).map(|n| format!("{}a:\n", " ".repeat(n))).collect(),
        format!("a: &a [{}]\nb: [{}]", "x,".repeat(10_000), "*a,".repeat(10_000)),
        format!("a: \"{}", "\\".repeat(deep)),
        format!("a: {}", "'".repeat(deep + 1)),
        format!("a: {}", "9".repeat(deep)),
        "a: |\n".repeat(deep / 5),
        "a: b\n".repeat(deep / 5),
        (0..deep / 10).map(|n| format!("k{n}: ~\n")).collect::<String>() + "x: .nan",
    ];
    for bomb in bombs {
        let file = format!("---\nkind: task\nid: t1\ntitle: x\n{bomb}\n---\n");
        let start = Instant::now();
        assert!(decode::<Task>(file.as_bytes()).is_err(), "{:.60}", bomb);
        // Without the look ahead the first of them takes seconds in a debug build; this leaves room for a busy machine.
        assert!(start.elapsed() < Duration::from_secs(1), "{:.60}: {:?}", bomb, start.elapsed());
    }
}

#[test]
fn a_large_record_is_read_fast() {
    let lines: String = (0..2_000).map(|n| format!("k{n}: [\"v[{n}\", {{a: 1}}]\n")).collect();
    let stamps = "created_at: 2026-01-02T03:04:05Z\ncreated_by: a\nupdated_at: 2026-01-02T03:04:05Z\nupdated_by: a\n";
    let file = format!("---\nkind: task\nid: t1\ntitle: x\n{stamps}{lines}---\n");
    let start = Instant::now();
    let task: Task = decode(file.as_bytes()).expect("readable");
    assert_eq!(task.rest.len(), 2_000);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}
