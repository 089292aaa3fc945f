//! What a writer leaves behind that is killed, or fails, at any step of the write path.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdout, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use git_coord::base::{Kind, failpoint};
use git_coord::store::STATE_REF;

use super::child::{Child, Done};
use super::contract::{files_repo, hooked_repo};
use super::fixture::{PATIENCE, Repo, on, publish, set};

fn lock_of(repo: &Repo) -> std::path::PathBuf {
    repo.path.join(".git/refs/coord/main.lock")
}

/// Checks that nothing is broken, that what was acknowledged is there, and that the next writer works at once.
#[track_caller]
fn assert_recovers(repo: &Repo, before: Option<String>, done: &Done, what: &str) {
    let store = repo.open();
    let tip = store.tip().unwrap_or_else(|err| panic!("{what}: {err:?}")).map(|id| id.to_string());
    if let Some(landed) = done.landed.last() {
        assert_eq!(tip.as_ref(), Some(landed), "{what}");
    } else if tip != before {
        // The move was made and nobody was told: then the commit is whole and follows what was there.
        let tip = tip.expect(what);
        let parent = repo.try_git(&["rev-parse", "--verify", "--quiet", &format!("{tip}^")]);
        let parent = String::from_utf8_lossy(&parent.stdout).trim().to_owned();
        assert_eq!(parent, before.unwrap_or_default(), "{what}");
    }
    let started = Instant::now();
    publish(&store, vec![set("next", what)]);
    assert!(started.elapsed() < Duration::from_secs(5), "{what}: the next writer was held up");
    assert!(!lock_of(repo).exists(), "{what}: a lock is left");
    repo.assert_sound();
}

const DEAD: &str = "after a dead writer";
const MANY: &str = "many objects";

/// A state of a repository in which a child is hindered.
fn scenes() -> Vec<(&'static str, Repo, Option<String>)> {
    let mut scenes = vec![("fresh", files_repo(), None), ("hooked", hooked_repo(), None)];
    let repo = files_repo();
    publish(&repo.open(), vec![set("a", "1")]);
    let blob = repo.git(&["rev-parse", "refs/coord/main:a"]);
    scenes.push(("grown", repo, Some(blob)));
    scenes.push((MANY, files_repo(), None));
    scenes.push((DEAD, dead_repo(), None));
    scenes
}

/// Copies a scene, so that each child meets it untouched.
fn copy(repo: &Repo) -> Repo {
    let copy = Repo::empty();
    let from = format!("{}/.", repo.path.display());
    assert!(repo.command("cp").args(["-a", &from]).arg(&copy.path).status().expect("cp runs").success());
    copy
}

/// Hinders a child at every failpoint in every scene, and returns the points that it came by.
fn hindered(action: &str) -> BTreeSet<String> {
    let scenes = scenes();
    let cases: Vec<_> = scenes
        .iter()
        .flat_map(|scene| failpoint::ALL.iter().map(move |&point| (scene, point)))
        .filter(|((name, ..), point)| *name != DEAD || point.starts_with("ref-unlock"))
        .collect();
    let (next, sprung) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(((scene, repo, blob), point)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if hinder(scene, repo, blob.clone(), point, action) {
                        sprung.lock().expect("no other test failed").insert((*point).to_owned());
                    }
                }
            });
        }
    });
    sprung.into_inner().expect("no test failed")
}

fn hinder(scene: &str, repo: &Repo, blob: Option<String>, point: &str, action: &str) -> bool {
    // A copied lock is a foreign one, as its inode is another.
    let repo = if scene == DEAD { dead_repo() } else { copy(repo) };
    let before = repo.open().tip().expect("readable").map(|id| id.to_string());
    let failpoint = Some(format!("{point}={action}"));
    let many = if scene == MANY { 100 } else { 0 };
    let done = Child { path: "b/c", blob, failpoint, many, ..Child::default() }.run(&repo);
    assert_recovers(&repo, before, &done, &format!("{scene}: {point}={action}"));
    !done.is_alive || done.refused.is_some()
}

/// A repository whose last writer died with the ref locked.
fn dead_repo() -> Repo {
    let repo = files_repo();
    let dead = Child { path: "dead", failpoint: Some("ref-lock.after=kill".to_owned()), ..Child::default() }.run(&repo);
    assert!(!dead.is_alive && lock_of(&repo).exists());
    repo
}

