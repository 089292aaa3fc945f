//! `import` and `export`.

use serde_json::Value;

use super::{Transcript, assert_transcript};

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
