//! `conflicts`, `conflicts show` and `resolve`.

use super::{Transcript, assert_transcript};

const CONFLICT: &str = r#"{"kind":"conflict","id":"xsd9mkey7f98td","record":"task/T-1","field":"title","base":"Parser","values":{"2cb2a0b6fd5afdcc3363f13d91f696d0":{"value":"The parser","by":"bob","at":"2026-01-02T03:04:08.000Z"},"b59ddafce5123a2742e492a98a07ed9c":{"value":"Wire the parser","by":"Ada","at":"2026-01-02T03:04:07.000Z"}},"status":"open","created_at":"2026-01-02T03:04:08.000Z","created_by":"git-coord merge","updated_at":"2026-01-02T03:04:08.000Z","updated_by":"git-coord merge"}"#;

#[test]
fn a_conflict_is_listed_shown_and_settled() {
    let mut script = Transcript::with_tasks();
    script.run("conflicts");
    std::fs::write(script.repo.path.join("conflict.jsonl"), format!("{CONFLICT}\n")).expect("a file");
    script.before("import json conflict.jsonl");
    script.run("conflicts").run("conflicts --json").run("conflicts show xsd9").run("conflicts show xsd9 --json");
    script.run("resolve xsd9").run("resolve xsd9 --keep --ours").run("resolve nothing --keep");
    script.run("resolve xsd9 --by carl").run("resolve xsd9 --theirs --dry-run");
    script.run("resolve xsd9 --theirs --json").run("show T-1").run("conflicts").run("conflicts --all");
    script.run("conflicts --cursor 'a b'").run("conflicts show nothing");
    script.run("conflicts show xsd9").run("inbox --agent bob").run("events --limit 1");
    assert_transcript!(script);
}
