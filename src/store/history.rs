//! History: the log, ancestry, and where two lines of commits met.
//!
//! A commit that the `shallow` file lists is read without its parents, as git reads it; `Store::is_shallow`
//! tells it from a true root. Where what was cut off could hold the answer, ancestry is not guessed: the error is
//! `shallow`.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

use super::commit::{self, Commit};
use super::{Oid, Store};
use crate::base::{Error, Result, Timestamp};

/// Commits in the order of `git log`: the latest commit time first, a commit after those that led to it.
pub struct Log<'s> {
    store: &'s Store,
    queue: BinaryHeap<Due>,
    seen: HashSet<Oid>,
    /// Those that are left out, with all that led to them, as far as they have been met.
    known: HashSet<Oid>,
    /// How many in the queue are not left out.
    wanted: usize,
    /// Those whose turn it is.
    ready: VecDeque<Commit>,
    failed: bool,
}

/// A commit that waits for its turn. Of two with one time the one found first comes first, as in git.
struct Due {
    commit: Commit,
    found: usize,
}

impl<'s> Log<'s> {
    pub(super) fn new(store: &'s Store, from: Oid, known: Option<Oid>) -> Result<Self> {
        let (queue, seen, known_ones) = (BinaryHeap::new(), HashSet::new(), HashSet::new());
        let mut log = Log { store, queue, seen, known: known_ones, wanted: 0, ready: VecDeque::new(), failed: false };
        if let Some(known) = known {
            log.leave_out(known)?;
        }
        log.push(from)?;
        Ok(log)
    }

    fn push(&mut self, id: Oid) -> Result<()> {
        if self.seen.insert(id) {
            self.queue_up(id)?;
            self.wanted += 1;
        }
        Ok(())
    }

    /// Leaves a commit out, also where it has been met; one that had its turn has another, for those that led to it.
    fn leave_out(&mut self, id: Oid) -> Result<()> {
        if !self.known.insert(id) {
            return Ok(());
        }
        let is_waiting = !self.seen.insert(id) && self.queue.iter().any(|due| due.commit.id == id);
        if is_waiting {
            self.wanted -= 1
        } else {
            self.queue_up(id)?
        }
        Ok(())
    }

    fn queue_up(&mut self, id: Oid) -> Result<()> {
        self.queue.push(Due { commit: read(self.store, id)?, found: self.seen.len() });
        Ok(())
    }

    /// Returns the next commit that is not left out.
    fn turn(&mut self) -> Result<Option<Commit>> {
        while self.ready.is_empty() && self.wanted > 0 {
            self.meet_all_of_one_time()?;
        }
        Ok(self.ready.pop_front())
    }

    /// Takes all commits of the latest time out of the queue. Of those with one time, one may have its turn before it is
    /// met behind one that is left out: a commit has the time of its parent where that is the later one.
    fn meet_all_of_one_time(&mut self) -> Result<()> {
        let Some(time) = self.queue.peek().map(|due| due.commit.commit_time) else {
            self.wanted = 0;
            return Ok(());
        };
        let mut met = Vec::new();
        while self.queue.peek().is_some_and(|due| due.commit.commit_time == time)
            && let Some(Due { commit, .. }) = self.queue.pop()
        {
            if self.known.contains(&commit.id) {
                commit.parents.iter().try_for_each(|parent| self.leave_out(*parent))?;
                continue;
            }
            self.wanted -= 1;
            commit.parents.iter().try_for_each(|parent| self.push(*parent))?;
            met.push(commit);
        }
        self.ready.extend(met.into_iter().filter(|commit| !self.known.contains(&commit.id)));
        Ok(())
    }
}

impl Iterator for Log<'_> {
    type Item = Result<Commit>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let turn = self.turn().transpose();
        self.failed = matches!(turn, Some(Err(_)));
        turn
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.commit.commit_time.cmp(&other.commit.commit_time).then(other.found.cmp(&self.found))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

/// Reads a commit; without its parents where the history was cut there.
pub(super) fn read(store: &Store, id: Oid) -> Result<Commit> {
    let mut commit = commit::read(&store.objects, id)?;
    if store.shallow()?.contains(&id) {
        commit.parents.clear();
    }
    Ok(commit)
}

const FIRST: u8 = 1;
const SECOND: u8 = 2;
/// Behind a meeting point already found.
const BEHIND: u8 = 4;
/// Already in the list of meeting points.
const FOUND: u8 = 8;

