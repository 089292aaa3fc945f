//! Imports of many records: one pack and one commit, decided on the very tip that is replaced, whatever happens beside.

mod interrupted;
mod long;
mod meanwhile;
mod plan;
mod rows;
mod terminal;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{PATIENCE, Repo, within};

const THEN: &str = "2026-01-01T00:00:00.000Z";

fn task(id: &str, updated: &str, title: &str) -> Value {
    json!({
        "kind": "task", "id": id, "title": title, "created_at": THEN, "created_by": "eve",
        "updated_at": updated, "updated_by": "eve",
    })
}

fn lines(tasks: impl IntoIterator<Item = Value>) -> String {
    tasks.into_iter().map(|task| format!("{task}\n")).collect()
}

fn many(start: &str, count: usize) -> String {
    lines((0..count).map(|n| task(&format!("{start}-{n}"), THEN, &format!("Task {n} of {start}"))))
}

fn import(repo: &Repo, text: &str) -> Value {
    repo.coord(&["import", "json", "-"]).json().input(text).expect(0).data()
}

/// Returns added, updated, unchanged and older.
fn counts(answer: &Value) -> [u64; 4] {
    ["added", "updated", "unchanged", "older"].map(|name| answer[name].as_u64().expect("a number"))
}

fn names_in(folder: impl AsRef<Path>) -> Vec<String> {
    let entries = folder.as_ref().read_dir().into_iter().flatten();
    entries.map(|entry| entry.expect("one").file_name().to_string_lossy().into_owned()).collect()
}

fn packs(repo: &Repo) -> usize {
    names_in(repo.common_dir().join("objects/pack")).iter().filter(|name| name.ends_with(".pack")).count()
}

#[test]
fn thousands_of_records_become_one_pack_and_one_commit() {
    for format in ["sha1", "sha256"] {
        let repo = Repo::init(&[&format!("--object-format={format}")]);
        repo.ok(&["init"]);
        let (commits, loose) = (repo.commit_count(), repo.git(&["count-objects"]));
        let answer = import(&repo, &many("T", 3000));
        assert_eq!(counts(&answer), [3000, 0, 0, 0]);
        assert_eq!((repo.commit_count(), packs(&repo)), (commits + 1, 1));
        assert_eq!(repo.git(&["count-objects"]), loose, "no loose object was made");
        assert_eq!(repo.data(&["task", "list", "--limit", "1"])["total"], 3000);
        assert_eq!(
            repo.git(&["log", "-1", "--format=%s", "refs/coord/main"]),
            "Import 3000 tasks from standard input: 3000 new, 0 updated"
        );
        let trailers = repo.git(&["log", "-1", "--format=%(trailers:key=Coord-Event)", "refs/coord/main"]);
        assert_eq!(trailers.lines().filter(|line| *line == "Coord-Event: task.created").count(), 20);
        repo.fsck_strict();
        // Nothing is new, so nothing is written.
        let again = import(&repo, &many("T", 3000));
        assert_eq!((counts(&again), &again["commit"]), ([0, 0, 3000, 0], &Value::Null));
        assert_eq!((repo.commit_count(), packs(&repo)), (commits + 1, 1));
        assert!(names_in(repo.common_dir().join("coord/packing")).is_empty());
    }
}

#[test]
fn records_meet_those_that_are_there_however_many() {
    let repo = Repo::set_up();
    import(&repo, &many("T", 1200));
    // More of them than are looked up one by one.
    let later = "2026-02-01T00:00:00.000Z";
    let older = "2025-12-01T00:00:00.000Z";
    let mixed = (0..1300).map(|n| {
        let (updated, title) = match n % 3 {
            0 => (later, format!("Later {n}")),
            1 => (older, format!("Older {n}")),
            _ => (THEN, format!("Task {n} of T")),
        };
        let mut task = task(&format!("T-{n}"), updated, &title);
        if updated == older {
            task["created_at"] = older.into();
        }
        task
    });
    let answer = import(&repo, &lines(mixed));
    assert_eq!(counts(&answer), [100, 400, 400, 400]);
    assert!(repo.task_file("T-0").contains("title: Later 0"));
    assert!(repo.task_file("T-1").contains("title: Task 1 of T"));
    assert!(repo.task_file("T-1299").contains("title:"));
    repo.fsck_strict();
}

