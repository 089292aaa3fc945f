//! A git that is alive and holds the ref's lock is waited for and never robbed.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{PATIENCE, Repo, within};

/// How long our writer is told to wait for a lock of git's.
const TIMEOUT: Duration = Duration::from_millis(400);

/// A `git update-ref` that has prepared a move of the ref, and holds its lock.
pub(super) struct Prepared {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Prepared {
    #[track_caller]
    pub(super) fn new(repo: &Repo, to: &str) -> Prepared {
        let tip = repo.tip().expect("a tip");
        Prepared::to(repo, &format!("update refs/coord/main {to} {tip}"))
    }

    /// Has a git prepare what a line of its own says.
    #[track_caller]
    pub(super) fn to(repo: &Repo, line: &str) -> Prepared {
        let mut command = repo.command("git");
        command.args(["update-ref", "--stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("git starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        write!(stdin, "start\n{line}\nprepare\n").expect("git listens");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut git = Prepared { child, stdin, stdout };
        git.answers("start: ok");
        git.answers("prepare: ok");
        git
    }

    /// Lets git finish, which it must be able to.
    #[track_caller]
    pub(super) fn commit(mut self) {
        writeln!(self.stdin, "commit").expect("git listens");
        self.answers("commit: ok");
        drop(self.stdin);
        assert!(self.child.wait().expect("git ends").success(), "git was robbed of its lock");
    }

    /// Has git give its lock back and move nothing.
    #[track_caller]
    pub(super) fn abort(mut self) {
        writeln!(self.stdin, "abort").expect("git listens");
        self.answers("abort: ok");
        drop(self.stdin);
        assert!(self.child.wait().expect("git ends").success());
    }

    #[track_caller]
    fn answers(&mut self, wanted: &str) {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("text");
        assert_eq!(line.trim_end(), wanted);
    }
}

/// Returns a commit on the tip, made by plain git, with the same tree.
#[track_caller]
fn commit_by_git(repo: &Repo) -> String {
    repo.git(&["commit-tree", "-m", "By git", "-p", "refs/coord/main", "refs/coord/main^{tree}"])
}

#[test]
fn a_git_that_holds_the_lock_is_waited_for_and_not_robbed() {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Before", "--id", "T-1"]);
    let lock = repo.common_dir().join("refs/coord/main.lock");
    repo.git(&["config", "core.filesRefLockTimeout", &TIMEOUT.as_millis().to_string()]);
    let by_git = commit_by_git(&repo);
    let git = Prepared::new(&repo, &by_git);
    let inode = lock.metadata().expect("git's lock").ino();

    for n in 0..3 {
        let started = Instant::now();
        let answer = repo.coord(&["task", "new", "Refused", "--id", &format!("R-{n}")]).json().expect(7);
        assert!(started.elapsed() >= TIMEOUT, "it waited only {:?}", started.elapsed());
        let error = answer.error();
        assert_eq!(
            (error["code"].as_str(), error["retryable"].as_bool()),
            (Some("ref_locked"), Some(true)),
            "{answer}"
        );
        assert!(error["message"].to_string().contains("refs/coord/main.lock"), "the lock is not named: {answer}");
        assert_eq!(lock.metadata().expect("git's lock").ino(), inode, "the lock is another one");
    }

    git.commit();
    assert_eq!(repo.tip(), Some(by_git));
    repo.ok(&["task", "new", "After", "--id", "T-2"]);
    assert_eq!(repo.commit_count(), 4, "the first, one before, one by git, one after");
    repo.fsck_strict();
}

#[test]
fn a_dead_writer_of_ours_does_not_make_a_live_lock_of_gits_look_dead() {
    let repo = Repo::set_up();
    // The note that the dead one left names a file that was never linked; then git takes the lock.
    let killed = repo.coord(&["task", "new", "x"]).env("GIT_COORD_FAILPOINT", "queue-record.after=kill").run();
    assert!(killed.was_killed(), "{killed}");
    let by_git = commit_by_git(&repo);
    let git = Prepared::new(&repo, &by_git);
    assert_eq!(repo.refused(7, &["task", "new", "Refused"]), "ref_locked");
    git.commit();
    assert_eq!(repo.tip(), Some(by_git));
    repo.ok(&["task", "new", "After"]);
    repo.fsck_strict();
}

#[test]
fn a_git_that_sleeps_in_its_hook_is_not_robbed() {
    let repo = Repo::set_up();
    repo.hook(
        "reference-transaction",
        "#!/bin/sh\nif [ \"$1\" = prepared ] && [ -n \"$SLEEPER\" ]; then : >asleep; read line <wake; fi\n",
    );
    // Hooks run at the top of the work tree.
    let (asleep, wake) = (repo.path.join("asleep"), repo.path.join("wake"));
    assert!(repo.command("mkfifo").arg(&wake).status().expect("mkfifo").success());
    let by_git = commit_by_git(&repo);
    let mut git = repo.command("git");
    git.env("SLEEPER", "1").args(["update-ref", "refs/coord/main", &by_git]);
    let mut git = git.spawn().expect("git starts");
    within(PATIENCE, "git sleeps in its hook", || asleep.exists() || repo.common_dir().join("asleep").exists());

    let answer = repo.coord(&["task", "new", "Refused"]).json().expect(7);
    assert_eq!(answer.error_code(), "ref_locked", "{answer}");

    std::fs::write(&wake, "\n").expect("a word to wake it");
    assert!(git.wait().expect("git ends").success(), "git was robbed of its lock");
    assert_eq!(repo.tip(), Some(by_git));
    repo.ok(&["task", "new", "After"]);
    assert_eq!(repo.commit_count(), 3);
    repo.fsck_strict();
}

#[test]
fn a_lock_that_git_gives_up_in_time_is_waited_for_and_the_write_lands() {
    let repo = Repo::set_up();
    repo.git(&["config", "core.filesRefLockTimeout", "60000"]);
    let by_git = commit_by_git(&repo);
    let git = Prepared::new(&repo, &by_git);
    let ours = repo.coord(&["task", "new", "Patient", "--id", "T-1"]).json().start();
    // It stands before the lock with its file written.
    within(PATIENCE, "our writer wants the lock", || repo.common_dir().join("coord/next").exists());
    git.commit();
    let answer = ours.wait();
    assert_eq!(answer.exit(), 0, "{answer}");
    assert_eq!(repo.git(&["rev-parse", "refs/coord/main^"]), by_git, "decided again on the new tip");
    assert_eq!(repo.commit_count(), 3);
    repo.fsck_strict();
}

/// Another git moves the ref while a lost tip is being brought back: it must not be forgotten over that.
#[test]
fn a_ref_that_moves_while_a_lost_tip_is_brought_back_loses_nothing() {
    let repo = Repo::set_up();
    repo.git(&["config", "core.filesRefLockTimeout", "60000"]);
    let old = repo.tip().expect("a tip");
    repo.ok(&["task", "new", "Lost", "--id", "T-lost"]);
    let lost = repo.tip().expect("a tip");
    repo.git(&["update-ref", "refs/coord/main", &old]);
    let git = Prepared::new(&repo, &commit_by_git(&repo));
    let ours = repo.coord(&["task", "new", "Next", "--id", "T-next"]).json().start();
    within(PATIENCE, "our writer wants the lock", || repo.common_dir().join("coord/next").exists());
    git.commit();
    let answer = ours.wait();
    assert_eq!(answer.exit(), 0, "{answer}");
    assert!(repo.history().contains(&lost), "the acknowledged {lost} is not in history");
    assert!(repo.task_file("T-lost").contains("title: Lost"));
    repo.fsck_strict();
}
