//! `archive`, and `show --archived`.

use super::{Transcript, assert_transcript};

#[test]
fn what_is_closed_is_put_away_shown_and_brought_back() {
    let mut script = Transcript::with_tasks();
    script.run("archive").before("done T-1 'It works'");
    script.before("task new 'Of a sprint' --id T-5 --sprint s1");
    script.before("sprint new 'A sprint' --id s1");
    script.before("sprint start s1");
    script.before("done T-5");
    script.before("task new 'By itself' --id T-6");
    script.before("note T-6 'A remark'");
    script.before("cancel T-6 'Not wanted'");
    script.before("send bob 'Unread'");
    script.run("archive").run("archive --older-than 0s --dry-run").run("archive --older-than 0s --json");
    script.run("show T-6").run("show --archived T-6").run("show --archived T-6 --json").run("events --limit 1");
    script.run("task list --archived").run("task list --archived --status cancelled --json");
    script.run("search --archived itself").run("search itself");
    script.run("log --limit 1").run("undo").run("archive --older-than 0s").run("undo ~0 --json").run("doctor");
    script.run("archive --older-than soon").run("show --archived nowhere");
    script.before("config policy.archive_tasks_after never");
    script.run("archive").run("config policy.archive_tasks_after soon").run("config policy.archive_status_keep few");
    assert_transcript!(script);
}
