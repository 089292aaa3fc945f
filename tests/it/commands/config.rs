//! Settings of the machine and policies of the team.

use super::{Transcript, assert_transcript};
use crate::harness::Repo;

#[test]
fn settings_are_listed_with_where_they_come_from() {
    let mut script = Transcript::with_tasks();
    script.run("config");
    script
        .run("config coord.ttl 2h")
        .run("config coord.locktimeout 10s --json")
        .run("config coord.overlap warn --dry-run");
    script
        .run("config coord.ttl")
        .run("config coord.ttl --unset")
        .run("config coord.ttl --unset")
        .run("config coord.ttl --json");
    let limited = script.call("config coord.ttl 20").env("GIT_CONFIG_PARAMETERS", "'coord.ttl=5'").run();
    script.keep("$ git -c coord.ttl=5 coord config coord.ttl 20", &limited);
    script.repo.git(&["config", "coord.tll", "5"]);
    script.run("config").run("config coord.tll --unset").run("config --json");
    assert_transcript!(script);
}

#[test]
fn policies_are_agreed_on_in_the_state() {
    let mut script = Transcript::with_tasks();
    script
        .run("config policy.required_gates 'pytest, ruff' --dry-run")
        .run("config policy.required_gates 'pytest, ruff'");
    script.run("config policy.required_gates pytest,ruff").run("config policy.required_gates").run("done T-1");
    script.run("events --limit 1 --json").run("log --limit 1").run("config policy.required_gates --unset --json");
    script.run_with(
        "{\"op\":\"config\",\"key\":\"policy.required_gates\",\"value\":\"pytest\"}\n{\"op\":\"note\",\"id\":\"T-1\",\"text\":\"Tested from now on\"}\n",
        "apply -",
    );
    script.run("doctor").run_with("{\"op\":\"config\",\"key\":\"coord.ttl\",\"value\":\"5\"}\n", "apply -");
    script.repo.plant("coordination.yaml", b"kind: config\nformat: 1\npolicy:\n  colour: red\n  required_gates: 3\n");
    script.run("config").run("done T-1").run("config policy.required_gates").run("config policy.required_gates pytest");
    script.run("config policy.colour blue").run("config policy.colour --unset").run("config policy.colour");
    assert_transcript!(script);
}

#[test]
fn what_makes_no_sense_is_refused_and_can_be_set_right() {
    let mut script = Transcript::of(Repo::plain());
    script.run("config policy.required_gates pytest").run("config coord.agent ada").run("config policy.required_gates");
    script
        .run("config coord.colour red")
        .run("config coord.ttl soon --json")
        .run("config coord.agent all")
        .run("config coord.remotePrefix heads")
        .run("config coord.fsync maybe")
        .run("config policy.required_gates ,")
        .run("config coord.ttl 5 --if-match 0123456")
        .run("config coord.ttl 5 --unset");
    for (key, good) in [("coord.ttl", "30"), ("coord.fsync", "on")] {
        script.repo.git(&["config", key, "soon"]);
        script.run("ready").run(&format!("config {key}")).run(&format!("config {key} {good}"));
    }
    script.run("ready");
    assert_transcript!(script);
}
