//! A call of every verb that means something in one small repository, for rules that hold for all verbs.

use git_coord::commands::VERBS;

use crate::harness::{Call, Repo};

/// What a verb may do to the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Reads,
    Writes,
}

use Effect::{Reads, Writes};

/// A call of a verb. The rows are run one after the other, and each finds what those before it have left.
pub(crate) struct Row {
    /// The verb, as the table of verbs names it.
    pub(crate) verb: &'static str,
    pub(crate) words: &'static [&'static str],
    pub(crate) effect: Effect,
}

const fn row(verb: &'static str, words: &'static [&'static str], effect: Effect) -> Row {
    Row { verb, words, effect }
}

/// At least one row for every verb. `$MESSAGE` is the id of a message to Ada, `$BEADS` a file of issues, `$LINES` one of
/// operations.
const ROWS: &[Row] = &[
    row("init", &[], Writes),
    row("doctor", &[], Reads),
    row("demo", &[], Reads),
    row("whoami", &[], Reads),
    row("config", &[], Reads),
    row("config", &["policy.required_gates", "pytest"], Writes),
    row("config", &["policy.required_gates", "--unset"], Writes),
    row("hooks install", &[], Reads),
    row("hooks status", &[], Reads),
    row("hooks uninstall", &[], Reads),
    row("hook", &["post-merge", "0"], Reads),
    row("show", &["T-1"], Reads),
    row("task new", &["Made by a row", "--id", "T-new", "--body", "Text", "--label", "x"], Writes),
    row("task list", &[], Reads),
    row("task show", &["T-1"], Reads),
    row("task edit", &["T-1", "--title", "Changed", "--label", "x", "--set", "metrics.n=1"], Writes),
    row("sprint new", &["A sprint", "--id", "s1", "--goal", "An end"], Writes),
    row("sprint edit", &["s1", "--title", "The sprint"], Writes),
    row("sprint start", &["s1"], Writes),
    row("sprint show", &["s1"], Reads),
    row("sprint list", &[], Reads),
    row("task move", &["T-1", "--sprint", "s1"], Writes),
    row("dep add", &["T-1", "T-2"], Writes),
    row("blocked", &[], Reads),
    row("dep tree", &["T-1"], Reads),
    row("dep rm", &["T-1", "T-2"], Writes),
    row("ready", &[], Reads),
    row("next", &[], Reads),
    row("next", &["--claim"], Writes),
    row("claim", &["T-2"], Writes),
    row("release", &["T-2", "--handoff", "Take it", "--to", "bob"], Writes),
    row("note", &["T-1", "A remark"], Writes),
    row("note", &["T-held", "Half done", "--progress"], Writes),
    row("context", &["T-1", "--append", "What was found."], Writes),
    row("step", &["T-held", "design"], Writes),
    row("gate", &["T-held", "pytest", "--status", "failed", "failed=2"], Writes),
    row("defer", &["T-new", "--until", "2d"], Writes),
    row("block", &["T-held", "Waiting", "--on", "T-2"], Writes),
    row("unblock", &["T-held"], Writes),
    row("done", &["T-3", "It is done"], Writes),
    row("reopen", &["T-3"], Writes),
    row("cancel", &["T-3", "Not wanted"], Writes),
    row("bulk", &["T-1,T-new", "note", "Looked at"], Writes),
    row("bug report", &["It leaks", "--task", "T-1", "--assign", "bob", "--severity", "URGENT"], Writes),
    row("task rm", &["T-3"], Writes),
    row("send", &["Ada,bob", "Hello", "--priority", "urgent"], Writes),
    row("inbox", &[], Reads),
    row("read", &["$MESSAGE"], Writes),
    row("message list", &["--to", "Ada"], Reads),
    row("message show", &["$MESSAGE"], Reads),
    row("reply", &["$MESSAGE", "An answer"], Writes),
    row("thread", &["T-1"], Reads),
    row("agent new", &["carol", "--role", "reviewer"], Writes),
    row("agent edit", &["carol", "--role", "developer"], Writes),
    row("agent show", &["carol"], Reads),
    row("agent list", &[], Reads),
    row("agent log", &["Reading the parser"], Writes),
    row("agent log", &[], Reads),
    row("status", &[], Reads),
    row("status post", &["So it is", "--status", "COMPLETE", "--sprint", "s1"], Writes),
    row("status list", &[], Reads),
    row("sprint close", &["s1", "--force"], Writes),
    row("heartbeat", &[], Reads),
    row("stale", &[], Reads),
    row("decision new", &["A decision", "--id", "d1", "--option", "Another"], Writes),
    row("decision edit", &["d1", "--status", "accepted", "--rationale", "It is better"], Writes),
    row("decision show", &["d1"], Reads),
    row("decision list", &[], Reads),
    row("search", &["task"], Reads),
    row("sync", &[], Reads),
    row("verify", &[], Reads),
    row("log", &[], Reads),
    row("events", &[], Reads),
    row("archive", &["--older-than", "0s"], Writes),
    row("conflicts", &[], Reads),
    row("conflicts show", &[CONFLICT], Reads),
    row("resolve", &[CONFLICT, "--theirs"], Writes),
    row("apply", &["$LINES"], Writes),
    row("undo", &[], Writes),
    row("import", &["beads", "$BEADS"], Writes),
    row("export", &["beads"], Reads),
    row("export", &["json"], Reads),
    row("schema", &["task"], Reads),
    row("schema", &[], Reads),
    row("validate", &["$LINES"], Reads),
];

/// Returns the rows of the verbs that there are.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| VERBS.iter().any(|verb| verb.name == row.verb))
}

