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
