//! `sync`.

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
