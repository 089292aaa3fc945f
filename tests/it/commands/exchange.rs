//! `import` and `export`.

use serde_json::Value;

use super::{Transcript, assert_transcript};
use crate::harness::Repo;

const ISSUES: &str = concat!(
    r#"{"id":"bd-1","title":"Wire the parser","status":"open","priority":1,"issue_type":"task","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}"#,
    "\n",
    r#"{"id":"bd-2","title":"Test it","status":"closed","priority":2,"issue_type":"bug","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","dependencies":[{"issue_id":"bd-2","depends_on_id":"bd-1","type":"blocks","created_at":"2026-01-01T00:00:00Z"}]}"#,
    "\n"
);

#[test]
fn issues_come_in_once_and_go_out_as_they_came() {
    let mut script = Transcript::new();
    std::fs::write(script.repo.path.join("issues.jsonl"), ISSUES).expect("a file");
    script.run("import beads issues.jsonl").run("import beads issues.jsonl --json").run("task list");
    script.run_with("", "import beads -");
    script
        .run("export beads")
        .run("export beads --json")
        .run("export beads out.jsonl")
        .run("export json out.json --json");
    let out = std::fs::read_to_string(script.repo.path.join("out.jsonl")).expect("written");
    let values =
        |text: &str| text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>();
    assert_eq!(values(&out), values(ISSUES));
    assert_transcript!(script);
}

/// As root, an export to a device in the way of a file would take the device from the whole machine.
#[test]
fn an_export_follows_links_and_replaces_only_files() {
    let script = Transcript::with_tasks();
    let place = |name: &str| script.repo.path.join(name);
    std::fs::write(place("target"), "before").expect("a file");
    std::os::unix::fs::symlink("target", place("link")).expect("a link");
    let wanted = script.before("export json").stdout;
    script.before("export json link");
    assert!(place("link").is_symlink(), "the link was replaced");
    assert_eq!(std::fs::read_to_string(place("target")).expect("the file"), wanted);

    script.repo.command("mkfifo").arg("pipe").status().expect("mkfifo");
    // Open for both, so that neither side waits for the other.
    let mut pipe = std::fs::File::options().read(true).write(true).open(place("pipe")).expect("the pipe");
    script.before("export json pipe");
    let mut read = vec![0; wanted.len()];
    std::io::Read::read_exact(&mut pipe, &mut read).expect("what was exported");
    assert_eq!(String::from_utf8_lossy(&read), wanted);
    assert!(!place("pipe").is_file(), "the pipe was replaced");
}

#[test]
fn a_full_export_can_be_imported_elsewhere() {
    let script = Transcript::with_tasks();
    script.before("claim T-1 --agent dev-1");
    script.before("note T-1 'half way' --agent dev-1");
    let out = script.before("export json").stdout;
    let elsewhere = Transcript::new();
    elsewhere.call("import json -").input(&out).expect(0);
    assert_eq!(elsewhere.before("export json").stdout, out);
}

#[test]
fn a_bad_line_is_named_and_nothing_is_imported() {
    let mut script = Transcript::new();
    let bad = format!("{ISSUES}{{\"id\":\"bd-3\"}}\nnot json\n");
    script.run_with(&bad.replace(ISSUES, "{}\n"), "import beads -");
    std::fs::write(script.repo.path.join("bad.jsonl"), bad).expect("a file");
    script.run("import beads bad.jsonl").run("import beads bad.jsonl --json").run("task list");
    script
        .run("import beads nowhere.jsonl")
        .run("import csv x")
        .run("import beads")
        .run("export csv")
        .run("export json nowhere/x");
    assert_transcript!(script);
}

#[test]
fn schemas_are_listed_and_printed_bare_without_a_repository() {
    let mut script = Transcript::of(Repo::none());
    for line in ["schema", "schema --json", "schema reads", "schema operation dep add", "schema config"] {
        script.run(line);
    }
    assert_eq!(script.before("schema task --json").stdout, script.before("schema task").stdout);
    for line in ["schema ready", "schema nothing", "schema answer nothing --json", "schema task --all"] {
        script.run(line);
    }
    assert_transcript!(script);
}

const PLAN: &str = concat!(
    r#"{"op":"task new","as":"feature","title":"The parser","type":"feature"}"#,
    "\n",
    r#"{"op":"task new","title":"Wire it","parent":"$feature","label":["parser"]}"#,
    "\n"
);

const BAD_PLAN: &str = concat!(
    r#"{"op":"task new","as":"feature","titel":"The parser","priority":1}"#,
    "\n\n",
    r#"{"op":"task new","title":"Wire it","parent":"$parser","label":"parser"}"#,
    "\n",
    r#"{"op":"ready"}"#,
    "\n",
    r#"{"title":"Test it"}"#,
    "\n{]\n",
    r#"{"op":"task new","as":"feature","title":"Again"}"#,
    "\n",
    r#"{"op":"done","as":"1","id":"$feature"}"#,
    "\n"
);

const BAD_TASK: &str = "---\nkind: task\nid: T-1\ntitle: ''\ndue_at: soon\nclaim:\n  id: c1\n  agent: ada\nlabels:\n\
                        - a\n- [b]\ncreated_at: \"2026-01-02T03:04:05.678Z\"\nepoch: -1\nupdated_by: ada\n---\nText.\n";

#[test]
fn a_file_is_said_to_be_right_or_told_all_that_is_wrong() {
    let mut script = Transcript::of(Repo::none());
    let file = |name: &str, text: &str| std::fs::write(script.repo.path.join(name), text).expect("a file");
    file("plan.jsonl", PLAN);
    file("bad.jsonl", BAD_PLAN);
    file("task.md", BAD_TASK);
    file("coordination.yaml", "kind: config\nformat: 2\n");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/records/v1/task-full.md");
    file("golden.md", &std::fs::read_to_string(golden).expect("a golden file"));
    for name in ["plan.jsonl", "golden.md", "bad.jsonl", "task.md", "coordination.yaml"] {
        script.run(&format!("validate {name}"));
    }
    script.run("validate plan.jsonl --json").run("validate task.md --json").run("validate task.md --as sprint");
    script.run_with("[{\"kind\":\"task\"},{\"kind\":\"dream\"},3]", "validate -");
    script.run_with("{\"schema\":\"coord/1\",\"data\":{\"record\":null}}", "validate - --as 'answer done'");
    script.run_with("garbage", "validate -").run_with("garbage", "validate - --as operation");
    script.run("validate nowhere").run("validate plan.jsonl --as dream --json").run("validate");
    assert_transcript!(script);
}

#[test]
fn what_is_exported_is_valid_and_so_is_what_was_made_of_it() {
    let script = Transcript::with_tasks();
    script.before("claim T-1");
    script.before("note T-1 'half way' --progress");
    let out = script.before("export json").stdout;
    let answer = script.call("validate - --json").input(&out).expect(0);
    assert_eq!(answer.data()["checked"], out.lines().count());
    // A rule that no schema knows: a title may not be empty.
    let bad = out.replace("Wire the parser", " ");
    let data = script.call("validate - --json").input(&bad).expect(1).data();
    assert_eq!((&data["total"], &data["items"][0]["field"]), (&1.into(), &"title".into()));
}
