//! The power is cut after every single thing that a write does to the disk: what was acknowledged is there, the state
//! is whole, and the next write works.
//!
//! A scenario says what is done; the log of the program (`src/store/file_log.rs`) says what that did to the disk, and
//! `disk` what may be left of it. A new step of the write path needs no word here. A new way to write needs a scenario.

mod disk;
mod folder;
mod judge;
mod log;
mod scenarios;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use disk::{Disk, Left, Model, Node};
use judge::{Care, Promised};
use log::Op;
use scenarios::{End, Scenario};

use crate::harness::Repo;

/// How many repositories are looked at at a time.
const AT_A_TIME: usize = 3;

/// From how many operations on not all of them are stopped at that write objects.
const MANY: usize = 400;

/// How many repositories of one scenario are looked at, of those that the power may leave.
const MOST: usize = 100;

/// What was done, and what had been promised after how many operations.
struct Record {
    disk: Disk,
    ops: Vec<Op>,
    promises: Vec<(usize, Promised)>,
    /// After how many operations a step came to its end, or to its death.
    ends: Vec<(usize, End)>,
}

impl Record {
    /// Does what a scenario says, with the program writing down what it does to the disk.
    fn of(scenario: &Scenario) -> (Repo, Record) {
        let repo = (scenario.prepare)();
        let log = repo.machine.root().join("disk.log");
        let disk = Disk::of(&repo.common_dir());
        let mut promised = Promised { is_set_up: repo.tip().is_some(), ..Promised::default() };
        promised.commits.extend(repo.tip());
        let (mut promises, mut ends) = (vec![(0, promised.clone())], Vec::new());
        for step in &scenario.steps {
            step.take(&repo, &log, &mut promised);
            let length = log::length(&log);
            promises.push((length, promised.clone()));
            ends.push((length, step.end()));
        }
        let ops = log::read(&log, &repo.common_dir(), 0);
        (repo, Record { disk, ops, promises, ends })
    }
}

/// What may be left that is worth a look of its own: what differs only in objects that nothing refers to does not.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sort(BTreeMap<String, (Node, Option<Bytes>)>);

type Bytes = Arc<[u8]>;

impl Sort {
    fn of(left: &Left, whole: &Left, before: &Left) -> Sort {
        let value = |left: &Left| match left.names.get("refs/coord/main") {
            Some(Node::File(id)) => left.bytes.get(id).cloned(),
            _ => None,
        };
        let has_moved = value(left) != value(before);
        let mut names = BTreeMap::new();
        for (path, node) in &left.names {
            let Node::File(id) = node else {
                // An empty folder is as good as none.
                continue;
            };
            if path.contains("/tmp_obj_") || path.contains("/.note-") {
                continue;
            }
            let bytes = left.bytes[id].clone();
            let is_complete = whole.bytes.get(id).is_none_or(|whole| *whole == bytes);
            match path.starts_with("objects/") && is_complete {
                true if !has_moved => {}
                true => drop(names.insert(path.clone(), (*node, None))),
                false => drop(names.insert(path.clone(), (*node, Some(bytes)))),
            }
        }
        Sort(names)
    }
}

/// Cuts the power everywhere in a scenario, which must be survived everywhere.
#[track_caller]
fn survives(scenario: &Scenario) {
    let (repo, record) = Record::of(scenario);
    survives_from(&repo, record, scenario);
}

/// Cuts the power everywhere in what was done.
#[track_caller]
fn survives_from(repo: &Repo, record: Record, scenario: &Scenario) {
    let (count, faults) = cut_everywhere(repo, record, scenario.is_collected);
    let some: String = faults.iter().take(5).map(|fault| format!("\n{fault}")).collect();
    let told = format!("{}: {} of {count} ways to lose power are not survived", scenario.name, faults.len());
    assert!(faults.is_empty(), "{told}:{some}");
}

