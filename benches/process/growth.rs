//! What changes leave behind in the repository: right after them, after the maintenance of git, and where the program has
//! git maintain it in the background.

use std::fs::File;

use serde::{Deserialize, Serialize};

use crate::mutations::READER;
use crate::place::Repo;
use crate::weight::Weight;

/// The life of one task, each step of which is one change.
const LIFE: usize = 5;

/// How many changes are made under automatic maintenance: enough for it to come several times.
const MANY: usize = 1_500;

/// After how many of them the repository is weighed.
const OFTEN: usize = 20;

/// What the program has git do in the background.
const PACKING: [&str; 6] = ["repack", "--geometric=2", "-d", "-l", "-n", "-q"];

/// What git does by itself where it is told to: packs loose objects, and joins small packs.
const MAINTENANCE: [&str; 5] = ["maintenance", "run", "--quiet", "--task=loose-objects", "--task=incremental-repack"];

/// By how much a repository grew.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Grown {
    /// Right after the changes.
    pub(crate) at_once: Weight,
    /// After the two tasks of `git maintenance`.
    pub(crate) maintained: Weight,
    /// After `git gc`.
    pub(crate) collected: Weight,
}

/// What came out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Growth {
    pub(crate) size: usize,
    pub(crate) changes: usize,
    pub(crate) grown: Grown,
    pub(crate) automatic: Automatic,
}

/// What became of a repository that the program had git maintain.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Automatic {
    pub(crate) changes: usize,
    /// How often maintenance came.
    pub(crate) runs: usize,
    /// The most loose files that were seen.
    pub(crate) loose_at_most: u64,
    /// By how much the repository grew, once the last run was over and what came after it was packed too.
    pub(crate) grown: Weight,
}

pub(crate) fn measure(template: &Repo<'_>, size: usize, tasks: usize) -> Growth {
    let repo = template.copy("growth");
    let grown = grown_by(&repo, || (0..tasks).for_each(|n| live(&repo, n)));
    Growth { size, changes: tasks * LIFE, grown, automatic: automatic(template) }
}

/// Makes many changes that do not depend on the size of the state, one after the other, with automatic maintenance on.
fn automatic(template: &Repo<'_>) -> Automatic {
    let repo = template.copy("automatic");
    repo.run(repo.coord(["task", "new", "Say why an input is refused", "--id", "noted"]));
    for (key, value) in [("gc.auto", "6700"), ("maintenance.auto", "true"), ("coord.fsync", "off")] {
        repo.run(repo.git(["config", key, value]));
    }
    repo.run(repo.git(PACKING));
    let before = Weight::of(&repo);
    let (mut loose_at_most, mut logs) = (0, Vec::new());
    for n in 0..MANY {
        repo.run(repo.coord(["note", "noted", &format!("Half of it is there, the tests are next; remark {n}.")]));
        if n % OFTEN == 0 {
            loose_at_most = loose_at_most.max(loose(&repo));
            logs.extend(std::fs::read(repo.path.join(".git/coord/maintenance.log")));
            logs.dedup_by_key(|log| started(log));
        }
    }
    // It may still be at work; its lock says when it is over.
    if let Ok(lock) = File::open(repo.path.join(".git/coord/maintenance.lock")) {
        lock.lock().expect("the lock of maintenance");
    }
    repo.run(repo.git(PACKING));
    Automatic { changes: MANY, runs: logs.len(), loose_at_most, grown: Weight::of(&repo).since(before) }
}

/// Counts loose objects while somebody else may be taking them away.
fn loose(repo: &Repo<'_>) -> u64 {
    let objects = repo.path.join(".git/objects");
    let folders = (0..=255).map(|n| objects.join(format!("{n:02x}")));
    folders.filter_map(|folder| std::fs::read_dir(folder).ok()).map(|entries| entries.count() as u64).sum()
}

/// Returns the first line of a log, which says when the run was started.
fn started(log: &[u8]) -> Vec<u8> {
    log.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec()
}

/// Takes the n-th new task through its life.
fn live(repo: &Repo<'_>, n: usize) {
    let id = format!("grown-{n:07}");
    repo.run(repo.coord(["task", "new", "Say why an input is refused", "--id", &id]));
    repo.run(repo.coord(["claim", &id]));
    repo.run(repo.coord(["note", &id, "Half of it is there, the tests are next."]));
    repo.run(repo.coord(["send", READER, "Could you look at the branch?"]));
    repo.run(repo.coord(["done", &id, "It says why now."]));
}

/// Does some work and returns by how much the repository grew, each time against what the same maintenance made of it
/// before the work: its indexes of the state that was there are not the work's.
pub(crate) fn grown_by(repo: &Repo<'_>, work: impl FnOnce()) -> Grown {
    // Nor is the derived index, which the first question makes.
    let _ = repo.try_run(repo.coord(["ready", "--limit", "1"]));
    let collected = collect(repo);
    let maintained = maintain(repo);
    work();
    let at_once = Weight::of(repo).since(maintained);
    Grown { at_once, maintained: maintain(repo).since(maintained), collected: collect(repo).since(collected) }
}

/// Runs maintenance twice: what the first run packs or joins, the second takes away.
fn maintain(repo: &Repo<'_>) -> Weight {
    repo.run(repo.git(MAINTENANCE));
    repo.run(repo.git(MAINTENANCE));
    Weight::of(repo)
}

fn collect(repo: &Repo<'_>) -> Weight {
    repo.run(repo.git(["gc", "--quiet"]));
    Weight::of(repo)
}
