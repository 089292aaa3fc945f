//! Writers that are killed at any moment, many at a time, for several seconds.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::harness::Repo;

/// How long the storm blows.
const STORM: Duration = Duration::from_secs(6);

/// How many write at a time: few, and so many that most of what is written is written for others.
const WRITERS: u64 = 8;
const CROWD: u64 = 32;

#[test]
fn nothing_acknowledged_is_lost_in_a_storm_of_kills() {
    storm(&Repo::set_up().live(), WRITERS);
}

#[test]
fn nothing_is_lost_or_doubled_in_a_storm_of_kills_in_a_crowd() {
    let repo = Repo::set_up().live();
    storm(&repo, CROWD);
    assert!(repo.reflog_length() < repo.commit_count(), "nobody wrote for anybody else");
    // A task that is made twice is refused the second time, which the storm takes for neither done nor killed.
    let subjects = repo.subjects();
    let once: BTreeSet<&String> = subjects.iter().collect();
    assert_eq!(once.len(), subjects.len(), "each change once");
    assert_eq!(repo.queue(), Vec::<String>::new());
}

#[test]
fn nothing_acknowledged_is_lost_in_a_storm_of_kills_on_the_way_through_git() {
    let repo = Repo::set_up().live();
    repo.hook("reference-transaction", "#!/bin/sh\nexit 0\n");
    storm(&repo, WRITERS);
}

fn storm(repo: &Repo, writers: u64) {
    repo.ok(&["task", "new", "Shared", "--id", "S-1"]);
    let deadline = Instant::now() + STORM;
    let threads: Vec<_> = (0..writers)
        .map(|writer| {
            let repo = repo.clone();
            std::thread::spawn(move || write_until(&repo, writer, deadline))
        })
        .collect();
    let mut tally = Tally::default();
    for thread in threads {
        tally.add(thread.join().expect("a writer's story"));
    }

    let started = Instant::now();
    repo.ok(&["task", "new", "After the storm", "--id", "after"]);
    assert!(started.elapsed() < Duration::from_secs(10), "the next command took {:?}", started.elapsed());
    let there: BTreeSet<String> = repo.files().into_keys().collect();
    let is_there = |id: &String| there.iter().any(|path| path.ends_with(&format!("/{id}.md")));
    let lost: Vec<&String> = tally.acknowledged.iter().filter(|id| !is_there(id)).collect();
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), tally.acknowledged.len());
    let history = repo.history();
    assert!(tally.commits.is_subset(&history), "lost from history: {:?}", tally.commits.difference(&history));
    let least = 3 + tally.acknowledged.len();
    let most = least + tally.killed;
    let count = repo.commit_count();
    assert!((least..=most).contains(&count), "{count} commits; {least} acknowledged, {} killed", tally.killed);
    assert!(tally.killed > 20 && tally.acknowledged.len() > 20, "no storm: {} killed", tally.killed);
    repo.assert_no_lock();
    repo.fsck_strict();
}

#[derive(Default)]
struct Tally {
    acknowledged: BTreeSet<String>,
    commits: BTreeSet<String>,
    killed: usize,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.acknowledged.extend(other.acknowledged);
        self.commits.extend(other.commits);
        self.killed += other.killed;
    }
}

/// Makes one task after the other; two of three calls are killed after a while that differs from call to call.
fn write_until(repo: &Repo, writer: u64, deadline: Instant) -> Tally {
    let mut tally = Tally::default();
    let mut chance = Chance(writer + 1);
    for n in 0.. {
        if Instant::now() >= deadline {
            break;
        }
        let id = format!("w{writer}-{n}");
        let mut running = repo.coord(&["task", "new", "In the storm", "--id", &id]).json().start();
        if chance.below(3) > 0 {
            std::thread::sleep(Duration::from_micros(chance.below(120_000)));
            running.kill();
        }
        let answer = running.wait();
        match answer.exit() {
            0 => {
                tally.commits.insert(answer.commit());
                tally.acknowledged.insert(id);
            }
            _ if answer.was_killed() => tally.killed += 1,
            _ => panic!("neither done nor killed: {answer}"),
        }
    }
    tally
}

/// Numbers that look random and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
