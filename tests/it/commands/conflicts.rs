//! `conflicts`, `conflicts show` and `resolve`.

use git_coord::base::Id;
use git_coord::records::sprint::SPRINT;
use git_coord::records::task::TASK;

use super::{Transcript, assert_transcript};

const CONFLICT: &str = r#"{"kind":"conflict","id":"xsd9mkey7f98td","record":"task/T-1","field":"title","base":"Parser","values":{"2cb2a0b6fd5afdcc3363f13d91f696d0":{"value":"The parser","by":"bob","at":"2026-01-02T03:04:08.000Z"},"b59ddafce5123a2742e492a98a07ed9c":{"value":"Wire the parser","by":"Ada","at":"2026-01-02T03:04:07.000Z"}},"status":"open","created_at":"2026-01-02T03:04:08.000Z","created_by":"git-coord merge","updated_at":"2026-01-02T03:04:08.000Z","updated_by":"git-coord merge"}"#;

#[test]
fn a_conflict_is_listed_shown_and_settled() {
    let mut script = Transcript::with_tasks();
    script.run("conflicts");
    std::fs::write(script.repo.path.join("conflict.jsonl"), format!("{CONFLICT}\n")).expect("a file");
    script.before("import json conflict.jsonl");
    script.run("conflicts").run("conflicts --json").run("conflicts show xsd9").run("conflicts show xsd9 --json");
    script.run("conflicts show T-1").run("conflicts show task/T-1");
    script.run("resolve xsd9").run("resolve xsd9 --keep --ours").run("resolve nothing --keep");
    script.run("resolve xsd9 --by carl").run("resolve xsd9 --theirs --dry-run");
    script.run("resolve xsd9 --theirs --json").run("show T-1").run("conflicts").run("conflicts --all");
    script.run("conflicts --cursor 'a b'").run("conflicts show nothing").run("resolve T-1 --keep");
    script.run("conflicts show xsd9").run("inbox --agent bob").run("events --limit 1");
    assert_transcript!(script);
}

#[test]
fn what_does_not_fit_together_across_records_is_listed() {
    let mut script = Transcript::with_tasks();
    script.before("sprint new 'A sprint' --id s1");
    let task = |id: &str, line: &str| {
        let file = format!(
            "---\nkind: task\nid: {id}\ntitle: A task\n{line}\ncreated_at: \"2026-01-02T03:04:05.000Z\"\n\
             created_by: ada\nupdated_at: \"2026-01-02T03:04:05.000Z\"\nupdated_by: ada\n---\n"
        );
        let path = TASK.path(&Id::parse(id).expect("an id"));
        script.repo.plant(&path, file.as_bytes());
    };
    task("T-a", "depends_on: [T-b]");
    task("T-b", "depends_on: [T-a]");
    task("T-c", "parent: T-gone");
    task("T-d", "sprint: s2");
    let sprint = "---\nkind: sprint\nid: s2\ntitle: Over\nstatus: completed\ncreated_at: \"2026-01-02T03:04:05.000Z\"\n\
                  created_by: ada\nupdated_at: \"2026-01-02T03:04:05.000Z\"\nupdated_by: ada\n---\n";
    script.repo.plant(&SPRINT.path(&Id::parse("s2").expect("an id")), sprint.as_bytes());
    script.run("conflicts").run("conflicts --json");
    assert_transcript!(script);
}
