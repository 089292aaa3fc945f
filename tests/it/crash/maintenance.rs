//! Git tidies up and others push while agents write: nothing is lost, and git's own work succeeds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::harness::Repo;

const WRITERS: usize = 6;

/// How many writes each writer gets through.
const WRITES: usize = 25;

#[test]
fn nothing_is_lost_while_git_packs_refs() {
    beside(|repo, _| {
        repo.git(&["pack-refs", "--all"]);
    });
}

#[test]
fn nothing_is_lost_while_git_collects_garbage() {
    beside(|repo, round| {
        let words: &[&str] = match round % 3 {
            0 => &["gc", "--quiet"],
            1 => &["maintenance", "run", "--quiet", "--task=loose-objects", "--task=incremental-repack"],
            _ => &["maintenance", "run", "--quiet", "--task=gc"],
        };
        repo.git(words);
    });
}

/// The program's own maintenance comes again and again, started by the writers themselves, beside a git that packs in the
/// same way all the time.
#[test]
fn nothing_is_lost_while_writers_have_git_pack_in_the_background() {
    let mut runs = BTreeSet::new();
    beside(|repo, round| {
        if round == 0 {
            repo.git(&["config", "gc.auto", "6700"]);
        }
        // Beside the one in the background it may find a pack gone: git says so and changes nothing.
        let _ = repo.try_git(&["repack", "--geometric=2", "-d", "-l", "-n", "-q"]);
        let log = repo.common_dir().join("coord/maintenance.log");
        runs.extend(std::fs::read_to_string(log).unwrap_or_default().lines().next().map(str::to_owned));
    });
    assert!(!runs.is_empty(), "maintenance never came");
}

#[test]
fn nothing_is_lost_while_others_push_branches_here() {
    beside(|repo, round| {
        let other = repo.at(repo.machine.root().join("other"));
        if round == 0 {
            repo.clone_to("other", &[]);
        }
        other.git(&["commit", "--quiet", "--allow-empty", "-m", &format!("Round {round}")]);
        other.git(&["push", "--quiet", "origin", &format!("HEAD:refs/heads/topic-{}", round % 5), "--force"]);
    });
}

/// Has writers write while something else goes on in the repository again and again, and counts what is there.
fn beside(mut other: impl FnMut(&Repo, usize)) {
    let repo = Repo::set_up().live();
    repo.ok(&["task", "new", "Shared", "--id", "S-1"]);
    let busy = Arc::new(AtomicUsize::new(WRITERS));
    let threads: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (repo, busy) = (repo.clone(), busy.clone());
            std::thread::spawn(move || {
                let done = std::panic::catch_unwind(|| write(&repo, writer));
                busy.fetch_sub(1, Ordering::SeqCst);
                done.unwrap_or_else(|words| std::panic::resume_unwind(words))
            })
        })
        .collect();
    let mut rounds = 0;
    while busy.load(Ordering::SeqCst) > 0 {
        other(&repo, rounds);
        rounds += 1;
    }
    let mut commits = BTreeSet::new();
    let mut busy_answers = 0;
    for thread in threads {
        let (written, refused) = thread.join().expect("a writer's story");
        commits.extend(written);
        busy_answers += refused;
    }
    assert_eq!(commits.len(), WRITERS * WRITES);
    assert!(rounds > 1, "git had no time for anything");

    if let Ok(lock) = std::fs::File::open(repo.common_dir().join("coord/maintenance.lock")) {
        lock.lock().expect("what was started in the background comes to its end");
    }
    other(&repo, rounds);
    // Where git has lost the very last one, the next writer brings it back.
    repo.ok(&["task", "new", "Last", "--id", "last"]);
    let history = repo.history();
    let lost: Vec<_> = commits.difference(&history).collect();
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), commits.len());
    let files: BTreeSet<String> = repo.files().into_keys().collect();
    for writer in 0..WRITERS {
        for n in (0..WRITES).filter(|n| n % 2 == 0) {
            assert!(files.iter().any(|path| path.ends_with(&format!("/w{writer}-{n}.md"))), "w{writer}-{n} is lost");
        }
    }
    assert_eq!(files.iter().filter(|path| path.starts_with("messages/")).count(), WRITERS * (WRITES / 2));
    let merges = repo.git(&["rev-list", "--merges", "--count", "refs/coord/main"]).parse::<usize>().expect("a number");
    assert_eq!(repo.commit_count(), 3 + commits.len() + merges, "the first, S-1, the last, and all between");
    repo.assert_no_lock();
    repo.fsck_strict();
    assert!(busy_answers < commits.len() / 10, "{busy_answers} busy answers beside {rounds} rounds of git");
}

/// Writes on own and shared records; a busy answer is what git's lock may cause, and is tried again.
fn write(repo: &Repo, writer: usize) -> (Vec<String>, usize) {
    let (mut commits, mut busy) = (Vec::new(), 0);
    for n in 0..WRITES {
        let (id, word) = (format!("w{writer}-{n}"), format!("remark {n} of {writer}"));
        let words = if n % 2 == 0 { vec!["task", "new", "Own", "--id", &id] } else { vec!["note", "S-1", &word] };
        loop {
            // Little is too much, where a test lets anybody maintain the repository.
            let call = repo.coord(&words).json().agent(&format!("writer-{writer}")).env("GIT_COORD_TEST_PILE", "0,2");
            let answer = call.run();
            match answer.exit() {
                0 => break commits.push(answer.commit()),
                7 => busy += 1,
                _ => panic!("{answer}"),
            }
            assert!(busy < 200, "always busy: {answer}");
        }
    }
    (commits, busy)
}