#[test]
fn a_writer_may_be_killed_at_any_step() {
    let sprung = hindered("kill");
    // What is done for others has tests of its own, in `crash/group.rs`, and what is done with a remote in `sync/killed.rs`.
    let own = failpoint::ALL.iter().filter(|point| {
        !["line-", "ask-", "landing-", "queue-mkdir", "sync-"].iter().any(|start| point.starts_with(start))
    });
    let all: BTreeSet<String> = own.map(|&point| point.to_owned()).collect();
    assert_eq!(sprung, all, "every failpoint is on the way of some writer");
}

#[test]
fn any_step_may_fail() {
    hindered("error");
}

#[test]
fn the_disk_may_be_full_at_any_step() {
    hindered("full");
}

#[test]
fn a_full_disk_and_a_read_only_one_are_named() {
    for (point, action, code) in [
        ("object-write.before", "full", "disk_full"),
        ("queue-open.before", "readonly", "read_only"),
        ("object-create.before", "error", "io"),
    ] {
        let failpoint = Some(format!("{point}={action}"));
        let done = Child { path: "a", failpoint, ..Child::default() }.run(&files_repo());
        assert_eq!(done.refused.as_deref(), Some(code));
    }
}

#[test]
fn a_lock_that_a_dead_writer_left_is_removed_at_once() {
    let repo = dead_repo();
    assert!(lock_of(&repo).exists());
    publish(&repo.open(), vec![set("a", "1")]);
    assert!(!lock_of(&repo).exists());
}

#[test]
fn a_foreign_lock_is_never_robbed() {
    for prepare in [files_repo, dead_after_rename, dead_before_link] {
        let repo = prepare();
        let tip = repo.open().tip().expect("readable");
        std::fs::create_dir_all(repo.path.join(".git/refs/coord")).expect("a folder");
        std::fs::write(lock_of(&repo), "").expect("a lock");
        let store = repo.open();
        let mut writer = store.lock(PATIENCE).expect("the queue is free");
        let refused = writer.publish(on(tip, vec![set("a", "2")])).expect_err("locked");
        assert_eq!((refused.kind(), refused.code()), (Kind::Busy, "ref_locked"));
        assert!(refused.message().contains("refs/coord/main.lock"), "{refused:?}");
        assert!(lock_of(&repo).exists());
        assert_eq!(store.tip().expect("readable"), tip);
        std::fs::remove_file(lock_of(&repo)).expect("removed");
        assert!(matches!(writer.publish(on(tip, vec![set("a", "2")])), Ok(git_coord::store::Published::Landed(_))));
    }
}

/// A repository whose last writer died with its note naming the file that is now the ref.
fn dead_after_rename() -> Repo {
    let repo = files_repo();
    Child { path: "x", failpoint: Some("ref-rename.after=kill".to_owned()), ..Child::default() }.run(&repo);
    repo
}

/// A repository whose last writer died between its note and its lock.
fn dead_before_link() -> Repo {
    let repo = files_repo();
    Child { path: "x", failpoint: Some("ref-lock.before=kill".to_owned()), ..Child::default() }.run(&repo);
    repo
}

#[test]
fn a_git_that_holds_the_ref_is_waited_for() {
    let repo = files_repo();
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    let other = repo.git(&["commit-tree", "-p", &first.to_string(), "-m", "x", "refs/coord/main^{tree}"]);
    repo.git(&["config", "core.filesRefLockTimeout", "20000"]);
    let mut command = repo.command("git");
    command.args(["update-ref", "--stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut git = command.spawn().expect("git runs");
    let mut orders = git.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(git.stdout.take().expect("a pipe"));
    write!(orders, "start\nupdate {STATE_REF} {other} {first}\nprepare\n").expect("git listens");
    await_words(&mut answers, "prepare: ok");
    assert!(lock_of(&repo).exists());
    let store = repo.open();
    let published = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let store = repo.open();
            store.lock(PATIENCE).expect("the queue is free").publish(on(Some(first), vec![set("a", "2")]))
        });
        writeln!(orders, "commit").expect("git listens");
        await_words(&mut answers, "commit: ok");
        writer.join().expect("no panic")
    });
    assert_eq!(published.expect("an answer"), git_coord::store::Published::Moved);
    assert_eq!(store.tip().expect("readable").map(|id| id.to_string()), Some(other));
    drop(orders);
    assert!(git.wait().expect("git ends").success());
}

fn await_words(answers: &mut BufReader<ChildStdout>, words: &str) {
    let found = answers.lines().map_while(Result::ok).any(|line| line == words);
    assert!(found, "git never said «{words}»");
}

