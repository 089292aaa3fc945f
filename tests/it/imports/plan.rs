//! `apply` of many lines.

use serde_json::json;

use super::packs;
use crate::harness::Repo;

/// Returns lines that make tasks, wait for those before, close some and say something about others.
fn lines_of_a_plan(tasks: usize) -> String {
    let lines = (0..tasks).flat_map(|n| {
        let mut new = json!({"op": "task new", "title": format!("Task {n}"), "as": format!("t{n}")});
        if n > 0 {
            new["depends_on"] = json!([format!("$t{}", n - 1)]);
        }
        let more = match n % 4 {
            0 => json!({"op": "note", "id": format!("$t{n}"), "text": format!("Said of {n}")}),
            1 => json!({"op": "defer", "id": format!("$t{n}"), "until": "2030-01-01"}),
            2 => json!({"op": "send", "to": "bob", "text": format!("About {n}")}),
            _ => json!({"op": "cancel", "id": format!("$t{n}"), "reason": "Not needed"}),
        };
        [new, more]
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_plan_of_many_lines_is_one_pack_and_one_commit_and_its_answer_is_bounded() {
    let repo = Repo::set_up();
    repo.ok(&["agent", "new", "bob"]);
    let commits = repo.commit_count();
    let answer = repo.coord(&["apply", "-"]).json().input(lines_of_a_plan(200)).expect(0).data();
    assert_eq!((repo.commit_count(), packs(&repo)), (commits + 1, 1));
    let length = |name: &str| answer[name].as_array().map(Vec::len);
    assert_eq!((length("records"), &answer["more_records"]), (Some(200), &json!(200)));
    let more = answer["more_events"].as_u64().expect("a number");
    assert_eq!((length("events"), more), (Some(200), 100), "what is told of a new task is one event");
    assert_eq!(answer["names"].as_object().map(serde_json::Map::len), Some(200));
    let counted = |words: &[&str]| repo.data(words)["total"].clone();
    assert_eq!(counted(&["task", "list", "--limit", "1"]), 200);
    assert_eq!(repo.data(&["inbox", "--agent", "bob", "--limit", "1"])["total"], 50);
    let shown = repo.coord(&["apply", "-"]).input(lines_of_a_plan(201)).expect(0).stdout;
    assert!(shown.contains("… and 1 more names"), "{shown}");
    repo.fsck_strict();
}
