//! Profiles of agents.

use super::{Transcript, assert_transcript};

#[test]
fn profiles_are_made_shown_and_listed() {
    let mut script = Transcript::with_tasks();
    script.run("agent list");
    script.run("agent new dev-1 --role developer --capability rust --skill review --safety-rail 'never force-push' --model m-1 --reports-to ada");
    script.run_with("Reads before it writes.\n", "agent new dev-2 --body - --json");
    script.before("claim T-1 --agent dev-1");
    script.run("agent show dev-1").run("agent show dev-2 --json").run("agent list").run("agent list --json --limit 1");
    assert_transcript!(script);
}

#[test]
fn names_that_are_taken_or_reserved_are_refused() {
    let mut script = Transcript::new();
    script.before("agent new dev-1");
    script
        .run("agent new DEV-1")
        .run("agent new all")
        .run("agent new 'a b'")
        .run("agent new")
        .run("agent new x --reports-to all");
    assert_transcript!(script);
}

#[test]
fn a_profile_can_be_changed() {
    let mut script = Transcript::new();
    script.before("agent new dev-1 --role developer --capability rust");
    script.run("agent edit dev-1 --role reviewer --capability git --remove-capability rust --set skills=patience");
    script.run("agent show dev-1").run("agent edit dev-1 --role reviewer").run("agent edit dev-1");
    script.run("agent edit dev-1 --reports-to all").run("agent edit dev-2 --role x").run("agent edit dev-1 --set id=x");
    assert_transcript!(script);
}

#[test]
fn an_agent_keeps_a_log_and_others_read_it() {
    let mut script = Transcript::new();
    script.run("agent log");
    script.before("agent new dev-1");
    script.run("agent log 'Starting task T-TASK-01, reviewing the code' --agent dev-1");
    script.run_with("Found two things:\n- tabs\n- blanks\n", "agent log - --agent DEV-1 --json");
    script.run("agent log 'Done for today' --agent dev-1");
    script.before("agent log 'Mine' --agent dev-2");
    script.run("agent log --of dev-1").run("agent log --agent dev-1 --limit 2 --json");
    let page = script.call("agent log --of dev-1 --limit 1").json().expect(0);
    let cursor = page.data()["next_cursor"].as_str().expect("more").to_owned();
    script.run(&format!("agent log --of dev-1 --limit 1 --cursor {cursor}"));
    let id = page.data()["items"][0]["id"].as_str().expect("an id").to_owned();
    script.before(&format!("reply {id} 'Well done' --agent dev-2"));
    script.run("thread dev-1").run("agent log --of dev-2").run("inbox --agent dev-1").run("events --limit 2");
    script.run("log --limit 2").run("doctor");
    script.run("agent log --of dev-9").run("agent log ''").run("agent log x --of dev-1").run("agent log x --dry-run");
    script.before("agent new eve");
    script.run("agent log eve").run("agent log 'eve is here'");
    assert_transcript!(script);
}
