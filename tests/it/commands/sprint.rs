//! Sprints, what agents report of them, and what is refused while somebody is at one.

use super::{Transcript, assert_transcript};

#[test]
fn a_sprint_is_planned_started_and_closed() {
    let mut script = Transcript::with_tasks();
    script
        .run("sprint list")
        .run("sprint new 'Orchestration API' --id api-v2 --goal 'One way in' --ends 14d --risk 'Too much'");
    script.run_with("# The plan\n", "sprint new 'Later' --id later --body - --json");
    script.run("sprint edit api-v2 --owner ada --label api --set 'phases.build={\"title\":\"Build\"}'");
    script.before("task move T-1 --sprint api-v2");
    script.before("task move T-3 --sprint api-v2");
    script.run("sprint start api-v2").run("sprint show api-v2").run("sprint start api-v2").run("sprint close later");
    script.before("done T-1");
    script.before("status post 'All is well' --status IN_PROGRESS --sprint api-v2");
    script.run("sprint list").run("sprint close api-v2").run("sprint close api-v2 --json");
    script
        .run("sprint close api-v2 --force")
        .run("status list")
        .run("sprint list --status closed --json")
        .run("log --limit 1");
    script.run("events --limit 3");
    script.run("sprint edit api-v2 --set status=active").run("sprint show zz").run("sprint new 'Twin' --id API-V2");
    script.run("sprint close later --cancel").run("sprint close later --cancel").run("sprint list --status cancelled");
    assert_transcript!(script);
}

#[test]
fn what_somebody_is_at_is_begun_only_by_force() {
    let mut script = Transcript::with_tasks();
    script.before("sprint new 'Orchestration API' --id api-v2");
    script.run("status post 'On it' --status started --sprint api-v2 --agent dev-1");
    script.run("status post 'Half done' --status IN_PROGRESS --task T-1 --severity urgent --agent dev-1");
    script.run("sprint start api-v2").run("sprint start api-v2 --json").run("claim T-1 --agent dev-2");
    script.run("next --claim --agent dev-2").run("sprint start api-v2 --force").run("claim T-1 --agent dev-2 --force");
    script.run("log --limit 2");
    script.say("Who leaves says so, or gives the task back");
    script.before("release T-1 --agent dev-2");
    script.before("status post 'Yours' --status HANDOFF --task T-1 --agent dev-1");
    script.run("claim T-1 --agent dev-2");
    assert_transcript!(script);
}

#[test]
fn status_entries_are_listed_and_go_stale() {
    let mut script = Transcript::with_tasks();
    script.run("status list").run("status post 'On it' --status STARTED --task T-1 --ttl 1 --agent dev-1 --json");
    script.before("status post 'No access' --status BLOCKED --task T-3 --severity BLOCKER --agent dev-2");
    script.pass(70);
    script
        .run("status list")
        .run("status list --stale")
        .run("stale")
        .run("stale --json")
        .run("status list --by DEV-2 --json")
        .run("status list --task T-3 --limit 1");
    script
        .run("status post")
        .run("status post x --status y --severity loud")
        .run("status post x --status STARTED --task zz");
    assert_transcript!(script);
}
