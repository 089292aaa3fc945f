//! Errors of use and of conflict, and what is not there: exit codes 2, 3 and 4.

use super::{Row, row, way};
use crate::harness::Repo;

pub(super) fn rows() -> Vec<Row> {
    [use_and_absence(), claims(), states()].into_iter().flatten().collect()
}

fn use_and_absence() -> Vec<Row> {
    vec![
        row(
            2,
            "usage",
            "The command line makes no sense: an unknown verb or flag, or something missing or too much.",
            [
                way("task"),
                way("task new"),
                way("no-such-verb"),
                way("show"),
                way("claim T-1 --tll 5m"),
                way("task edit T-1"),
                way("task edit T-1 --set x"),
                way("gate T-1 pytest --status passed x=y"),
                way("gate T-1 pytest"),
                way("export nowhere"),
                way("import nowhere -"),
                way("ready --limit x"),
                way("ready --color sometimes"),
                way("context T-1"),
                way("hook pre-auto-gc"),
                way("note T-1 x --session 'a\u{1b}b'"),
            ],
        ),
        row(
            4,
            "ambiguous",
            "The name fits several records.",
            [
                way("show abcd").after("task new x --id abcd1").after("task new x --id abcd2"),
                way("show T-1").after("agent new T-1"),
                way("claim abcd").after("task new x --id abcd1").after("task new x --id abcd2"),
            ],
        ),
        row(
            4,
            "not_found",
            "What was named is not there.",
            [
                way("show nowhere"),
                way("show T-"),
                way("show nothing/x"),
                way("claim nowhere"),
                way("done nowhere"),
                way("task show nowhere"),
                way("dep add T-1 nowhere"),
                way("dep rm T-1 T-3"),
                way("agent show nobody"),
                way("read nowhere"),
                way("reply nowhere x"),
                way("thread nowhere"),
                way("import json nowhere.jsonl"),
                way("task new x --parent nowhere"),
            ],
        ),
    ]
}

fn claims() -> Vec<Row> {
    vec![
        row(
            3,
            "blocked",
            "The task cannot be claimed: it waits for another, or it or what it is part of is blocked.",
            [
                way("claim T-2"),
                way("claim T-1").after("block T-1 'No key'"),
                way("claim T-3").after("block T-4 'No key'"),
                way("claim T-1").after("task new x --id T-5").given(|repo| {
                    let path = repo.task_path("T-1");
                    let held = repo.file(&path).replace("status: pending", "status: hooked");
                    repo.plant(&path, held.as_bytes());
                }),
            ],
        ),
        row(
            3,
            "claim_held",
            "Somebody else holds the task.",
            [
                way("claim T-1 --agent bob").after("claim T-1"),
                way("done T-1 --agent bob").after("claim T-1"),
                way("release T-1 --agent bob").after("claim T-1"),
                way("block T-1 Why --agent bob").after("claim T-1"),
                way("step T-1 design --agent bob").after("claim T-1"),
                way("gate T-1 pytest --status passed --agent bob").after("claim T-1"),
                way("note T-1 'Half done' --progress --agent bob").after("claim T-1"),
                way("claim T-1 --agent bob").after("claim T-1 --ttl 1m").given(|repo| pass(repo, 90)),
            ],
        ),
        row(
            3,
            "claim_id_taken",
            "The id given for the claim is that of another claim.",
            [way("claim T-3 --claim-id c1").after("claim T-1 --claim-id c1")],
        ),
        row(
            3,
            "fenced",
            "A push holds commits that were made under a claim which is no longer held, and `coord.fence` is `refuse`.",
            [way("hook pre-push <../line")
                .through_a_shell()
                .after("git config coord.fence refuse")
                .given(pushes_of_a_lost_claim)],
        ),
        row(
            3,
            "in_progress_elsewhere",
            "A status entry says that somebody is at it, and nothing later that it is not.",
            [
                way("claim T-1 --agent bob").after("status post 'On it' --status STARTED --task T-1"),
                way("sprint start s")
                    .after("sprint new One --id s")
                    .after("status post 'On it' --status IN_PROGRESS --sprint s"),
            ],
        ),
        row(
            3,
            "paths_overlap",
            "Another living claim reserves some of the same paths.",
            [
                way("claim T-3 --paths src --agent bob").after("claim T-1 --paths src/parser"),
                way("claim T-3 --paths src --agent bob").after("claim T-1 --paths src --agent 'A. B.'"),
            ],
        ),
        row(3, "not_claimed", "The task cannot be given back: nobody holds it.", [way("release T-1")]),
        row(
            3,
            "not_stale",
            "The claim cannot be taken over: its holder is alive.",
            [way("claim T-1 --takeover --agent bob").after("claim T-1")],
        ),
        row(3, "open_children", "The task cannot be claimed while its parts are open.", [way("claim T-4")]),
        row(
            3,
            "deferred",
            "The task cannot be claimed before the time until which it is put off.",
            [way("claim T-1").after("defer T-1 --until 2d")],
        ),
    ]
}