const CONFLICT: &str = "xnjz05xfjp1c5z";

/// What somebody says that Bob runs on.
const CONFLICT_FILE: &str = "---
kind: conflict
id: xnjz05xfjp1c5z
record: agent/bob
field: model
values:
  \"242dbbf670c011d544cda19dacb3c55b\":
    at: \"2026-01-02T03:04:11.000Z\"
    by: bob
    value: opus
status: open
created_at: \"2026-01-02T03:04:11.000Z\"
created_by: git-coord merge
updated_at: \"2026-01-02T03:04:11.000Z\"
updated_by: git-coord merge
---
";

/// Makes what the rows need in a repository that is set up, and returns the id of the message.
#[track_caller]
pub(crate) fn furnish(repo: &Repo) -> String {
    repo.ok(&["agent", "new", "bob"]);
    for id in ["T-1", "T-2", "T-3", "T-held"] {
        repo.ok(&["task", "new", "A task", "--id", id]);
    }
    repo.ok(&["claim", "T-held"]);
    repo.plant(&format!("conflicts/{CONFLICT}.md"), CONFLICT_FILE.as_bytes());
    let sent = repo.coord(&["send", "Ada", "A question"]).json().agent("bob").expect(0);
    sent.data()["record"]["id"].as_str().expect("an id").to_owned()
}

impl Row {
    /// Returns the call of this row.
    pub(crate) fn call(&self, repo: &Repo, message: &str) -> Call {
        let words = self.line(repo, message);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        // The demo is many processes: with one seed for all, their messages would have one id.
        if self.verb == "demo" { repo.live().coord(&words) } else { repo.coord(&words) }
    }

    /// Returns the words of this row, those of the verb first.
    pub(crate) fn line(&self, repo: &Repo, message: &str) -> Vec<String> {
        let beads = repo.machine.root().join("issues.jsonl");
        let issue = "{\"id\":\"bd-1\",\"title\":\"An issue\",\"description\":\"\",\"status\":\"open\",\"priority\":1,\
                     \"issue_type\":\"task\",\"created_at\":\"2026-01-01T00:00:00Z\",\
                     \"updated_at\":\"2026-01-01T00:00:00Z\"}\n";
        std::fs::write(&beads, issue).expect("a file of issues");
        let lines = repo.machine.root().join("lines.jsonl");
        let operations = "{\"op\":\"task new\",\"as\":\"x\",\"title\":\"Applied\"}\n{\"op\":\"claim\",\"id\":\"$x\"}\n";
        std::fs::write(&lines, operations).expect("a file of operations");
        let words = self.verb.split(' ').chain(self.words.iter().copied());
        words
            .map(|word| word.replace("$MESSAGE", message).replace("$BEADS", &beads.to_string_lossy()))
            .map(|word| word.replace("$LINES", &lines.to_string_lossy()))
            .collect()
    }
}

#[test]
fn every_verb_has_a_row() {
    let missing: Vec<_> =
        VERBS.iter().map(|verb| verb.name).filter(|name| ROWS.iter().all(|row| row.verb != *name)).collect();
    assert!(missing.is_empty(), "no call is known of: {missing:?}");
}
