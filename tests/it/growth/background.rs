//! Maintenance runs in the background, one at a time, fails nobody's command, and does what git and the user say.

use std::sync::mpsc::{self, RecvTimeoutError};

use super::gate::*;
use crate::harness::{PATIENCE, Repo};

#[test]
fn what_writes_have_left_is_packed_and_nothing_is_lost() {
    let repo = kept_small();
    in_the_foreground(&repo);
    for _ in 0..3 {
        write_until_started(&repo);
        assert!(log(&repo).lines().last().is_some_and(|line| line.starts_with("done ")), "{}", log(&repo));
        // The last write has left its own objects before it was packed.
        assert_eq!(loose(&repo), 0);
    }
    assert!(packs(&repo) <= 3, "{} packs", packs(&repo));
    let tasks = repo.files().keys().filter(|path| path.starts_with("tasks/")).count();
    assert_eq!(tasks + 1, repo.commit_count());
    assert_eq!(repo.reflog_length(), repo.commit_count());
    repo.fsck_strict();
    assert!(repo.ok(&["doctor"]).stdout.starts_with("Nothing is wrong"));
}

/// The pipes of a caller are not held: neither the two that the program knows of, nor a third one that came along.
#[test]
fn the_caller_sees_the_end_of_the_output_while_maintenance_runs() {
    let repo = kept_small();
    let gate = Gate::closed(&repo);
    let rescued = std::thread::scope(|scope| {
        let (send, receive) = mpsc::channel::<()>();
        let gate = &gate;
        let rescue = scope.spawn(move || {
            // Whoever waits in vain is let go on, and the test fails.
            let is_in_vain = receive.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
            if is_in_vain {
                gate.let_through();
            }
            is_in_vain
        });
        let line = format!("exec 3>&1 4>&2; {} task new Work --json", env!("CARGO_BIN_EXE_git-coord"));
        while log(&repo).is_empty() {
            repo.call("/bin/sh", &["-c", &line]).env("GIT_COORD_TEST_PILE", PILE).expect(0);
        }
        let is_at_work = runs(&repo);
        drop(send);
        assert!(is_at_work, "maintenance is over, and nothing is shown by this");
        rescue.join().expect("the other thread ends")
    });
    assert!(!rescued, "the output had no end before maintenance had one");
    gate.let_through();
    wait_for_the_end(&repo);
    assert!(log(&repo).contains("\ndone "), "{}", log(&repo));
}

#[test]
fn one_runs_at_a_time_and_writers_do_not_wait_for_it() {
    let repo = kept_small();
    let gate = Gate::closed(&repo);
    write_until_started(&repo);
    for _ in 0..3 {
        write_until_looked(&repo, || write(&repo));
    }
    assert!(runs(&repo));
    gate.let_through();
    wait_for_the_end(&repo);
    assert_eq!(gate.packed().len(), 1, "{:?}", gate.packed());
    repo.fsck_strict();
}

#[test]
fn git_and_the_user_can_turn_it_off() {
    let repo = kept_small();
    in_the_foreground(&repo);
    for off in ["coord.maintenance=off", "maintenance.auto=false", "gc.auto=0", "gc.auto=-1"] {
        let call = || write(&repo).env("GIT_CONFIG_PARAMETERS", format!("'{off}'")).env("GIT_COORD_TEST_PILE", ALWAYS);
        write_until_looked(&repo, call);
        assert_eq!(log(&repo), "", "{off}");
    }
    write_until_looked(&repo, || write(&repo).env("GIT_COORD_TEST_PILE", ALWAYS));
    assert!(log(&repo).contains("\ndone "), "{}", log(&repo));
}

#[test]
fn a_failure_fails_no_command_is_told_by_the_doctor_and_tried_again_later() {
    let repo = kept_small();
    in_the_foreground(&repo);
    let gate = Gate::failing(&repo);
    let answer = loop {
        let answer = write(&repo).expect(0);
        if !log(&repo).is_empty() {
            break answer;
        }
    };
    assert_eq!(answer.stderr, "", "nobody is told by the command");
    let findings = repo.coord(&["doctor"]).json().expect(1).data()["findings"].clone();
    assert_eq!(findings[0]["code"], "maintenance_failed", "{findings}");
    let message = findings[0]["message"].as_str().expect("a message");
    assert!(message.contains("no room for a pack") && message.contains("maintenance.log"), "{message}");
    write_until_looked(&repo, || write(&repo));
    assert_eq!(gate.packed().len(), 2, "it is tried twice, and then not again at once");

    Gate::open(&repo);
    write_until_looked(&repo, || write(&repo).env("GIT_COORD_TEST_NOW", "2026-01-02T05:00:00Z"));
    assert_eq!(gate.packed().len(), 3);
    repo.ok(&["doctor"]);
    assert_eq!(loose(&repo), 0);
}

#[test]
fn one_that_was_cut_off_is_told_by_the_doctor_too() {
    let repo = kept_small();
    let log = repo.common_dir().join("coord/maintenance.log");
    std::fs::write(log, "git-coord 1 started 2026-01-02T03:00:00.000Z\n").expect("a log");
    let findings = repo.coord(&["doctor"]).json().expect(1).data()["findings"].clone();
    assert_eq!(findings[0]["code"], "maintenance_failed", "{findings}");
}

/// What a hook, a caller or a trace has put into the environment is not for the git in the background.
#[test]
fn the_surroundings_of_the_command_are_not_those_of_git_in_the_background() {
    let repo = kept_small();
    in_the_foreground(&repo);
    let gate = Gate::open(&repo);
    let git_dir = repo.common_dir().canonicalize().expect("a git dir");
    let answer = loop {
        let call = write(&repo).env("GIT_TRACE", "1").env("GIT_TRACE2", "1").env("GIT_PREFIX", "nowhere/");
        let call =
            call.env("GIT_DIR", &git_dir).env("GIT_WORK_TREE", &repo.path).env("GIT_INDEX_FILE", "/nowhere/index");
        let answer = call.expect(0);
        if !log(&repo).is_empty() {
            break answer;
        }
    };
    assert!(!answer.stderr.contains("repack"), "{answer}");
    assert_eq!(gate.packed().len(), 1);
    let said = log(&repo);
    assert_eq!(said.lines().count(), 2, "a first line and a last one: {said}");
    assert!(said.contains("\ndone "), "{said}");
}

/// A push that is looked at before it is let in lies in an object folder of its own, which is nobody's to pack.
#[test]
fn an_object_folder_of_somebody_else_is_left_alone() {
    let repo = kept_small();
    let borrowed = repo.machine.root().join("borrowed");
    std::fs::create_dir(&borrowed).expect("a folder");
    let call = || {
        let call = write(&repo).env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &borrowed);
        call.env("GIT_COORD_TEST_PILE", ALWAYS)
    };
    write_until_looked(&repo, call);
    assert_eq!(log(&repo), "");
}

#[test]
fn a_worktree_may_go_while_maintenance_runs() {
    let repo = kept_small();
    let gate = Gate::closed(&repo);
    let tree: Repo = repo.worktree("tree");
    write_until_started(&tree);
    repo.git(&["worktree", "remove", "--force", &tree.path.to_string_lossy()]);
    gate.let_through();
    wait_for_the_end(&repo);
    assert!(log(&repo).contains("\ndone "), "{}", log(&repo));
}