/// Cuts the power everywhere in what was done; where `is_collected`, garbage is collected when it is back. Returns in how
/// many ways it was cut, and what did not survive.
fn cut_everywhere(repo: &Repo, record: Record, is_collected: bool) -> (usize, Vec<String>) {
    let Record { mut disk, ops, promises, ends } = record;
    assert!(ops.len() > 5, "nothing was done: {ops:?}");
    let mut cases: BTreeMap<Sort, Case> = BTreeMap::new();
    let (mut before, mut count) = (disk.whole(), 0);
    for done in 0..=ops.len() {
        let last = done.checked_sub(1).map(|at| &ops[at]);
        last.into_iter().for_each(|op| disk.apply(op));
        // Of many objects, one being written is as good as the next.
        if ops.len() > MANY && done % 8 > 0 && last.is_some_and(Op::is_of_an_object) {
            continue;
        }
        let (_, promised) = promises.iter().rfind(|(at, _)| *at <= done).expect("the first is at 0");
        let whole = disk.whole();
        for model in [Model::Strict, Model::Journal] {
            for left in disk.survivors(model) {
                count += 1;
                let sort = Sort::of(&left, &whole, &before);
                let what = format!("{model:?}, {done} of {} done, at last {}", ops.len(), told(last));
                // The later the more was promised, so of two that are alike the later is asked for all.
                cases.insert(sort, Case { left, what, promised: promised.clone() });
            }
        }
        match ends.iter().find(|(at, _)| *at == done) {
            None => {}
            Some((_, End::Dead)) => disk.orphan(),
            Some((_, End::Done)) => {
                // The notes are never waited for: they may be from long ago.
                disk.settle("coord/lock");
                before = disk.whole();
            }
        }
    }
    assert_same(&repo.common_dir(), &disk.whole());
    let every = cases.len().div_ceil(MOST);
    let cases: Vec<Case> = cases.into_values().step_by(every).collect();
    (count, look_at_all(repo, &disk, is_collected, &cases))
}

fn told(op: Option<&Op>) -> String {
    match op {
        None => "nothing".to_owned(),
        Some(Op::Holds { path, .. }) => format!("wrote {path}"),
        Some(Op::Replaced { path, .. }) => format!("replaced {path}"),
        Some(op) => format!("{op:?}"),
    }
}

/// The log told all: doing again what it says makes what the program has made.
#[track_caller]
fn assert_same(top: &Path, whole: &Left) {
    let there = Disk::of(top).whole();
    let list = |left: &Left| -> BTreeMap<String, Option<Bytes>> {
        let bytes = |node: &Node| match node {
            Node::Folder => None,
            Node::File(id) => Some(left.bytes[id].clone()),
        };
        // What the index does to the disk is SQLite's, and nothing hangs on it. The hooks are no part of the state either.
        let is_watched =
            |path: &str| !path.starts_with("coord/index") && !path.contains("/.index-") && !path.starts_with("hooks");
        let names = left.names.iter().filter(|(path, _)| is_watched(path));
        names.map(|(path, node)| (path.clone(), bytes(node))).collect()
    };
    let (there, said) = (list(&there), list(whole));
    // The index is no part of the state: nobody waits for it, and it is made anew after a restart of the machine.
    let counts = |path: &&String| !path.starts_with("coord/index.");
    let paths: BTreeSet<&String> = there.keys().chain(said.keys()).filter(counts).collect();
    let wrong: Vec<_> = paths.into_iter().filter(|path| there.get(*path) != said.get(*path)).collect();
    assert!(wrong.is_empty(), "not what the log says: {wrong:?}");
}

/// One thing to look at.
struct Case {
    left: Left,
    what: String,
    promised: Promised,
}

fn look_at_all(repo: &Repo, disk: &Disk, is_collected: bool, cases: &[Case]) -> Vec<String> {
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(Case { left, what, promised }) = cases.get(at) else { break };
                    let care = if at % 8 == 0 { Care::Great } else { Care::Enough };
                    let folder = tempfile::tempdir_in(repo.machine.root()).expect("a folder");
                    let again = folder.path().join(".git");
                    std::fs::create_dir(&again).expect("a folder");
                    disk.restore(left, &again);
                    let repo = repo.at(folder.path());
                    if is_collected {
                        collect_garbage(&repo);
                    }
                    if let Err(fault) = judge::examine(&repo, promised, care) {
                        faults.lock().expect("no panic").push(format!("{what}: {fault}"));
                    }
                }
            });
        }
    });
    faults.into_inner().expect("no panic")
}

/// Does what `git gc` does to objects, in repositories too whose ref is locked.
fn collect_garbage(repo: &Repo) {
    const TWO_WEEKS: &str = "2.weeks.ago";
    repo.git(&["repack", "-A", "-d", "-q", &format!("--unpack-unreachable={TWO_WEEKS}")]);
    repo.git(&["prune", &format!("--expire={TWO_WEEKS}")]);
}
