//! What others put among the records: it stops nobody, nothing is taken for closed because it cannot be read, and no
//! clock but the reader's own decides who has gone silent.

use crate::harness::Repo;

fn with_tasks(lines: &[&[&str]]) -> Repo {
    let repo = Repo::set_up();
    for words in lines {
        repo.ok(&[&["task", "new", "x"], *words].concat());
    }
    repo
}

#[test]
fn a_dependency_that_cannot_be_read_is_not_closed() {
    let repo = with_tasks(&[&["--id", "aaaa"], &["--id", "bbbb", "--depends-on", "aaaa"]]);
    repo.plant(&repo.task_path("aaaa"), b"garbage");
    assert_eq!(repo.refused(3, &["claim", "bbbb"]), "blocked");
    assert_eq!(repo.coord(&["ready"]).json().expect(1).data()["total"], 0);
    assert_eq!(repo.refused(5, &["done", "bbbb"]), "open_dependencies");
    let doctor = repo.coord(&["doctor"]).json().expect(1).data();
    let codes: Vec<_> = doctor["findings"].as_array().expect("findings").iter().map(|f| f["code"].clone()).collect();
    assert_eq!(codes, ["unreadable"], "{doctor}");
}

#[test]
fn a_part_that_cannot_be_read_keeps_the_whole_open() {
    let repo = with_tasks(&[&["--id", "pppp"], &["--id", "kkkk", "--parent", "pppp"], &["--id", "other"]]);
    let path = repo.task_path("kkkk");
    let broken = repo.file(&path).replace("status: pending", "status: [");
    repo.plant(&path, broken.as_bytes());
    assert_eq!(repo.refused(5, &["done", "pppp"]), "unreadable");
    repo.ok(&["done", "other"]);
    repo.ok(&["done", "pppp", "--force"]);
}

#[test]
fn a_file_of_any_size_or_depth_stops_nobody() {
    let repo = with_tasks(&[&["--id", "aaaa"], &["--id", "bbbb"]]);
    repo.plant(&repo.task_path("bbbb"), &vec![0; 65 << 20]);
    repo.plant(&format!("tasks/{}x.md", "d/".repeat(70)), b"garbage");
    repo.plant("agents/x.md", b"garbage");
    for words in [&["ready"][..], &["status"], &["agent", "list"], &["events"], &["task", "list"], &["log"]] {
        repo.ok(words);
    }
    repo.coord(&["doctor"]).expect(1);
    repo.ok(&["claim", "aaaa"]);
    repo.ok(&["done", "aaaa"]);
}

#[test]
fn a_profile_that_makes_no_sense_keeps_nobody_from_working() {
    let repo = with_tasks(&[&["--id", "aaaa"], &["--id", "bbbb"]]);
    repo.plant("agents/Ada.md", b"garbage");
    let done = repo.data(&["done", "aaaa"]);
    assert_eq!(done["warnings"][0]["code"], "unreadable", "{done}");
    repo.ok(&["send", "Ada", "hello"]);
}

#[test]
fn a_stamp_from_a_clock_that_is_ahead_keeps_no_claim_alive() {
    let repo = with_tasks(&[&["--id", "aaaa"]]);
    let path = repo.task_path("aaaa");
    let ahead = repo.file(&path).replace("2026-01-02T", "2027-01-02T");
    repo.plant(&path, format!("{ahead}\n").as_bytes());
    repo.ok(&["claim", "aaaa", "--ttl", "1m"]);
    (0..90).for_each(|_| repo.machine.tick(&mut std::process::Command::new("true")));
    repo.coord(&["claim", "aaaa", "--takeover"]).agent("bob").expect(0);
}

#[test]
fn no_hint_carries_what_a_shell_would_run() {
    let repo = Repo::set_up();
    repo.plant("tasks/$(touch pwned).md", b"garbage");
    repo.plant("inbox/x;touch pwned/01KAJ0000000000000000000AA.md", b"garbage");
    let answer = repo.coord(&["doctor"]).json().expect(1).data();
    for finding in answer["findings"].as_array().expect("findings") {
        let hint = finding["hint"].as_str().unwrap_or_default();
        assert!(!hint.contains(['$', ';', '(']), "{finding}");
    }
}

#[test]
fn a_newer_format_asks_for_a_newer_program() {
    let repo = Repo::set_up();
    repo.plant("coordination.yaml", b"kind: config\nformat: 2\n");
    for words in [&["ready"][..], &["task", "new", "x"], &["heartbeat"]] {
        assert_eq!(repo.refused(128, words), "newer_format");
    }
}

#[test]
fn a_required_gate_that_nobody_can_name_lets_nothing_pass() {
    let repo = with_tasks(&[&["--id", "aaaa"]]);
    repo.plant("coordination.yaml", b"kind: config\nformat: 1\npolicy:\n  required_gates: pytest\n");
    assert_eq!(repo.refused(5, &["done", "aaaa"]), "gates_not_passed");
    repo.plant("coordination.yaml", b"kind: config\nformat: 1\npolicy:\n  required_gates: 3\n");
    assert_eq!(repo.refused(5, &["done", "aaaa"]), "bad_policy");
}
