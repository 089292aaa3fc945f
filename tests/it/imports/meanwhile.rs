//! What others do while an import is on its way: it lands on top of that, or is decided anew beside it.

use std::fs::File;
use std::io::Write;

use serde_json::json;

use super::{THEN, counts, has_begun, import, lines, many, pipe, task};
use crate::harness::{Answer, Repo, race};

/// An import that has seen the tip and waits for its rows.
struct Waiting {
    rows: File,
    call: std::thread::JoinHandle<Answer>,
}

impl Waiting {
    fn begin(repo: &Repo) -> Waiting {
        let path = pipe(repo, "rows");
        let call = repo.coord(&["import", "json", "rows"]).json();
        let call = std::thread::spawn(move || call.run());
        let rows = File::options().write(true).open(path).expect("somebody reads");
        has_begun(repo);
        Waiting { rows, call }
    }

    fn go_on(mut self, rows: &str) -> Answer {
        self.rows.write_all(rows.as_bytes()).expect("somebody reads");
        drop(self.rows);
        self.call.join().expect("no panic")
    }
}

#[test]
fn an_import_lands_on_what_others_have_done_meanwhile() {
    let repo = Repo::set_up();
    let waiting = Waiting::begin(&repo);
    repo.ok(&["task", "new", "Meanwhile", "--id", "M-1"]);
    let commits = repo.commit_count();
    let mut waits = task("L-1", THEN, "Waits for both");
    waits["depends_on"] = json!(["M-1", "T-1"]);
    let answer = waiting.go_on(&(many("T", 300) + &lines([waits])));
    assert!(answer.is_ok(), "{answer}");
    let data = answer.data();
    assert_eq!((counts(&data), repo.commit_count()), ([301, 0, 0, 0], commits + 1));
    assert_eq!(data["missing"], json!([]), "what was made meanwhile is there");
    assert!(repo.task_file("M-1").contains("title: Meanwhile") && repo.task_file("T-299").contains("Task 299"));
    assert_eq!(repo.git(&["rev-list", "--min-parents=2", "--count", "refs/coord/main"]), "0");
    repo.fsck_strict();
}

#[test]
fn a_record_that_is_changed_meanwhile_is_decided_anew() {
    let repo = Repo::set_up();
    import(&repo, &many("T", 5));
    let waiting = Waiting::begin(&repo);
    // The clock of the tests is later than the rows.
    repo.ok(&["task", "edit", "T-2", "--title", "Changed here"]);
    repo.ok(&["task", "new", "Made here", "--id", "T-6"]);
    let later = "2026-01-01T12:00:00.000Z";
    let rows = lines((0..300).map(|n| task(&format!("T-{n}"), later, &format!("Imported {n}"))));
    let answer = waiting.go_on(&rows);
    assert!(answer.is_ok(), "{answer}");
    assert_eq!(counts(&answer.data()), [294, 4, 0, 2]);
    assert!(repo.task_file("T-2").contains("title: Changed here"));
    assert!(repo.task_file("T-6").contains("title: Made here"));
    assert!(repo.task_file("T-3").contains("title: Imported 3") && repo.task_file("T-250").contains("Imported 250"));
    repo.fsck_strict();
}

#[test]
fn an_id_that_is_taken_meanwhile_refuses_the_import() {
    let repo = Repo::set_up();
    let waiting = Waiting::begin(&repo);
    repo.ok(&["task", "new", "Made here", "--id", "t-200"]);
    let commits = repo.commit_count();
    let answer = waiting.go_on(&many("T", 300));
    assert_eq!((answer.exit(), answer.error_code().as_str()), (3, "id_taken"));
    assert_eq!(repo.commit_count(), commits);
    repo.fsck_strict();
}

#[test]
fn many_imports_at_once_all_land() {
    let repo = Repo::set_up();
    let calls =
        (0..4).map(|n| repo.coord(&["import", "json", "-"]).json().input(many(&format!("R{n}"), 200))).collect();
    for answer in race(calls) {
        assert!(answer.is_ok(), "{answer}");
    }
    assert_eq!(repo.data(&["task", "list", "--limit", "1"])["total"], 800);
    assert_eq!(repo.commit_count(), 5);
    repo.fsck_strict();
}
