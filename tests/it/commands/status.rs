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