#[test]
fn folders_may_vanish_at_any_time() {
    let repo = files_repo();
    repo.git(&["config", "coord.fsync", "off"]);
    let (objects, refs) = (repo.path.join(".git/objects"), repo.path.join(".git/refs/coord"));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for entry in std::fs::read_dir(&objects).expect("readable").flatten() {
                    // Only what is empty can be removed, as by `git gc`.
                    let _ = std::fs::remove_dir(entry.path());
                }
                let _ = std::fs::remove_dir(&refs);
            }
        });
        let store = repo.open();
        for n in 0..200 {
            publish(&store, vec![set(&format!("d{}/f", n % 7), n.to_string())]);
            if n % 10 == 0 {
                repo.git(&["pack-refs", "--all", "--prune"]);
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(repo.git(&["rev-list", "--count", STATE_REF]), "200");
    repo.assert_sound();
}

#[test]
fn many_writers_lose_nothing_beside_git() {
    let repo = files_repo();
    let names: Vec<String> = (0..6).map(|n| format!("writer{n}")).collect();
    let children: Vec<_> = names
        .iter()
        .map(|path| {
            let mut command = Child { path, rounds: 15, ..Child::default() }.command(&repo);
            command.stdout(Stdio::piped()).spawn().expect("the child runs")
        })
        .collect();
    for _ in 0..3 {
        repo.git(&["pack-refs", "--all", "--prune"]);
        repo.git(&["gc", "--quiet"]);
    }
    let done: Vec<Done> =
        children.into_iter().map(|child| Done::new(child.wait_with_output().expect("an end"))).collect();
    let history: BTreeSet<String> = repo.git(&["rev-list", STATE_REF]).lines().map(str::to_owned).collect();
    let landed: BTreeSet<String> = done.iter().flat_map(|done| done.landed.clone()).collect();
    assert_eq!(history, landed, "{done:?}");
    assert_eq!(history.len(), 90);
    assert_eq!(repo.git(&["show", "refs/coord/main:counter"]), "90");
    repo.assert_sound();
}

#[test]
fn the_queue_is_waited_for_and_not_for_ever() {
    let repo = files_repo();
    let (holder, waiter) = (repo.open(), repo.open());
    let held = holder.lock(PATIENCE).expect("the lock");
    let started = Instant::now();
    let refused = waiter.lock(Duration::from_millis(50)).err().expect("somebody else is first");
    assert_eq!((refused.kind(), refused.code()), (Kind::Busy, "queue_full"));
    assert_eq!(waiter.lock(Duration::ZERO).err().expect("somebody else is first").code(), "queue_full");
    assert!((50..5_000).contains(&started.elapsed().as_millis()));
    drop(held);
    drop(waiter.lock(PATIENCE).expect("the one who gave up holds nothing"));
}

#[test]
fn a_hook_may_refuse() {
    let repo = hooked_repo();
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    std::fs::write(repo.path.join(".git/hooks/reference-transaction"), "#!/bin/sh\nexit 1\n").expect("a hook");
    let mut writer = store.lock(PATIENCE).expect("the lock");
    let refused = writer.publish(on(Some(first), vec![set("a", "2")])).expect_err("refused");
    assert_eq!(refused.code(), "refused_by_hook", "{refused:?}");
    assert_eq!(store.tip().expect("readable"), Some(first));
}

#[test]
fn a_tip_that_git_lost_is_known() {
    let repo = files_repo();
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    let lost = publish(&store, vec![set("a", "2")]);
    let other = repo.git(&["commit-tree", "-p", &first.to_string(), "-m", "x", "refs/coord/main^{tree}"]);
    // What a git does that still believes in `first`.
    repo.git(&["update-ref", "--create-reflog", "refs/coord/aside", &other]);
    std::fs::rename(repo.path.join(".git/refs/coord/aside"), repo.path.join(".git/refs/coord/main")).expect("moved");
    let writer = store.lock(PATIENCE).expect("the lock");
    let tip = store.tip().expect("readable");
    assert_eq!(tip.map(|id| id.to_string()), Some(other));
    assert_eq!(writer.acknowledged(), Some(lost));
    assert_eq!(writer.lost(tip).expect("walked"), Some(lost));
}

#[test]
fn a_tip_that_was_moved_back_by_hand_is_lost_and_one_that_was_left_behind_is_not() {
    let repo = files_repo();
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    let second = publish(&store, vec![set("a", "2")]);
    repo.git(&["update-ref", STATE_REF, &first.to_string()]);
    let writer = store.lock(PATIENCE).expect("the lock");
    assert_eq!(writer.acknowledged(), Some(second));
    assert_eq!(writer.lost(store.tip().expect("readable")).expect("walked"), Some(second));
    assert_eq!(writer.lost(Some(second)).expect("walked"), None);
    assert_eq!(writer.lost(None).expect("walked"), None);
}
