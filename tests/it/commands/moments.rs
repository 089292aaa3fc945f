//! Looking at the past with `--at`, writing only on what was seen with `--if-match`, and not at all with `--dry-run`.

use super::{Transcript, assert_transcript};

#[test]
fn every_read_answers_as_of_then() {
    let mut script = Transcript::with_tasks();
    script.before("done T-1");
    script.before("claim T-2");
    script.run("ready").run("ready --at ~2").run("--at ~2 show T-1").run("task list --at ~1 --json");
    script.run("log --at ~4").run("events --at ~4 --limit 2").run("status --at ~1");
    let first = script.repo.git(&["rev-parse", "refs/coord/main~4"]);
    script.run(&format!("task list --at {first}")).run("task list --at 2026-01-01").run("task list --at 1s");
    script.run("task list --at HEAD").run("task list --at ~99").run("task list --at tomorrowish");
    script.run("done T-2 --at ~1").run("whoami --at ~1");
    assert_transcript!(script);
}

#[test]
fn a_write_goes_through_only_where_things_are_as_they_were_seen() {
    let mut script = Transcript::with_tasks();
    let tip = script.repo.git(&["rev-parse", "refs/coord/main"]);
    let blob = script.repo.data(&["show", "T-2"])["blob"].as_str().expect("a blob").to_owned();
    script.run(&format!("task edit T-1 --priority P0 --if-match {tip}"));
    script.run(&format!("task edit T-1 --priority P1 --if-match {tip}"));
    script.run(&format!("task edit T-2 --priority P0 --if-match {blob} --json"));
    script.run(&format!("task edit T-2 --priority P1 --if-match {blob} --json"));
    script.run(&format!("task edit T-2 --priority P1 --if-match {} --dry-run", &blob[..7]));
    let blob = script.repo.data(&["show", "T-2"])["blob"].as_str().expect("a blob").to_owned();
    script.run(&format!("note T-2 hello --if-match {blob}"));
    script.run(&format!("bulk T-2,T-3 note hello --if-match {blob}"));
    script.run("note T-1 hello --if-match soon");
    assert_transcript!(script);
}

#[test]
fn a_rehearsal_shows_what_would_be_written() {
    let mut script = Transcript::with_tasks();
    script.run("claim T-1 --dry-run").run("next --claim --dry-run --json").run("done T-2 --dry-run").run("task list");
    script.run("task edit T-1 --priority P1 --dry-run").run("log --limit 1");
    assert_transcript!(script);
}
