//! Warnings: what was done, and is odd.

use super::conflicts::{pass, pushes_of_a_lost_claim};
use super::remotes::with_remote;
use super::{Row, row, way};
use crate::harness::Repo;

const ISSUE: &str = "\"title\":\"x\",\"status\":\"open\",\"priority\":1,\"issue_type\":\"task\",\
                     \"created_at\":\"2026-01-01T00:00:00Z\",\"updated_at\":\"2026-01-01T00:00:00Z\"";

pub(super) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = [messages(), tasks(), imports(), remotes()].into_iter().flatten().collect();
    rows.sort_by_key(|row| row.code);
    rows
}

fn messages() -> Vec<Row> {
    vec![
        row(
            0,
            "unknown_agent",
            "There is no agent of that name yet; the message waits in its inbox.",
            [way("send bob hello")],
        ),
        row(
            0,
            "protected",
            "What was changed is for those alone who sign with a certain key, and this is not signed.",
            [way("task edit T-1 --title Other").after("config policy.protect 'tasks/** = signer:ada@example.org'")],
        ),
        row(
            0,
            "unknown_role",
            "No agent has that role yet; the message waits for one that is given it.",
            [way("send role:tester hello")],
        ),
        row(
            0,
            "no_inbox",
            "Nobody of that name can have an inbox; what was said stands in the thread only.",
            [way("note T-1 'Half done' --progress").after("claim T-1").given(|repo| {
                repo.ok(&["agent", "new", "Ada", "--reports-to", "bob"]);
                let profile = repo.file("agents/Ada.md").replace("reports_to: bob", "reports_to: a b");
                repo.plant("agents/Ada.md", format!("{profile}\n").as_bytes());
            })],
        ),
        row(
            0,
            "overridden",
            "The setting was set, and another value of it wins: from the command line, the environment or a worktree.",
            [way("config coord.ttl 20").env("GIT_CONFIG_PARAMETERS", "'coord.ttl=5'")],
        ),
        row(
            0,
            "unreadable",
            "The asker's profile cannot be read, so nobody was told.",
            [way("done T-1").given(|repo| drop(repo.plant("agents/Ada.md", b"garbage")))],
        ),
    ]
}

fn tasks() -> Vec<Row> {
    vec![
        row(
            0,
            "parts_unknown",
            "The record is whole, and the state is damaged elsewhere: which tasks belong to it nobody can tell.",
            [way("show T-1").given(|repo| {
                super::findings::cut_file_of(repo, "T-2");
                let _ = std::fs::remove_file(repo.common_dir().join("coord/index.sqlite"));
            })],
        ),
        row(
            0,
            "claim_is_over",
            "What was undone had ended a claim; the task is free, and the claim is not given back.",
            [way("undo").after("claim T-1").after("release T-1")],
        ),
        row(
            0,
            "gates_failed",
            "The task is done although a check of it failed; no policy requires that check.",
            [way("done T-1").after("gate T-1 pytest --status failed failed=2")],
        ),
        row(
            0,
            "steps_open",
            "The task is done although steps of it are not.",
            [way("done T-1").after("step T-1 design").after("step T-1 build --plan")],
        ),
        row(
            0,
            "parent_closed",
            "The task is part of one that is closed.",
            [way("task new x --parent T-1").after("done T-1")],
        ),
        row(
            0,
            "more_warnings",
            "There is more that the user should know than an answer lists.",
            [way("apply -").input("{\"op\":\"task new\",\"title\":\"x\",\"sprint\":\"S-9\"}\n".repeat(201).as_bytes())],
        ),
        row(
            0,
            "claim_lost",
            "A claim that the asker held is over: its task was taken over or closed by somebody else.",
            [way("heartbeat").after("claim T-1").given(|repo| {
                repo.worktree("two").ok(&["claim", "T-1", "--force", "--agent", "bob"]);
                pass(repo, 120);
            })],
        ),
        row(
            0,
            "missing_reference",
            "The task from which it was discovered does not exist yet.",
            [way("task new x --discovered-from T-9")],
        ),
        row(
            0,
            "paths_overlap",
            "Another living claim reserves some of the same paths, and `coord.overlap` is `warn`.",
            [way("claim T-3 --paths src --agent bob")
                .after("git config coord.overlap warn")
                .after("claim T-1 --paths src/parser")],
        ),
        row(0, "missing_sprint", "The sprint does not exist yet.", [way("task new x --sprint s-1")]),
    ]
}

fn imports() -> Vec<Row> {
    let beads = |rows: &[String]| way("import beads -").input(rows.join("\n").as_bytes());
    let issue = |id: &str, more: &str| format!("{{\"id\":\"{id}\",{ISSUE}{more}}}");
    let needs = |on: &str, of: &str| {
        format!(",\"dependencies\":[{{\"issue_id\":\"{of}\",\"depends_on_id\":\"{on}\",\"type\":\"blocks\"}}]")
    };
    let comment =
        "{\"id\":1,\"issue_id\":\"a\",\"author\":\"x\",\"text\":\"y\",\"created_at\":\"2026-01-01T00:00:00Z\"}";
    vec![
        row(
            0,
            "cycle",
            "Tasks of the import wait for each other.",
            [beads(&[issue("a", &needs("b", "a")), issue("b", &needs("a", "b"))])],
        ),
        row(
            0,
            "missing_target",
            "A task of the import names one that does not exist.",
            [beads(&[issue("a", &needs("b", "a"))])],
        ),
        row(
            0,
            "twice",
            "The file has two rows of one id; the newer was taken.",
            [beads(&[issue("a", ""), issue("a", "")])],
        ),
        row(
            0,
            "foreign_edge",
            "A dependency in a row belongs to another issue; it was only kept.",
            [beads(&[issue("a", &needs("b", "c")), issue("b", "")])],
        ),
        row(
            0,
            "double_comment",
            "A comment stands twice in a row; it was taken once.",
            [beads(&[issue("a", &format!(",\"comments\":[{comment},{comment}]"))])],
        ),
        row(
            0,
            "passed_over",
            "Lines of a sort that has no place here were left out.",
            [way("import json -").input(b"{\"kind\":\"star\",\"id\":\"x\"}\n")],
        ),
        row(
            0,
            "claim_ended",
            "The import closes a task that somebody holds.",
            [way("import json -").after("claim T-1").input(
                b"{\"kind\":\"task\",\"id\":\"T-1\",\"title\":\"x\",\"status\":\"completed\",\"priority\":\"P2\",\
                  \"created_at\":\"2026-01-01T00:00:00Z\",\"created_by\":\"a\",\
                  \"updated_at\":\"2027-01-01T00:00:00Z\",\"updated_by\":\"a\"}\n",
            )],
        ),
    ]
}

