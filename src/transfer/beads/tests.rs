//! The whole way of an issue: in, taken over, out again.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::line;
use crate::base::Timestamp;
use crate::ops::fixture::World;
use crate::ops::{Operation, claim, close, note};
use crate::query::Graph;
use crate::records::task::{Priority, Status};
use crate::records::{Message, Task};
use crate::state::{all, find};
use crate::transfer::fixture::{Read, lines_of};

const QUIRKS: &[u8] = include_bytes!("../../../fixtures/beads/quirks.jsonl");
const BAD: &[u8] = include_bytes!("../../../fixtures/beads/bad.jsonl");

/// The issues of a file by id, without what beads counts anew on each export.
fn issues(file: &[u8]) -> BTreeMap<String, Value> {
    let text = std::str::from_utf8(file).expect("text").trim_start_matches('\u{feff}');
    let values = text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let mut value: Value = serde_json::from_str(line).expect("JSON");
        let object = value.as_object_mut().expect("an object");
        for key in ["dependency_count", "dependent_count", "comment_count", "parent"] {
            object.remove(key);
        }
        value
    });
    let issues = values.filter(|value| value["_type"] != "memory");
    issues.map(|value| (value["id"].as_str().expect("an id").to_owned(), value)).collect()
}

fn read(bytes: &[u8]) -> crate::base::Result<Read> {
    Read::of("beads", bytes)
}

/// Takes a file over that can be read.
fn take(world: &mut World, file: &[u8]) {
    read(file).expect("readable").take(world);
}

fn quirks() -> World {
    let mut world = World::new();
    take(&mut world, QUIRKS);
    world
}

/// Imports one issue and returns the task.
fn task(issue: Value) -> Task {
    taken(issue.to_string().as_bytes()).get("x")
}

/// Returns a world with nothing in it but what a file holds.
fn taken(file: &[u8]) -> World {
    let mut world = World::new();
    take(&mut world, file);
    world
}

fn exported(world: &World) -> BTreeMap<String, Value> {
    issues(lines_of("beads", &world.records).join("\n").as_bytes())
}

/// An issue with the keys that beads always writes, and these.
fn row(more: Value) -> Value {
    let mut row = json!({
        "id": "x", "title": "X", "status": "open", "priority": 2, "issue_type": "task", "created_by": "w",
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z",
    });
    let object = row.as_object_mut().expect("an object");
    object.extend(more.as_object().expect("an object").clone());
    row
}

#[test]
fn an_untouched_issue_goes_out_as_it_came_in() {
    let (came, went) = (issues(QUIRKS), exported(&quirks()));
    assert_eq!(came.keys().collect::<Vec<_>>(), went.keys().collect::<Vec<_>>());
    for (id, issue) in &came {
        assert_eq!(&went[id], issue, "{id}");
    }
}

#[test]
fn a_second_import_changes_nothing() {
    let mut world = quirks();
    let import = read(QUIRKS).expect("readable");
    let (changes, tally) = import.plan(&world.records).expect("a plan");
    assert!(changes.is_empty(), "{:?}", changes.edits().keys());
    assert_eq!((tally.unchanged, tally.added, tally.messages), (issues(QUIRKS).len(), 0, 0));
    let again = read(lines_of("beads", &world.records).join("\n").as_bytes()).expect("readable");
    assert_eq!(again.take(&mut world).unchanged, issues(QUIRKS).len());
}

#[test]
fn what_is_odd_is_told_and_taken() {
    let import = read(QUIRKS).expect("readable");
    let codes: Vec<_> = import.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["passed_over", "foreign_edge", "double_comment"]);
    let tally = import.take(&mut World::new());
    assert_eq!(tally.cycles, [vec!["qk-c1".to_owned(), "qk-c2".to_owned()]]);
    let missing: Vec<_> = tally.missing.iter().map(|link| (link.task.as_str(), link.target.as_str())).collect();
    assert_eq!(missing, [("qk-c2", "qk-gone")]);
}

