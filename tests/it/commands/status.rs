//! `status` on one page. `heartbeat` and `stale` stand with the claims.

use super::{Transcript, assert_transcript};

#[test]
fn status_of_nothing_is_short() {
    let mut script = Transcript::new();
    script.run("status").run("stale").run("status --json");
    assert_transcript!(script);
}

#[test]
fn status_shows_what_wants_attention_first() {
    let mut script = Transcript::with_tasks();
    script.before("agent new ada --role coordinator");
    script.before("agent new dev-1 --role developer --reports-to ada");
    script.before("claim T-1 --agent dev-1 --ttl 1");
    script.before("claim T-3 --agent dev-2");
    script.before("send ada 'Which format?' --agent dev-2 --type question --priority urgent --thread T-3");
    script.before("block T-1 'No access' --agent dev-1");
    script.pass(70);
    script.before("send dev-1 'Are you there?' --agent ada");
    script.run("status --agent ada").run("status --agent dev-2").run("status --agent dev-1 --json");
    assert_transcript!(script);
}

#[test]
fn status_is_the_page_that_a_coordinator_lives_on() {
    let mut script = Transcript::with_tasks();
    script.before("agent new Ada --role coordinator");
    script.before("sprint new 'Parse everything' --id parse-v1 --owner Ada --ends 4d");
    script.before("sprint start parse-v1");
    for task in ["T-1", "T-2", "T-3"] {
        script.before(&format!("task move {task} --sprint parse-v1"));
    }
    for n in 1..=7 {
        script.before(&format!("task new 'More work' --id M-{n}"));
    }
    script.before("agent new dev-1 --role developer --reports-to Ada");
    script.before("agent new dev-2 --role developer --reports-to Ada");
    script.before("claim T-1 --agent dev-1");
    script.before("claim T-3 --agent dev-2 --ttl 1");
    script.before("status post 'The tests take an hour' --status IN_PROGRESS --severity WARN --task T-1 --agent dev-1");
    script
        .before("status post 'No access to the fixtures' --status BLOCKED --severity BLOCKER --task T-3 --agent dev-2");
    script.before("status post 'All is well' --status IN_PROGRESS --sprint parse-v1 --agent dev-3 --ttl 1");
    script.before(
        "send Ada 'Which format are the notes in?' --type question --thread T-3 --priority urgent --agent dev-2",
    );
    script.pass(180);
    script.before("claim M-1");
    script.before("done M-2 --agent dev-1");
    script.run("status").run("status --limit 2 --json");
    assert_transcript!(script);
}

#[test]
fn status_fits_eighty_columns() {
    let script = Transcript::with_tasks();
    script.before("agent new dev-1 --role developer --reports-to ada");
    let title = "A title that goes on and on ".repeat(7);
    script.before(&format!("task new '{title}' --id a-rather-long-id-of-a-task"));
    script.before("claim T-1 --agent dev-1");
    script.call("note T-1 -").input(&title).expect(0);
    for verb in ["status", "task list", "ready", "blocked", "log"] {
        let answer = script.call(verb).env("COLUMNS", "80").expect(0);
        let widest = answer.stdout.lines().max_by_key(|line| line.chars().count()).unwrap_or_default();
        assert!(widest.chars().count() <= 80, "{verb}: {widest}");
    }
}
