//! `sync` and `verify`.

use super::{Transcript, assert_transcript};

#[test]
fn sync_says_what_came_and_what_went() {
    let mut script = Transcript::with_tasks();
    script.run("sync").run("sync --json");
    let remote = script.repo.clone_to("remote.git", &["--bare"]);
    script.repo.git(&["remote", "add", "origin", &remote.path.to_string_lossy()]);
    script.run("sync").run("sync");
    let other = remote.clone_to("other", &[]);
    other.ok(&["init"]);
    other.ok(&["task", "edit", "T-1", "--title", "Elsewhere"]);
    other.ok(&["sync"]);
    script.before("task edit T-1 --title Here");
    script.run("sync").run("sync --json").run("sync -q");
    script.repo.git(&["remote", "add", "gone", "/nowhere"]);
    script.run("sync nowhere").run("sync origin --all");
    assert_transcript!(script);
}

#[test]
fn verify_counts_what_answers_for_each_commit() {
    let mut script = Transcript::with_tasks();
    script.run("verify").run("verify --json").run("verify --since ~1");
    let forged = super::forged_merge(&script.repo);
    script.repo.git(&["update-ref", "refs/coord/main", &forged]);
    script.run("verify --since ~1");
    script.repo.git(&["config", "coord.requireSigned", "on"]);
    script.run("verify").run("verify ~1 --json").run("verify no-such-commit");
    assert_transcript!(script);
}