/// A commit as the search for meeting points needs it.
struct Seen {
    time: Timestamp,
    parents: Vec<Oid>,
    is_cut: bool,
    marks: u8,
}

/// Returns the best common ancestors of two commits: those that no other common ancestor descends from. Latest first.
pub(super) fn merge_bases(store: &Store, a: Oid, b: Oid) -> Result<Vec<Oid>> {
    if a == b {
        return Ok(vec![a]);
    }
    let mut search = Search { store, seen: HashMap::new(), queue: BinaryHeap::new() };
    search.mark(a, FIRST)?;
    search.mark(b, SECOND)?;
    let found = search.run()?;
    search.check_whole(a, b)?;
    independent(store, found)
}

/// The walk that paints each commit with the side from which it is reachable, latest commit first.
///
/// A commit painted from both sides is a meeting point, and everything behind it is of no interest; the walk ends
/// when only such commits are waiting.
struct Search<'s> {
    store: &'s Store,
    seen: HashMap<Oid, Seen>,
    queue: BinaryHeap<(Timestamp, Oid)>,
}

impl Search<'_> {
    fn mark(&mut self, id: Oid, marks: u8) -> Result<()> {
        if !self.seen.contains_key(&id) {
            let commit = read(self.store, id)?;
            let is_cut = self.store.is_shallow(id)?;
            self.seen.insert(id, Seen { time: commit.commit_time, parents: commit.parents, is_cut, marks: 0 });
        }
        let Some(seen) = self.seen.get_mut(&id) else { return Ok(()) };
        if seen.marks & marks != marks {
            seen.marks |= marks;
            self.queue.push((seen.time, id));
        }
        Ok(())
    }

    fn run(&mut self) -> Result<Vec<Oid>> {
        let mut found = Vec::new();
        while self.queue.iter().any(|(_, id)| self.marks(*id) & BEHIND == 0) {
            let Some((_, id)) = self.queue.pop() else { break };
            let Some(seen) = self.seen.get_mut(&id) else { continue };
            let mut passed = seen.marks & (FIRST | SECOND | BEHIND);
            if passed == FIRST | SECOND {
                if seen.marks & FOUND == 0 {
                    seen.marks |= FOUND;
                    found.push(id);
                }
                passed |= BEHIND;
            }
            for parent in seen.parents.clone() {
                self.mark(parent, passed)?;
            }
        }
        found.retain(|id| self.marks(*id) & BEHIND == 0);
        Ok(found)
    }

    fn marks(&self, id: Oid) -> u8 {
        self.seen.get(&id).map_or(0, |seen| seen.marks)
    }

    /// Refuses to conclude from a history that ends early on one side only: the other side may come from behind the
    /// cut. Behind a cut that both sides share there is nothing but their common past.
    fn check_whole(&self, a: Oid, b: Oid) -> Result<()> {
        let is_one_sided = |marks: u8| marks & FIRST == 0 || marks & SECOND == 0;
        if self.seen.values().all(|seen| !seen.is_cut || !is_one_sided(seen.marks)) {
            return Ok(());
        }
        let message =
            format!("cannot tell whether {b} follows {a}: this clone is shallow, and history ends between them");
        Err(Error::fatal("shallow", message).hint(self.store.unshallow()))
    }
}

/// Drops commits that others of the list descend from. Clocks that went back can leave such behind.
fn independent(store: &Store, found: Vec<Oid>) -> Result<Vec<Oid>> {
    if found.len() < 2 {
        return Ok(found);
    }
    let mut kept = Vec::new();
    for &id in &found {
        let mut is_behind = false;
        for &other in found.iter().filter(|&&other| other != id) {
            is_behind |= is_ancestor(store, id, other)?;
        }
        if !is_behind {
            kept.push(id);
        }
    }
    Ok(kept)
}

/// Returns whether `b` is `a` or descends from it.
///
/// The walk looks behind commits with later times too, so a clock that went back does not hide an ancestor.
pub(super) fn is_ancestor(store: &Store, a: Oid, b: Oid) -> Result<bool> {
    if a == b {
        return Ok(true);
    }
    let mut search = Search { store, seen: HashMap::new(), queue: BinaryHeap::new() };
    search.mark(a, FIRST)?;
    search.mark(b, SECOND)?;
    search.run()?;
    let is_behind = search.marks(a) & SECOND != 0;
    if !is_behind {
        search.check_whole(a, b)?;
    }
    Ok(is_behind)
}