#[test]
fn a_file_with_bad_lines_is_refused_with_each_of_them() {
    let error = read(BAD).expect_err("bad");
    assert_eq!((error.code(), error.kind().exit_code()), ("bad_line", 5));
    let lines = error.details()["lines"].as_array().expect("a list");
    let lines: Vec<(u64, &str)> = lines
        .iter()
        .map(|one| (one["line"].as_u64().expect("a number"), one["message"].as_str().expect("a text")))
        .collect();
    let numbers: Vec<u64> = lines.iter().map(|(line, _)| *line).collect();
    assert_eq!(numbers, [2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15]);
    let words =
        ["id", "title", "priority", "created_at", "JSON", "object", "line 1", "depends_on_id", "labels", "text", "id"];
    for ((_, message), word) in lines.iter().zip(words) {
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn the_fields_of_an_issue_are_those_of_a_task() {
    let world = quirks();
    let done = world.get("qk-1");
    assert_eq!((done.status.as_str(), done.priority.as_str(), done.r#type.as_str()), ("completed", "P3", "task"));
    assert_eq!(done.completed_at.expect("closed").to_string(), "2026-01-22T06:53:27.317Z");
    assert_eq!((done.summary.as_deref(), done.estimate_minutes), (Some("Tests cover it"), Some(0)));
    assert_eq!((done.assignee.as_deref(), done.created_by.as_str()), (Some("GoldDune"), "ubuntu"));
    assert_eq!(done.body, "Line one\r\nLine two\n\n---\nafter a marker");
    assert_eq!(done.parent.as_deref(), Some("qk-epic"), "an underscore is a hyphen");
    assert_eq!((done.related.len(), done.discovered_from.len(), done.labels.len()), (1, 1, 2));
    let open = world.get("qk-2");
    assert_eq!((&open.status, &open.priority), (&Status::Pending, &Priority::P2));
    assert_eq!(open.depends_on.iter().collect::<Vec<_>>(), ["qk-3", "qk-4", "qk-5"]);
    assert_eq!((open.parent, open.updated_at), (None, "2026-01-21T10:00:00Z".parse().expect("a moment")));
    assert_eq!(open.extra["beads"]["acceptance_criteria"], "It works");
    let started = world.get("qk-3");
    assert_eq!((started.status, started.claim, started.parent), (Status::InProgress, None, Some("qk-epic".into())));
    let gone = world.get("qk-4");
    assert_eq!((gone.status, gone.summary.as_deref()), (Status::Cancelled, Some("Test cleanup")));
    assert_eq!((world.get("qk-9").created_at, world.get("qk-9").completed_at), (Timestamp::EPOCH, None));
    assert_eq!(world.get("qk-10").title, "Only a title");
    assert_eq!(world.get("qk-epic").title, "The epic of all");
}

#[test]
fn a_task_from_an_issue_is_stamped_with_the_last_change() {
    let task = quirks().get("qk-1");
    let stamp = &task.edited["lifecycle"];
    assert_eq!((stamp.0, task.updated_at), (task.updated_at, "2026-01-22T06:53:27.317Z".parse().expect("a moment")));
    assert!(quirks().get("qk-3").edited.is_empty(), "never changed after it was made");
}

#[test]
fn comments_become_notes_in_the_thread() {
    let world = quirks();
    let notes: Vec<Message> = all::<Message>(&world.records).expect("messages");
    let of = |thread: &str| notes.iter().filter(|note| note.thread.as_deref() == Some(thread)).collect::<Vec<_>>();
    let two = of("qk-1");
    assert_eq!((two[0].external_ref.as_deref(), two[1].external_ref.as_deref()), (Some("17"), Some("18")));
    assert_eq!((two[1].from.as_str(), two[1].r#type.as_str(), two[1].to.len()), ("Ada Lovelace", "note", 0));
    assert_eq!(two[0].body, "First in time \u{1F600}\n\nwith a paragraph");
    assert_eq!(of("qk-2")[0].external_ref.as_deref(), Some("c-a1"));
    assert_eq!(of("qk-other").len(), 4, "of two that are the same one is taken");
}

#[test]
fn what_is_set_aside_is_open_and_never_ready() {
    let world = quirks();
    let graph = Graph::of(&world.records).expect("a graph");
    let ready: Vec<_> = graph.ready(world.now).iter().map(|task| task.id().as_str()).collect();
    assert_eq!(ready, ["qk-10", "qk-9", "qk-12"]);
    for (id, word) in [("qk-5", "hooked"), ("qk-6", "ephemeral"), ("qk-other", "pinned")] {
        assert_eq!(world.get(id).status, Status::Other(word.into()));
    }
}

#[test]
fn of_two_rows_with_one_id_the_newer_is_taken_and_no_comment_is_lost() {
    let comment = |id: u32| json!([{"id": id, "author": "w", "text": "t", "created_at": "2026-01-01T00:00:00Z"}]);
    let newer = row(json!({"title": "Newer", "updated_at": "2026-01-03T00:00:00Z", "comments": comment(1)}));
    let older = row(json!({"title": "Older", "comments": comment(2)}));
    for file in [format!("{newer}\n{older}"), format!("{older}\n{newer}")] {
        let import = read(file.as_bytes()).expect("readable");
        let mut world = World::new();
        let tally = import.take(&mut world);
        assert_eq!((tally.added, world.get("x").title.as_str()), (1, "Newer"));
        assert_eq!((tally.messages, import.warnings[0].code.as_str()), (2, "twice"));
    }
}

#[test]
fn of_a_changed_task_the_fields_win_and_the_rest_stays() {
    let mut world = quirks();
    world.run(Operation::Done(close::Done { task: "qk-2".into(), force: true, ..Default::default() })).expect("done");
    let mut moved = world.get("qk-3");
    moved.parent = Some("qk-other".into());
    moved.depends_on.insert("qk-1".into());
    moved.title = "Renamed".into();
    world.put(moved);
    let mut orphan = world.get("qk-1");
    (orphan.parent, orphan.related) = (None, Default::default());
    world.put(orphan);
    let reopened = close::Reopen { task: "qk-4".into() };
    world.run(Operation::Reopen(reopened)).expect("reopened");
    let (came, went) = (issues(QUIRKS), exported(&world));

    let done = &went["qk-2"];
    assert_eq!((&done["status"], &done["design"], done.get("priority")), (&json!("closed"), &json!("Draw it"), None));
    assert!(done["closed_at"].is_string());
    assert_eq!((&done["dependencies"], &done["metadata"]), (&came["qk-2"]["dependencies"], &came["qk-2"]["metadata"]));
    let moved = &went["qk-3"];
    assert_eq!((&moved["title"], &moved["started_at"]), (&json!("Renamed"), &came["qk-3"]["started_at"]));
    assert_eq!(moved["dependencies"][0], came["qk-3"]["dependencies"][1]);
    assert_eq!(
        (&moved["dependencies"][1]["depends_on_id"], moved["dependencies"][2].is_null()),
        (&json!("qk-1"), true)
    );
    let edges = went["qk-1"]["dependencies"].as_array().expect("a list");
    assert_eq!(edges, &[came["qk-1"]["dependencies"][2].clone()]);
    let reopened = went["qk-4"].as_object().expect("an object");
    assert_eq!(reopened["status"], "open");
    assert!(["closed_at", "deleted_at", "original_type"].iter().all(|key| !reopened.contains_key(*key)));
}

#[test]
fn what_is_kept_never_stands_for_what_is_gone() {
    let mut world = quirks();
    for id in ["qk-1", "qk-c1"] {
        let mut task = world.get(id);
        (task.parent, task.related, task.discovered_from) = Default::default();
        task.depends_on.clear();
        world.put(task);
    }
    let mut forged = world.get("qk-2");
    forged.extra.insert("beads".into(), json!({"id": "qk-9", "priority": "none", "dependencies": 7, "comments": {}}));
    world.put(forged);
    let tasks = all::<Task>(&world.records).expect("tasks");
    let lines: Vec<String> = tasks.iter().map(|task| line(task, &[])).collect();
    let went = issues(lines.join("\n").as_bytes());
    assert_eq!((went["qk-1"].get("comments"), went["qk-1"].get("dependencies")), (None, None));
    assert_eq!(went["qk-c1"].get("dependencies"), None);
    assert_eq!((went.len(), &went["qk-2"]["priority"]), (tasks.len(), &json!(2)));
    assert_eq!(went["qk-2"]["dependencies"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_was_made_here_is_an_issue_that_comes_back_as_it_was() {
    let mut world = World::new();
    for id in ["new", "off", "wait", "kid"] {
        world.task(id);
    }
    let cancel = close::Cancel { task: "off".into(), reason: "no need".into() };
    world.run(Operation::Cancel(cancel)).expect("cancelled");
    let mut waiting = world.get("wait");
    waiting.status = Status::AwaitingApproval;
    waiting.depends_on.insert("new".into());
    world.put(waiting);
    let mut kid = world.get("kid");
    kid.parent = Some("new".into());
    world.put(kid);
    let said = note::Note { task: "new".into(), text: "a remark".into(), ..Default::default() };
    world.run(Operation::Note(said)).expect("a note");

    let went = exported(&world);
    assert_eq!((&went["new"]["status"], &went["new"]["priority"]), (&json!("open"), &json!(2)));
    assert_eq!((&went["off"]["status"], &went["off"]["close_reason"]), (&json!("closed"), &json!("no need")));
    assert!(went["off"]["closed_at"].is_string() && went["new"].get("closed_at").is_none());
    assert_eq!(went["wait"]["status"], "blocked");
    assert_eq!(went["kid"]["dependencies"][0]["type"], "parent-child");
    assert_eq!(went["new"]["comments"][0]["text"], "a remark");

    let import = read(lines_of("beads", &world.records).join("\n").as_bytes()).expect("readable");
    let mut other = World::new();
    import.take(&mut other);
    assert_eq!((other.get("off").status, other.get("wait").status), (Status::Cancelled, Status::AwaitingApproval));
    assert_eq!(exported(&other), went);
    let before = all::<Message>(&world.records).expect("messages");
    assert_eq!(import.take(&mut world).messages, 0, "a note that comes back is the one that went out");
    assert!(find::<Message>(&other.records, &before[0].id).expect("readable").is_some());
}

#[test]
fn a_status_that_beads_lacks_is_forgotten_when_it_is_over() {
    let mut task = task(row(json!({"status": "blocked", "metadata": {"git_coord": {"status": "awaiting_approval"}}})));
    assert_eq!(task.status, Status::AwaitingApproval);
    task.status = Status::Pending;
    let went: Value = serde_json::from_str(&line(&task, &[])).expect("JSON");
    assert_eq!((&went["status"], went.get("metadata")), (&json!("open"), None));
}

#[test]
fn newer_rows_replace_only_what_beads_has_a_word_for() {
    let mut world = World::new();
    take(&mut world, row(json!({})).to_string().as_bytes());
    let mut here = world.get("x");
    (here.sprint, here.questions) = (Some("s".into()), vec!["Why?".into()]);
    here.extra.insert("other".into(), json!(1));
    world.put(here);
    let older = row(json!({"title": "Old", "updated_at": "2026-01-01T12:00:00Z"}));
    assert_eq!(read(older.to_string().as_bytes()).expect("readable").take(&mut world).older, 1);
    let newer = row(json!({"title": "New", "updated_at": "2026-01-05T00:00:00.5Z", "owner": "o", "description": "d"}));
    assert_eq!(read(newer.to_string().as_bytes()).expect("readable").take(&mut world).updated, 1);
    let task = world.get("x");
    assert_eq!((task.title.as_str(), task.body.as_str(), task.sprint.as_deref()), ("New", "d", Some("s")));
    assert_eq!((task.questions.len(), &task.extra["other"]), (1, &json!(1)));
    assert_eq!(task.edited["title"].0, "2026-01-05T00:00:00.500Z".parse().expect("a moment"));
    assert_eq!(exported(&world)["x"], newer);
    let newest = row(json!({"title": "New", "updated_at": "2026-01-06T00:00:00Z"}));
    take(&mut world, newest.to_string().as_bytes());
    assert_eq!(exported(&world)["x"], newest, "what beads has dropped is dropped");
    assert_eq!(world.get("x").extra["other"], 1);
}

#[test]
fn a_held_task_stays_held_until_beads_closes_it() {
    let mut world = World::new();
    world.now = "2026-01-03T00:00:00Z".parse().expect("a moment");
    take(&mut world, row(json!({})).to_string().as_bytes());
    world.run(Operation::Claim(claim::Claim { task: "x".into(), ..Default::default() })).expect("claimed");
    let newer = row(json!({"title": "New", "updated_at": "2026-02-01T00:00:00Z"}));
    take(&mut world, newer.to_string().as_bytes());
    let task = world.get("x");
    assert_eq!((task.title.as_str(), task.status, task.claim.is_some()), ("New", Status::InProgress, true));
    let closed =
        row(json!({"status": "closed", "updated_at": "2026-02-02T00:00:00Z", "closed_at": "2026-02-02T00:00:00Z"}));
    let import = read(closed.to_string().as_bytes()).expect("readable");
    let (changes, _) = import.plan(&world.records).expect("a plan");
    assert_eq!(changes.warnings[0].code, "claim_ended");
    world.records.apply(&changes);
    let task = world.get("x");
    assert_eq!((task.status, task.claim, task.epoch), (Status::Completed, None, 1));
}

#[test]
fn a_twin_of_what_is_there_is_refused() {
    let mut world = World::new();
    world.task("X");
    let import = read(row(json!({})).to_string().as_bytes()).expect("readable");
    assert_eq!(import.plan(&world.records).expect_err("a twin").code(), "id_taken");
}

#[test]
fn what_could_not_be_stored_is_a_bad_line() {
    let deep = (0..40).fold(json!("x"), |value, _| json!([value]));
    for odd in [json!({"notes": "x".repeat(70_000)}), json!({"metadata": deep}), json!({"_absent": []})] {
        assert_eq!(read(row(odd).to_string().as_bytes()).expect_err("too much").code(), "bad_line");
    }
}

/// Values that tools have been seen to write under a key, and some that none should.
fn value_of(key: &'static str) -> impl Strategy<Value = Value> {
    let moments = ["", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-01-21T21:46:54.405167897Z"];
    let moments = moments.into_iter().chain(["2026-01-21T23:46:54+02:00", "2026-01-22T00:00:00.100Z"]);
    let texts = ["", "x", " two  words ", "a\tb\n", "\u{1F980}", "completed", "P1"];
    let statuses = ["open", "closed", "tombstone", "in_progress", "hooked", "pending", "cancelled", ""];
    let values: Vec<Value> = match key {
        _ if key.ends_with("_at") || key == "defer_until" => moments.map(Value::from).collect(),
        "status" => statuses.into_iter().map(Value::from).collect(),
        "priority" => vec![json!(0), json!(4), json!("P1"), json!("3")],
        "estimated_minutes" => vec![json!(0), json!(90)],
        "ephemeral" | "pinned" => vec![json!(true), json!(false)],
        "labels" => vec![json!([]), json!(["b", "a", "b", ""]), json!(["a"])],
        "metadata" => vec![json!({"git_coord": {"status": "cancelled"}}), json!({}), json!("text"), json!([1])],
        "dependencies" => vec![json!([]), edges(&["parent_child", "blocks"]), edges(&["blocks", "", "parent-child"])],
        "comments" => vec![json!([]), json!([{"id": 2, "text": "b"}, {"id": "1", "text": "a", "author": "w"}])],
        "issue_type" => vec![json!("epic"), json!("")],
        _ => texts.into_iter().map(Value::from).collect(),
    };
    prop_oneof![1 => Just(Value::Null), 8 => proptest::sample::select(values)]
}

fn edges(types: &[&str]) -> Value {
    types.iter().map(|word| json!({"issue_id": "x", "depends_on_id": format!("on-{word}"), "type": word})).collect()
}

fn any_issue() -> impl Strategy<Value = Value> {
    let further = ["metadata", "ephemeral", "pinned", "dependencies", "comments", "deleted_at", "delete_reason", "odd"];
    let keys: Vec<&'static str> = super::row::SAME.iter().map(|(key, _)| *key).chain(further).collect();
    let values: Vec<_> = keys.into_iter().map(|key| (Just(key), proptest::option::of(value_of(key)))).collect();
    values.prop_map(|values| {
        let mut issue = json!({"id": "x"});
        let object = issue.as_object_mut().expect("an object");
        object.extend(values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        if object.get("title").and_then(Value::as_str).is_none_or(|title| title.trim().is_empty()) {
            object.insert("title".into(), json!("X"));
        }
        issue
    })
}

proptest! {
    #[test]
    fn whatever_can_be_read_goes_out_as_it_came_in(issue in any_issue()) {
        let import = read(issue.to_string().as_bytes()).expect("readable");
        let mut world = World::new();
        import.take(&mut world);
        prop_assert_eq!(&exported(&world)["x"], &issue);
        prop_assert_eq!(import.take(&mut world).unchanged, 1);
        // What is closed here is closed there, whatever it was.
        let mut task = world.get("x");
        task.status = Status::Completed;
        task.completed_at = Some(world.now);
        task.summary = Some("done".into());
        task.updated_at = world.now;
        world.put(task.clone());
        let went = lines_of("beads", &world.records).join("\n");
        let back = taken(went.as_bytes()).get("x");
        prop_assert_eq!((&back.status, &back.summary, back.completed_at), (&task.status, &task.summary, task.completed_at));
        prop_assert!(exported(&world)["x"]["closed_at"].is_string());
    }
}
