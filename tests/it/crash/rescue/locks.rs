//! Locks: one of a writer of ours that is dead goes, any other stays, whoever holds it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::{furnished, nothing_to_mend, well};
use crate::crash::live_git::Prepared;
use crate::harness::{PATIENCE, Repo, within};

fn lock(repo: &Repo) -> PathBuf {
    repo.common_dir().join("refs/coord/main.lock")
}

/// Leaves the lock of a writer of ours that was killed.
fn kill_a_writer(repo: &Repo) {
    let killed = repo.coord(&["note", "T-1", "x"]).env("GIT_COORD_FAILPOINT", "ref-lock.after=kill").run();
    assert!(killed.was_killed() && lock(repo).exists(), "{killed}");
}

/// Mends, and returns each lock that was found: its name, and whether it is gone.
#[track_caller]
fn found(repo: &Repo, exit: i32) -> Vec<(String, bool)> {
    let answer = repo.coord(&["doctor", "--fix"]).json().expect(exit).data();
    let of = |found: &Value| {
        assert_eq!(found["code"], "lock", "{answer}");
        assert_eq!(found["fix"].is_string(), found["fixed"] == true, "what is not mended has no remedy: {answer}");
        let message = found["message"].as_str().expect("a message");
        let path = message.split_once(' ').expect("a path").0;
        (path.rsplit('/').next().unwrap_or_default().to_owned(), found["fixed"] == true)
    };
    answer["findings"].as_array().expect("findings").iter().map(of).collect()
}

#[test]
fn the_lock_of_a_killed_writer_goes() {
    let repo = furnished();
    let tip = repo.tip();
    kill_a_writer(&repo);
    assert_eq!(found(&repo, 0), [("main.lock".to_owned(), true)]);
    assert!(!lock(&repo).exists());
    assert_eq!(repo.tip(), tip);
    nothing_to_mend(&repo);
    well(&repo);
}

#[test]
fn the_lock_of_a_living_git_stays_beside_that_of_a_dead_writer() {
    let repo = furnished();
    repo.git(&["branch", "topic"]);
    repo.git(&["pack-refs", "--all"]);
    let git = Prepared::to(&repo, "delete refs/heads/topic");
    let packed = repo.common_dir().join("packed-refs.lock");
    let held = packed.metadata().expect("git's lock").ino();
    kill_a_writer(&repo);
    assert_eq!(found(&repo, 1), [("main.lock".to_owned(), true), ("packed-refs.lock".to_owned(), false)]);
    assert!(!lock(&repo).exists());
    assert_eq!(packed.metadata().expect("git's lock").ino(), held);
    git.commit();
    assert!(!repo.try_git(&["rev-parse", "--verify", "--quiet", "refs/heads/topic"]).status.success());
    nothing_to_mend(&repo);
    well(&repo);
}

#[test]
fn a_living_git_that_holds_the_ref_is_not_robbed() {
    let repo = furnished();
    let by_git = repo.git(&["commit-tree", "-m", "By git", "-p", "refs/coord/main", "refs/coord/main^{tree}"]);
    let git = Prepared::new(&repo, &by_git);
    let held = lock(&repo).metadata().expect("git's lock").ino();
    assert_eq!(found(&repo, 1), [("main.lock".to_owned(), false)]);
    assert_eq!(lock(&repo).metadata().expect("git's lock").ino(), held);
    git.commit();
    assert_eq!(repo.tip(), Some(by_git));
    well(&repo);
}

/// The writer sleeps with the lock for longer than the test takes.
#[test]
fn a_living_writer_of_ours_is_not_robbed() {
    let repo = furnished();
    let mut writer =
        repo.coord(&["note", "T-1", "x"]).env("GIT_COORD_FAILPOINT", "ref-lock.after=sleep:600000").start();
    within(PATIENCE, "the writer holds the lock", || lock(&repo).exists());
    let held = lock(&repo).metadata().expect("its lock").ino();
    assert_eq!(found(&repo, 0), []);
    assert_eq!(lock(&repo).metadata().expect("its lock").ino(), held);
    writer.kill();
    assert!(writer.wait().was_killed());
    assert_eq!(found(&repo, 0), [("main.lock".to_owned(), true)]);
    well(&repo);
}

#[test]
fn a_lock_of_nobody_known_stays_however_old_it_is() {
    let repo = furnished();
    fs::write(lock(&repo), "").expect("a lock");
    let then = SystemTime::now() - Duration::from_secs(90 * 86_400);
    fs::File::options().write(true).open(lock(&repo)).and_then(|file| file.set_modified(then)).expect("an old lock");
    assert_eq!(found(&repo, 1), [("main.lock".to_owned(), false)]);
    assert!(lock(&repo).exists());
    fs::remove_file(lock(&repo)).expect("the lock");
    well(&repo);
}
