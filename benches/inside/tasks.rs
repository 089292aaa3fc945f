//! Tasks as a team has them.

use git_coord::base::{Id, Timestamp};
use git_coord::records::Task;
use git_coord::records::codec;
use serde_json::json;

const MADE_AT: &str = "2026-01-02T03:04:05.678Z";

const BODY: &str = "The part answers «no» and nothing else. It should name the field, the value it got and the rule that \
                    the value breaks, so that whoever reads the log can mend the input without reading the code.\n\n\
                    - the message names the field\n- a test shows it\n- the page on errors has a line about it\n";

/// Returns the id of the n-th task.
pub(crate) fn id(number: usize) -> String {
    format!("bench-{number:07}")
}

/// Returns the n-th task as it is stored. Every fourth waits for the one before it.
pub(crate) fn stored(number: usize) -> Vec<u8> {
    let waits = if number % 4 == 3 { format!("depends_on: [{}]\n", id(number - 1)) } else { String::new() };
    let text = format!(
        "---\nid: {}\nkind: task\ntitle: Teach part {number} to say why it refuses an input\nstatus: pending\n\
         priority: P{}\n{waits}labels: [area-{}, bench]\ncreated_at: {MADE_AT}\ncreated_by: ada\n\
         updated_at: {MADE_AT}\nupdated_by: ada\n---\n\n{BODY}",
        id(number),
        number % 5,
        number % 17,
    );
    // Written by the program itself, so that it is in the one form that the program writes.
    let task: Task = codec::decode(text.as_bytes()).expect("a task");
    codec::encode(&task).expect("it can be written")
}

/// Returns the n-th task.
pub(crate) fn task(number: usize) -> Task {
    codec::decode(&stored(number)).expect("a task")
}

/// Returns the n-th task as a line to import.
pub(crate) fn row(number: usize) -> String {
    let waits = if number % 4 == 3 { vec![id(number - 1)] } else { Vec::new() };
    let row = json!({
        "kind": "task", "id": id(number), "title": format!("Teach part {number} to say why it refuses an input"),
        "priority": format!("P{}", number % 5), "depends_on": waits, "labels": [format!("area-{}", number % 17), "bench"],
        "created_at": MADE_AT, "created_by": "ada", "updated_at": MADE_AT, "updated_by": "ada", "body": BODY,
    });
    format!("{row}\n")
}

/// Returns a moment after all of them were made.
pub(crate) fn later() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

/// Returns the id of the n-th task as an id.
pub(crate) fn parsed(number: usize) -> Id {
    Id::parse(&id(number)).expect("an id")
}
