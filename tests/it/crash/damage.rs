//! What others left broken or in the way: it is named, never taken for an empty state, and never made worse.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::harness::Repo;

/// A repository with a task, and the place of something in its git dir.
fn repo_with(place: &str) -> (Repo, PathBuf) {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Kept", "--id", "T-1"]);
    let path = repo.common_dir().join(place);
    (repo, path)
}

/// Checks that neither reading nor writing nor setting up takes what cannot be read for nothing.
#[track_caller]
fn all_refuse(repo: &Repo, path: &PathBuf) {
    let before = fs::read(path).ok();
    for words in
        [&["task", "list"][..], &["ready"], &["show", "T-1"], &["task", "new", "x"], &["claim", "T-1"], &["init"]]
    {
        let answer = repo.coord(words).json().expect(128);
        assert_eq!(answer.error_code(), "damaged", "{answer}");
    }
    assert_eq!(fs::read(path).ok(), before, "{} was changed", path.display());
}

#[test]
fn an_empty_ref_is_damage_and_not_an_empty_state() {
    let (repo, path) = repo_with("refs/coord/main");
    let good = fs::read(&path).expect("the ref");
    for bad in ["", "\n", "not an id\n", "0000000000000000000000000000000000000000\n", "ref: refs/heads/main\n"] {
        fs::write(&path, bad).expect("the ref");
        all_refuse(&repo, &path);
    }
    fs::write(&path, good).expect("the ref");
    repo.ok(&["claim", "T-1"]);
}

#[test]
fn a_missing_commit_is_damage_and_not_an_empty_state() {
    let (repo, path) = repo_with("refs/coord/main");
    let tip = repo.tip().expect("a tip");
    let object = repo.common_dir().join("objects").join(&tip[..2]).join(&tip[2..]);
    let aside = repo.machine.root().join("aside");
    fs::rename(&object, &aside).expect("the object");
    all_refuse(&repo, &path);
    fs::rename(&aside, &object).expect("the object");
    repo.ok(&["claim", "T-1"]);
    repo.fsck_strict();
}

#[test]
fn a_cut_off_object_is_damage() {
    let (repo, path) = repo_with("refs/coord/main");
    let tree = repo.git(&["rev-parse", "refs/coord/main^{tree}"]);
    let object = repo.common_dir().join("objects").join(&tree[..2]).join(&tree[2..]);
    fs::remove_file(&object).expect("the object");
    fs::write(&object, "").expect("an empty object");
    let before = fs::read(&path).ok();
    for words in [&["task", "list"][..], &["task", "new", "x"]] {
        let answer = repo.coord(words).json().expect(128);
        assert_eq!(answer.error_code(), "damaged", "{answer}");
    }
    assert_eq!(fs::read(&path).ok(), before);
}

#[test]
fn a_lock_that_a_dead_git_left_is_named_and_left_alone() {
    let (repo, lock) = repo_with("refs/coord/main.lock");
    fs::write(&lock, "").expect("a lock");
    for _ in 0..2 {
        let answer = repo.coord(&["note", "T-1", "x"]).json().expect(7);
        assert_eq!(answer.error_code(), "ref_locked", "{answer}");
        assert!(answer.stderr.contains("refs/coord/main.lock"), "{answer}");
        assert!(lock.exists(), "somebody else's lock was removed");
    }
    repo.ok(&["show", "T-1"]);
    fs::remove_file(&lock).expect("a lock");
    repo.ok(&["note", "T-1", "x"]);
    assert_eq!(repo.commit_count(), 3);
}

#[test]
fn a_lock_of_packed_refs_is_nobodys_business() {
    let (repo, lock) = repo_with("packed-refs.lock");
    fs::write(&lock, "").expect("a lock");
    repo.ok(&["note", "T-1", "x"]);
    assert!(lock.exists(), "somebody else's lock was removed");
}

#[test]
fn a_full_queue_is_said_in_time_and_readers_do_not_stand_in_it() {
    let (repo, path) = repo_with("coord/lock");
    repo.git(&["config", "coord.lockTimeout", "300ms"]);
    let gate = fs::File::options().write(true).open(path).expect("the lock file of the queue");
    gate.lock().expect("the lock of the queue");
    let started = Instant::now();
    let answer = repo.coord(&["note", "T-1", "x"]).json().expect(7);
    assert_eq!(answer.error_code(), "queue_full", "{answer}");
    assert!(started.elapsed() < Duration::from_secs(10), "it took {:?}", started.elapsed());
    repo.ok(&["show", "T-1"]);
    repo.ok(&["ready"]);
    gate.unlock().expect("the queue opens");
    repo.ok(&["note", "T-1", "x"]);
    assert_eq!(repo.commit_count(), 3);
}

#[test]
fn notes_that_make_no_sense_are_no_obstacle() {
    let (repo, path) = repo_with("coord/lock");
    let nowhere = "git-coord 1\nacknowledged 1234567890123456789012345678901234567890\nend\n";
    let rubbish = "\u{fffd}".repeat(5000);
    for notes in ["", "git-coord 1\n", "git-coord 2\nend\n", "acknowledged x\n", nowhere, &rubbish] {
        fs::write(&path, notes).expect("the notes");
        let before = repo.commit_count();
        repo.ok(&["note", "T-1", "x"]);
        assert_eq!(repo.commit_count(), before + 1, "{notes:?}");
    }
    repo.fsck_strict();
}

#[test]
fn what_stands_where_ours_should_is_named() {
    let repo = Repo::plain();
    fs::write(repo.common_dir().join("coord"), "in the way").expect("a file");
    let answer = repo.coord(&["init"]).json().expect(128);
    assert!(answer.stderr.contains(".git/coord"), "{answer}");

    let repo = Repo::set_up();
    fs::remove_dir_all(repo.common_dir().join("coord")).expect("the folder goes");
    repo.ok(&["task", "new", "x"]);
    assert_eq!(repo.commit_count(), 2, "losing the folder loses nothing");
}

#[test]
fn empty_folders_of_refs_that_are_gone_are_no_obstacle() {
    let repo = Repo::plain();
    for folder in ["refs/coord/main/gone/for/long", "logs/refs/coord/main/gone"] {
        fs::create_dir_all(repo.common_dir().join(folder)).expect("folders");
    }
    repo.ok(&["init"]);
    repo.ok(&["task", "new", "x"]);
    assert_eq!(repo.commit_count(), 2);
    repo.fsck_strict();
}

/// A record that cannot be read stays in the tree byte for byte, and stops nobody.
#[test]
fn an_unreadable_record_stops_no_view_and_is_not_touched() {
    let (repo, _) = repo_with("");
    let path = repo.files().into_keys().find(|path| path.starts_with("tasks/")).expect("a task");
    let broken = path.replace("T-1.md", "T-broken.md");
    let blob = repo.plant(&broken, b"---\nkind: task\nid: [\n---\nnot yaml\n");

    assert_eq!(repo.data(&["task", "list"])["total"], 1);
    for words in [&["ready"][..], &["blocked"], &["log"], &["events"], &["next", "--claim"], &["done", "T-1"]] {
        repo.ok(words);
    }
    let answer = repo.coord(&["note", "T-broken", "x"]).json().run();
    assert!(!answer.is_ok(), "{answer}");
    assert_eq!(repo.files().get(&broken), Some(&blob), "the broken record was touched");
}