fn states() -> Vec<Row> {
    vec![
        row(
            3,
            "built_upon",
            "The commit cannot be undone: something later stands on it.",
            [
                way("undo").after("task new x --id T-8").after("note T-8 hello --agent bob"),
                way("undo ~1").after("claim T-1").after("release T-1"),
                way("undo").after("done T-1").after("claim T-2 --agent bob"),
            ],
        ),
        row(
            3,
            "closed",
            "The task is closed, and what was asked for is for open ones.",
            [
                way("claim T-1").after("done T-1"),
                way("block T-1 Why").after("done T-1"),
                way("cancel T-1 Why").after("done T-1"),
                way("done T-1").after("cancel T-1 Why"),
            ],
        ),
        row(
            3,
            "id_taken",
            "The id belongs to another record already; letters count the same in both cases.",
            [
                way("task new x --id T-1"),
                way("task new x --id t-1"),
                way("agent new bob").after("agent new bob"),
                way("import json -").input(
                    b"{\"kind\":\"task\",\"id\":\"t-1\",\"title\":\"x\",\"status\":\"pending\",\"priority\":\"P2\",\
                      \"created_at\":\"2026-01-01T00:00:00Z\",\"created_by\":\"a\",\
                      \"updated_at\":\"2026-01-01T00:00:00Z\",\"updated_by\":\"a\"}\n",
                ),
            ],
        ),
        row(
            3,
            "if_match_failed",
            "What `--if-match` names is neither the tip nor the record's file any more.",
            [way("task edit T-1 --title x --if-match 0000000"), way("note T-1 x --if-match 0000000")],
        ),
        row(
            3,
            "not_active",
            "The sprint cannot be closed: it is being planned, or over.",
            [
                way("sprint close s").after("sprint new One --id s"),
                way("sprint close s --cancel").after("sprint new One --id s").after("sprint close s --cancel"),
            ],
        ),
        row(
            3,
            "not_planning",
            "The sprint cannot be started: it was already.",
            [way("sprint start s").after("sprint new One --id s").after("sprint start s")],
        ),
        row(3, "not_blocked", "The task cannot be unblocked: it is not blocked.", [way("unblock T-1")]),
        row(3, "not_closed", "The task cannot be opened again: it is open.", [way("reopen T-1")]),
        row(
            3,
            "not_pending",
            "The task cannot be put off: only one that nobody has begun can.",
            [way("defer T-1 --until 2d").after("claim T-1")],
        ),
    ]
}

/// Lets so many seconds pass.
pub(super) fn pass(repo: &Repo, seconds: u32) {
    (0..seconds).for_each(|_| repo.machine.tick(&mut std::process::Command::new("true")));
}

/// Has a commit that was made under a claim of which nobody knows, and a line that says that it is pushed.
pub(super) fn pushes_of_a_lost_claim(repo: &Repo) {
    repo.git(&["commit", "--quiet", "--allow-empty", "-m", "x", "-m", "Coord-Task: T-1\nCoord-Claim: c1"]);
    let line = format!("HEAD {} refs/heads/main {}\n", repo.git(&["rev-parse", "HEAD"]), "0".repeat(40));
    std::fs::write(repo.path.join("../line"), line).expect("a file");
}
