//! Other machines: exit code 6, and what comes of what they have.

use super::{Row, row, way};
use crate::harness::Repo;

pub(super) fn rows() -> Vec<Row> {
    [absent(), claims(), refusals(), heads()].into_iter().flatten().collect()
}

/// Gives the repository a remote that has all of its state.
pub(super) fn with_remote(repo: &Repo) {
    let remote = repo.clone_to("remote.git", &["--bare"]);
    repo.git(&["remote", "add", "origin", &remote.path.to_string_lossy()]);
    repo.ok(&["init"]);
    repo.ok(&["sync"]);
}

fn hook(repo: &Repo, name: &str, script: &str) {
    repo.at("../remote.git").hook(name, script);
    repo.ok(&["note", "T-1", "To be published"]);
}

fn absent() -> Vec<Row> {
    vec![
        row(
            4,
            "no_such_remote",
            "There is no such remote.",
            [
                way("sync nowhere"),
                way("sync").given(with_remote).given(|repo| {
                    repo.git(&["config", "coord.remote", "nowhere"]);
                }),
            ],
        ),
        row(
            6,
            "fetch_failed",
            "The remote did not give its state; nothing was published either.",
            [
                way("sync").after("git remote add origin /nowhere").after("init"),
                way("claim T-1").after("git remote add origin /nowhere").after("init"),
            ],
        ),
        row(
            6,
            "publish_failed",
            "The push was to publish the state too, which did not work, and `coord.publishOnPush` is `require`.",
            [way("hook pre-push origin url").given(with_remote).given(|repo| {
                repo.git(&["config", "coord.publishOnPush", "require"]);
                repo.git(&["config", "coord.pushBudget", "1ns"]);
                repo.ok(&["note", "T-1", "To be published"]);
            })],
        ),
        row(
            6,
            "push_failed",
            "The remote could not be reached to publish; what it had is here.",
            [way("sync").given(with_remote).given(|repo| {
                repo.git(&["config", "remote.origin.pushurl", "/nowhere"]);
                repo.ok(&["note", "T-1", "To be published"]);
            })],
        ),
    ]
}

fn claims() -> Vec<Row> {
    vec![
        row(
            6,
            "offline",
            "A remote would have to be asked, and none is to be.",
            [way("--offline sync").given(with_remote)],
        ),
        row(
            6,
            "claim_unknown",
            "The remote has not answered a claim; it may have it or not. The next contact tells, and the same claim may be asked for again.",
            [way("claim T-1").given(with_remote).given(|repo| {
                repo.at("../remote.git").hook("pre-receive", "#!/bin/sh\nkill -9 $PPID\n");
            })],
        ),
        row(
            6,
            "too_long_to_claim",
            "A long file of `apply` cannot take tasks where a remote decides who gets them.",
            [way("apply -")
                .env("GIT_COORD_TEST_LITTLE", "1")
                .input(b"{\"op\":\"claim\",\"id\":\"T-1\"}\n{\"op\":\"note\",\"id\":\"T-1\",\"text\":\"x\"}\n")
                .given(with_remote)],
        ),
    ]
}

fn refusals() -> Vec<Row> {
    vec![
        row(
            6,
            "push_refused",
            "The remote does not take the state; what it had is here.",
            [
                way("sync").given(with_remote).given(|repo| hook(repo, "pre-receive", "#!/bin/sh\nexit 1\n")),
                way("sync").given(with_remote).given(|repo| {
                    repo.at("../remote.git").git(&["config", "receive.hideRefs", "refs/coord"]);
                    repo.ok(&["note", "T-1", "To be published"]);
                }),
            ],
        ),
        row(
            7,
            "remote_busy",
            "Others published each time before this one could, for as long as `coord.syncTimeout`.",
            [way("sync")
                .given(with_remote)
                .after("git config coord.syncTimeout 0s")
                .given(|repo| {
                    // Moved by somebody else at the very moment at which git would.
                    let script = "#!/bin/sh\ntree=$(git rev-parse 'refs/coord/main^{tree}')\n\
                              git update-ref refs/coord/main $(git commit-tree -m Other -p refs/coord/main $tree)\n";
                    hook(repo, "update", script);
                })
                .while_others_write()],
        ),
    ]
}

fn heads() -> Vec<Row> {
    vec![
        row(
            5,
            "not_a_state",
            "What the remote has under the name of the state is none.",
            [way("sync").given(with_remote).given(|repo| {
                let remote = repo.at("../remote.git");
                remote.git(&["update-ref", "refs/coord/main", "HEAD"]);
                repo.git(&["fetch", "--quiet"]);
            })],
        ),
        row(
            5,
            "too_many_entries",
            "What the remote has holds more entries than anybody works with.",
            [way("sync").env("GIT_COORD_TEST_MOST_ENTRIES", "1").given(with_remote).given(|repo| {
                let other = repo.clone_to("laptop", &[]);
                other.git(&["remote", "set-url", "origin", "../remote.git"]);
                other.ok(&["init"]);
                other.ok(&["task", "new", "Of another", "--id", "T-other"]);
                other.ok(&["sync"]);
                repo.git(&["fetch", "--quiet"]);
            })],
        ),
    ]
}
