//! Decisions: written down, changed, replaced.

use super::{Transcript, assert_transcript};

#[test]
fn a_decision_is_proposed_accepted_and_replaced() {
    let mut script = Transcript::with_tasks();
    script.run("decision list");
    script.run("decision new 'Numbered files' --id adr-1 --context 'Two agents start one sprint' --option 'A lock file' --option 'Numbered files' --reference T-1");
    script.run_with(
        "No clean-up after a crash.\n",
        "decision new 'Ask the sprintmaster' --id c-1 --type consultation --body - --json",
    );
    script
        .run("decision edit adr-1 --status accepted --rationale 'Simpler, and in a natural order'")
        .run("decision show adr-1");
    script.run("decision new 'Claims by compare-and-swap' --id adr-2 --supersedes adr-1");
    script.run("decision new 'Claims by a server' --id adr-3 --supersedes adr-2 --status proposed --json");
    script
        .run("decision list")
        .run("decision list --status accepted --json")
        .run("decision list --type consultation --limit 1");
    script.run("decision edit adr-3 --status accepted --json").run("decision edit adr-3 --status accepted");
    script.run("decision show adr-2 --json").run("events --limit 3").run("log --limit 2");
    assert_transcript!(script);
}

#[test]
fn what_is_no_decision_is_refused() {
    let mut script = Transcript::new();
    script.before("decision new 'Numbered files' --id adr-1");
    script.before("decision new 'Claims' --id adr-2 --supersedes adr-1");
    script
        .run("decision new")
        .run("decision new Twin --id ADR-1")
        .run("decision new x --type whim")
        .run("decision new x --supersedes adr-9");
    script
        .run("decision edit adr-1 --status maybe")
        .run("decision edit adr-1 --supersedes adr-2")
        .run("decision edit adr-1")
        .run("decision edit adr-2 --supersedes '' --remove-option 'A server'")
        .run("decision show adr-9")
        .run("decision list --cursor 3 --limit 0");
    assert_transcript!(script);
}