#[test]
fn of_two_lines_of_one_id_the_newer_is_taken() {
    let repo = Repo::set_up();
    let newer = task("T-1", "2026-03-01T00:00:00.000Z", "Newer");
    let older = task("T-1", "2026-02-01T00:00:00.000Z", "Older");
    let answer = import(&repo, &lines([newer.clone(), older, task("T-2", THEN, "Another")]));
    assert_eq!((counts(&answer), &answer["warnings"][0]["code"]), ([2, 0, 0, 0], &json!("twice")));
    assert!(repo.task_file("T-1").contains("title: Newer"));
    let twins = lines([newer, task("t-1", THEN, "Twin")]);
    let refused = repo.coord(&["import", "json", "-"]).json().input(twins).expect(5);
    assert_eq!(refused.error_code(), "bad_line");
    assert_eq!(refused.error()["details"]["lines"][0]["line"], 2, "{refused}");
    repo.fsck_strict();
}

#[test]
fn a_rehearsal_of_many_names_the_first_and_counts_all() {
    let repo = Repo::set_up();
    let before = repo.git(&["count-objects", "-v"]);
    let call = repo.coord(&["import", "json", "-", "--dry-run"]).json().input(many("T", 700));
    let answer = call.expect(0).data();
    let draft = &answer["dry_run"];
    assert_eq!((counts(&answer), &draft["total"], &answer["commit"]), ([700, 0, 0, 0], &json!(700), &Value::Null));
    let paths: Vec<&str> =
        draft["files"].as_array().expect("files").iter().map(|file| file["path"].as_str().expect("a path")).collect();
    assert_eq!(paths.len(), 200);
    assert!(paths.is_sorted());
    assert_eq!(repo.git(&["count-objects", "-v"]), before, "not an object was written");
    assert!(names_in(repo.common_dir().join("coord/packing")).is_empty());
}

#[test]
fn an_import_that_is_refused_leaves_no_file_behind() {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Here", "--id", "t-7"]);
    let before = names_in(repo.common_dir().join("objects/pack"));
    for (more, code) in [("nonsense\n".to_owned(), "bad_line"), (lines([task("T-7x", THEN, "")]), "bad_line")] {
        let call = repo.coord(&["import", "json", "-"]).json().input(many("X", 500) + &more);
        assert_eq!(call.expect(5).error_code(), code);
    }
    let call = repo.coord(&["import", "json", "-"]).json().input(many("T", 500));
    assert_eq!(call.expect(3).error_code(), "id_taken");
    let call = repo.coord(&["import", "json", "-", "--if-match", "1234567"]).json().input(many("X", 500));
    assert_eq!(call.expect(3).error_code(), "if_match_failed");
    assert_eq!(names_in(repo.common_dir().join("objects/pack")), before);
    assert!(names_in(repo.common_dir().join("coord/packing")).is_empty());
    assert_eq!(repo.data(&["task", "list"])["total"], 1);
}

/// Makes a pipe with a name.
fn pipe(repo: &Repo, name: &str) -> PathBuf {
    let made = repo.command("mkfifo").arg(name).stderr(Stdio::null()).status().expect("mkfifo runs");
    assert!(made.success(), "no pipe {name}");
    repo.path.join(name)
}

/// Waits until an import has seen the tip, and has begun a pack.
#[track_caller]
fn has_begun(repo: &Repo) {
    let notes = repo.common_dir().join("coord/packing");
    within(PATIENCE, "the import sees the tip", || !names_in(&notes).is_empty());
}
