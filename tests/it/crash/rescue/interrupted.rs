//! Mending that is killed after any single thing that it does to the disk: nothing is worse than before, and mending again
//! ends where it would have ended.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{ALL, assert_titles, destroy, furnished, id, nothing_to_mend, spoil};
use crate::harness::Repo;

/// How many repositories are looked at at a time.
const AT_A_TIME: usize = 2;

#[test]
fn a_rescue_of_a_broken_file() {
    let steps = everywhere(&|repo| {
        repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
        spoil(repo, &id(repo, &format!("refs/coord/main:{}", repo.task_path("T-3"))), b"rubbish");
    });
    assert!(steps > 50, "{steps}");
}

#[test]
fn a_rescue_of_a_missing_top_folder() {
    let steps = everywhere(&|repo| {
        repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
        destroy(repo, &id(repo, "refs/coord/main^{tree}"));
    });
    assert!(steps > 30, "{steps}");
}

/// Damages a repository, and mends copies of it: the n-th is killed after n operations. Returns how many there were.
#[track_caller]
fn everywhere(damage: &dyn Fn(&Repo)) -> usize {
    let repo = furnished();
    damage(&repo);
    let (before, old) = (readable(&repo), repo.tip().expect("a tip"));
    let (next, is_over, most) = (AtomicUsize::new(1), AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if kill_and_mend(&repo, n, &before, &old) {
                        most.fetch_max(n, Ordering::Relaxed);
                    } else {
                        is_over.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    most.into_inner()
}

/// Returns whether it was killed before it came to its end.
fn kill_and_mend(damaged: &Repo, n: usize, before: &BTreeSet<String>, old: &str) -> bool {
    let repo = copy(damaged, n);
    let killed = repo.coord(&["doctor", "--fix"]).env("GIT_COORD_TEST_DISK_STOP", n.to_string()).run();
    if !killed.was_killed() {
        assert_eq!(killed.exit(), 0, "{killed}");
        return false;
    }
    let lost: Vec<String> = before.difference(&readable(&repo)).cloned().collect();
    assert_eq!(lost, Vec::<String>::new(), "{n}: what could be read can be read no longer");
    let now = repo.tip().expect("a tip");
    assert!(now == old || is_kept(&repo, old), "{n}: the ref has moved, and nobody knows where it was");

    let answer = repo.coord(&["doctor", "--fix"]).run();
    assert_eq!(answer.exit(), 0, "{n}: {answer}");
    assert_titles(&repo, &ALL);
    assert!(is_kept(&repo, old), "{n}");
    let told = repo.git(&["log", "--format=%B", "--grep", "^Rescue the state", "refs/coord/main"]);
    assert_eq!(told.matches("- task/T-3: its last change is lost").count(), 1, "{n}: told once: {told}");
    assert!(!repo.common_dir().join("refs/coord/main.lock").exists(), "{n}");
    repo.fsck_strict();
    nothing_to_mend(&repo);
    fs::remove_dir_all(&repo.path).expect("a copy");
    true
}

/// Returns whether some backup says what the ref named.
fn is_kept(repo: &Repo, old: &str) -> bool {
    let backups = fs::read_dir(repo.common_dir().join("coord/backup")).into_iter().flatten().flatten();
    backups.filter_map(|entry| fs::read_to_string(entry.path().join("ref")).ok()).any(|text| text.trim_end() == old)
}

fn copy(repo: &Repo, n: usize) -> Repo {
    let to = repo.machine.root().join(format!("copy-{n}"));
    let copied = repo.command("cp").arg("-a").arg(&repo.path).arg(&to).status();
    assert!(copied.expect("cp runs").success());
    repo.at(to)
}

/// Returns the objects that git can read, those in backups too.
fn readable(repo: &Repo) -> BTreeSet<String> {
    let backups = fs::read_dir(repo.common_dir().join("coord/backup")).into_iter().flatten().flatten();
    let folders: Vec<String> = backups.map(|entry| entry.path().join("objects").display().to_string()).collect();
    let mut command = repo.command("git");
    command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", folders.join(":"));
    let output = command.args(["cat-file", "--batch-all-objects", "--batch-check"]).output().expect("git runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter(|line| !line.ends_with("missing")).map(str::to_owned).collect()
}