/// Claims, and dies while the remote is asked.
fn unanswered(repo: &Repo, point: &str) {
    let answer = repo.coord(&["claim", "T-1"]).env("GIT_COORD_FAILPOINT", point).run();
    assert!(answer.was_killed(), "{answer}");
}

fn remotes() -> Vec<Row> {
    vec![
        row(
            0,
            "hooks_by_hand",
            "Somebody else looks after the hooks of the repository: `git coord hooks status` shows what to add.",
            [way("init").not_set_up().after("git config core.hooksPath .husky/_")],
        ),
        row(
            0,
            "hooks_not_installed",
            "The hooks could not be put in place; all else was done.",
            [way("init").not_set_up().given(|repo| {
                let hooks = repo.common_dir().join("hooks");
                let _ = std::fs::remove_dir_all(&hooks);
                std::fs::write(hooks, "in the way").expect("a file");
            })],
        ),
        row(
            0,
            "not_published",
            "The push goes on, and the state could not be published along with it.",
            [way("hook pre-push origin url").given(with_remote).given(|repo| {
                repo.git(&["config", "remote.origin.pushurl", "/nowhere"]);
                repo.ok(&["note", "T-1", "To be published"]);
            })],
        ),
        row(
            0,
            "fenced",
            "A push holds commits that were made under a claim which is no longer held.",
            [way("hook pre-push <../line").through_a_shell().given(pushes_of_a_lost_claim)],
        ),
        row(
            0,
            "hook_failed",
            "What is to be done in a hook could not be done; git goes on all the same.",
            [way("hook post-merge 0").given(|repo| {
                std::fs::write(repo.common_dir().join("refs/coord/main"), "x\n").expect("a ref");
            })],
        ),
        row(
            0,
            "remote_unreachable",
            "The remote could not be asked for its state; all else was done.",
            [way("init").not_set_up().after("git remote add origin /nowhere")],
        ),
        row(
            0,
            "remote_has_state",
            "The remote has state that is not here yet; the next command brings both together.",
            [way("init").given(|repo| {
                let other = repo.clone_to("other", &[]);
                other.git(&["update-ref", "refs/coord/main", "HEAD"]);
                repo.git(&["remote", "add", "origin", &other.path.to_string_lossy()]);
            })],
        ),
        row(
            0,
            "provisional_claim",
            "The remote was not asked: the claim holds on this machine alone, until a sync has published it.",
            [way("--offline claim T-1").given(with_remote)],
        ),
        row(
            0,
            "claim_confirmed",
            "A claim whose answer was lost has reached the remote after all.",
            [way("sync").given(with_remote).given(|repo| unanswered(repo, "sync-push.after=kill"))],
        ),
        row(
            0,
            "claim_not_taken",
            "A claim whose answer was lost has never reached the remote.",
            [way("sync").given(with_remote).given(|repo| {
                unanswered(repo, "sync-push.before=kill");
                let other = repo.clone_to("laptop", &[]);
                other.git(&["remote", "set-url", "origin", "../remote.git"]);
                other.ok(&["init"]);
                other.ok(&["task", "new", "Of another", "--id", "T-other"]);
                other.ok(&["sync"]);
            })],
        ),
        row(
            0,
            "not_taken_in",
            "The remote has the claim, and it could not be written here yet; the next command takes it in.",
            [way("claim T-1").given(with_remote).env("GIT_COORD_FAILPOINT", "sync-take-in.before=error")],
        ),
        row(
            0,
            "remote_lost_state",
            "The remote had the state and has it no longer; it gets it again.",
            [way("sync").given(with_remote).given(|repo| {
                let remote = repo.at("../remote.git");
                remote.git(&["update-ref", "-d", "refs/coord/main"]);
            })],
        ),
        row(
            0,
            "presence_not_told",
            "The remote did not take the signs of life of this machine; the state is there all the same.",
            [way("sync").given(with_remote).given(|repo| {
                let refuse = "#!/bin/sh\ncase \"$1\" in refs/coord/presence/*) exit 1;; esac\n";
                repo.at("../remote.git").hook("update", refuse);
                repo.ok(&["heartbeat"]);
                pass(repo, 700);
            })],
        ),
        row(
            0,
            "remote_went_back",
            "The remote has an older state than before; it gets again what it had.",
            [way("sync").given(with_remote).given(|repo| {
                let remote = repo.at("../remote.git");
                remote.git(&["update-ref", "refs/coord/main", "refs/coord/main~1"]);
            })],
        ),
    ]
}
