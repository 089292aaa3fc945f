//! Whatever becomes of the file of the index, questions are answered as if it had never been, and it is made anew.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::harness::Repo;

const TASKS: usize = 30;

fn repo() -> Repo {
    let repo = Repo::set_up().live();
    let lines: String =
        (0..TASKS).map(|n| format!("{{\"op\":\"task new\",\"title\":\"Do {n}\",\"id\":\"T-{n}\"}}\n")).collect();
    repo.coord(&["apply", "-"]).input(lines).expect(0);
    repo
}

fn index(repo: &Repo) -> PathBuf {
    repo.common_dir().join("coord/index.sqlite")
}

fn ready(repo: &Repo) -> Value {
    repo.data(&["ready", "--limit", "100"])
}

/// What it is called, and how it is done.
type Way = (&'static str, fn(&PathBuf));

/// Ways to spoil the file, each of which the next command must notice.
const WAYS: &[Way] = &[
    ("gone", |path| fs::remove_file(path).expect("removed")),
    ("empty", |path| fs::write(path, b"").expect("emptied")),
    ("cut", |path| {
        let length = fs::metadata(path).expect("a file").len();
        fs::File::options().write(true).open(path).expect("a file").set_len(length / 2).expect("cut");
    }),
    ("cut to one page", |path| fs::File::options().write(true).open(path).expect("a file").set_len(4096).expect("cut")),
    ("overwritten at its head", |path| {
        let mut bytes = fs::read(path).expect("a file");
        bytes[..64].fill(0xA5);
        fs::write(path, bytes).expect("spoiled");
    }),
    ("text", |path| fs::write(path, b"this is no database\n".repeat(500)).expect("spoiled")),
    ("a folder", |path| {
        fs::remove_file(path).expect("removed");
        fs::create_dir(path).expect("a folder");
    }),
];

#[test]
fn a_spoiled_file_changes_no_answer_and_is_made_anew() {
    let repo = repo();
    let whole = ready(&repo);
    assert_eq!(whole["total"], TASKS);
    for (way, spoil) in WAYS {
        assert!(index(&repo).is_file(), "before it is {way}");
        spoil(&index(&repo));
        assert_eq!(ready(&repo), whole, "{way}");
        assert_eq!(ready(&repo), whole, "{way}, the second time");
        if index(&repo).is_dir() {
            // Nothing of ours: it stays, and is done without.
            fs::remove_dir(index(&repo)).expect("removed");
            assert_eq!(ready(&repo), whole);
        }
        assert!(index(&repo).is_file(), "after it was {way}");
    }
}

#[test]
fn an_index_of_another_version_boot_or_repository_is_made_anew() {
    let (repo, other) = (repo(), Repo::set_up().live());
    let whole = ready(&repo);
    other.ok(&["task", "new", "Elsewhere", "--id", "X-1"]);
    assert_eq!(ready(&other)["total"], 1);
    fs::copy(index(&other), index(&repo)).expect("copied");
    assert_eq!(ready(&repo), whole);
    assert_eq!(ready(&repo), whole);
}

#[test]
fn a_state_that_cannot_be_written_is_answered_all_the_same() {
    let repo = repo();
    let whole = ready(&repo);
    fs::remove_file(index(&repo)).expect("removed");
    let lock = repo.common_dir().join("coord/index.lock");
    let _ = fs::remove_file(&lock);
    // Not even a lock can be made here.
    fs::create_dir(&lock).expect("a folder");
    assert_eq!(ready(&repo), whole);
    assert!(!index(&repo).exists());
}

#[test]
fn readers_and_writers_go_on_while_the_file_is_spoiled_again_and_again() {
    let repo = repo();
    let (done, claimed) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for n in 0..3 {
            let (repo, done, claimed) = (&repo, &done, &claimed);
            scope.spawn(move || {
                loop {
                    let agent = format!("agent-{n}");
                    let answer = repo.coord(&["next", "--claim"]).json().agent(&agent).run();
                    match answer.exit() {
                        0 => drop(claimed.fetch_add(1, Ordering::Relaxed)),
                        1 => return done.store(true, Ordering::Relaxed),
                        _ => panic!("{answer}"),
                    }
                }
            });
        }
        let mut ways = WAYS.iter().filter(|(way, _)| *way != "a folder").cycle();
        while !done.load(Ordering::Relaxed) {
            let answer = repo.coord(&["ready", "--limit", "100"]).json().run();
            assert!([0, 1].contains(&answer.exit()), "{answer}");
            if index(&repo).is_file() {
                let (_, spoil) = ways.next().expect("a way");
                // It may be gone between the look and this.
                let _ = std::panic::catch_unwind(|| spoil(&index(&repo)));
            }
        }
    });
    assert_eq!(claimed.load(Ordering::Relaxed), TASKS);
    assert_eq!(repo.commit_count(), 2 + TASKS, "the first commit, the tasks, and a claim for each");
    assert_eq!(repo.coord(&["ready"]).json().run().exit(), 1);
    repo.fsck_strict();
}
