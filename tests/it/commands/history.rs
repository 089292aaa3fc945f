//! `log` and `events`.

use super::{Transcript, assert_transcript};

fn with_history() -> Transcript {
    let script = Transcript::with_tasks();
    script.before("claim T-1 --agent dev-1 --session s-1");
    script.before("note T-1 'half way' --agent dev-1 --session s-1");
    script.before("done T-1 'It works' --agent dev-1 --session s-1");
    script
}

#[test]
fn log_shows_what_was_done() {
    let mut script = with_history();
    script
        .run("log")
        .run("log --limit 2")
        .run("log --limit 1 --json")
        .run("log --cursor nonsense")
        .run("log --limit 0");
    assert_transcript!(script);
}

#[test]
fn log_goes_on_after_a_cursor() {
    let script = with_history();
    let first = script.repo.data(&["log", "--limit", "5"]);
    let cursor = first["next_cursor"].as_str().expect("more");
    let second = script.repo.data(&["log", "--cursor", cursor]);
    assert_eq!(first["items"].as_array().map(Vec::len), Some(5));
    assert_eq!(second["items"].as_array().map(Vec::len), Some(script.repo.commit_count() - 5));
    assert!(second["next_cursor"].is_null());
}

#[test]
fn events_are_what_the_commits_changed() {
    let mut script = with_history();
    script.run("events").run("events --type task.claimed --json").run("events --type message").run("events --limit 1");
    script.run("events --type nothing").run("events --cursor nonsense");
    assert_transcript!(script);
}
