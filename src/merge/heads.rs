//! What to do with two heads, before anything is merged.
//!
//! Merging two heads that hold the same writes would make a third that holds no more: three laptops in a ring would do so
//! for ever. So such heads are not merged, and all take the same one of them: the one with more commits behind it, as
//! a head has than every head behind it, so that taking and moving forward never go round in a circle.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;

use super::RULES;
use crate::base::Result;

/// How many merges are looked at before two heads count as different.
const MOST_MERGES: usize = 10_000;

/// What to do with a head of ours and one of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<C> {
    /// Nothing: ours is theirs, or descends from it.
    Keep,
    /// Ours moves forward to theirs.
    FastForward,
    /// Both hold the same writes, merged in different ways: all go on with this one.
    Take(C),
    /// The two are merged.
    Merge,
    /// Theirs was merged by rules that this version does not know: nothing is merged with it.
    TooNew(u32),
}

/// Ancestry, as the decision asks for it.
pub trait Lineage {
    /// The name of a commit. Its order decides where nothing else does, so it is the same on all machines.
    type Commit: Copy + Ord + Hash + Debug;

    /// Returns whether `b` is `a` or descends from it.
    ///
    /// # Errors
    /// Where history cannot be read, or ends too early to tell.
    fn is_ancestor(&self, a: Self::Commit, b: Self::Commit) -> Result<bool>;

    /// Returns the parents of a commit.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn parents(&self, commit: Self::Commit) -> Result<Vec<Self::Commit>>;

    /// Returns the rules under which a commit was made by a merge; nothing where it holds changes of its own. See
    /// [`rules_of`](super::commit::rules_of).
    ///
    /// # Errors
    /// Where it cannot be read.
    fn rules(&self, commit: Self::Commit) -> Result<Option<u32>>;
}

/// Decides what to do with two heads. `shared` is the tip of the remote that all publish to, where there is one.
///
/// # Errors
/// As those of [`Lineage`].
pub fn decide<L: Lineage>(
    lineage: &L,
    ours: L::Commit,
    theirs: L::Commit,
    shared: Option<L::Commit>,
) -> Result<Step<L::Commit>> {
    if lineage.is_ancestor(theirs, ours)? {
        return Ok(Step::Keep);
    }
    if lineage.is_ancestor(ours, theirs)? {
        return Ok(Step::FastForward);
    }
    let (of_ours, of_theirs) = (only_merges(lineage, ours, theirs)?, only_merges(lineage, theirs, ours)?);
    if of_ours.is_only_merges && of_theirs.is_only_merges {
        let greater = (of_ours.count, Reverse(ours)) > (of_theirs.count, Reverse(theirs));
        let taken = shared.filter(|tip| [ours, theirs].contains(tip));
        return Ok(Step::Take(taken.unwrap_or(if greater { ours } else { theirs })));
    }
    let newest = of_ours.newest.max(of_theirs.newest);
    Ok(if newest > RULES { Step::TooNew(newest) } else { Step::Merge })
}

/// What one head has that the other has not.
struct Only {
    /// Whether it is merges alone.
    is_only_merges: bool,
    /// How many merges.
    count: usize,
    /// The newest rules that were met.
    newest: u32,
}

/// Walks from `head` to what `other` has too, as long as there are only merges on the way.
fn only_merges<L: Lineage>(lineage: &L, head: L::Commit, other: L::Commit) -> Result<Only> {
    let mut only = Only { is_only_merges: true, count: 0, newest: 0 };
    let (mut todo, mut seen) = (vec![head], BTreeSet::new());
    while let Some(commit) = todo.pop() {
        if !seen.insert(commit) || lineage.is_ancestor(commit, other)? {
            continue;
        }
        match lineage.rules(commit)? {
            Some(rules) if seen.len() <= MOST_MERGES => {
                only.count += 1;
                only.newest = only.newest.max(rules);
                todo.extend(lineage.parents(commit)?);
            }
            _ => only.is_only_merges = false,
        }
    }
    Ok(only)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Commits by number, with their parents and the rules of a merge.
    struct Graph(BTreeMap<u32, (Vec<u32>, Option<u32>)>);

    impl Lineage for Graph {
        type Commit = u32;

        fn is_ancestor(&self, a: u32, b: u32) -> Result<bool> {
            Ok(a == b || self.0[&b].0.iter().any(|parent| self.is_ancestor(a, *parent).expect("no errors here")))
        }

        fn parents(&self, commit: u32) -> Result<Vec<u32>> {
            Ok(self.0[&commit].0.clone())
        }

        fn rules(&self, commit: u32) -> Result<Option<u32>> {
            Ok(self.0[&commit].1)
        }
    }

    fn graph(commits: &[(u32, &[u32], Option<u32>)]) -> Graph {
        Graph(commits.iter().map(|(id, parents, rules)| (*id, (parents.to_vec(), *rules))).collect())
    }

    fn step(graph: &Graph, ours: u32, theirs: u32) -> Step<u32> {
        decide(graph, ours, theirs, None).expect("no errors here")
    }

    #[test]
    fn what_is_ahead_or_behind_is_not_merged() {
        let graph = graph(&[(1, &[], None), (2, &[1], None), (3, &[1], None)]);
        assert_eq!(step(&graph, 1, 1), Step::Keep);
        assert_eq!(step(&graph, 2, 1), Step::Keep);
        assert_eq!(step(&graph, 1, 2), Step::FastForward);
        assert_eq!(step(&graph, 2, 3), Step::Merge);
    }

    #[test]
    fn heads_with_the_same_writes_are_taken_and_not_merged() {
        // A ring of three: each has merged its own and its neighbour's, then again.
        let graph = graph(&[
            (0, &[], None),
            (1, &[0], None),
            (2, &[0], None),
            (3, &[0], None),
            (12, &[1, 2], Some(1)),
            (23, &[2, 3], Some(1)),
            (31, &[1, 3], Some(1)),
            (100, &[12, 23], Some(1)),
            (101, &[23, 31], Some(1)),
            (102, &[12, 31], Some(1)),
        ]);
        assert_eq!(step(&graph, 12, 23), Step::Merge);
        assert_eq!(step(&graph, 12, 101), Step::Merge, "an ancestor of theirs it is not, and yet it has no more");
        for (ours, theirs) in [(100, 101), (101, 100)] {
            assert_eq!(step(&graph, ours, theirs), Step::Take(100));
            assert_eq!(decide(&graph, ours, theirs, Some(101)).expect("no errors here"), Step::Take(101));
            assert_eq!(decide(&graph, ours, theirs, Some(12)).expect("no errors here"), Step::Take(100));
        }
        assert_eq!(step(&graph, 102, 101), Step::Take(101));
    }

    #[test]
    fn taking_and_moving_forward_do_not_go_round_in_a_circle() {
        // 5 is behind 9, and 7 holds the same writes: by the numbers alone 9 would give way to 7, and 7 to 5.
        let graph = graph(&[
            (0, &[], None),
            (1, &[0], None),
            (2, &[0], None),
            (3, &[0], None),
            (12, &[1, 2], Some(1)),
            (13, &[1, 3], Some(1)),
            (23, &[2, 3], Some(1)),
            (5, &[12, 3], Some(1)),
            (7, &[13, 2], Some(1)),
            (8, &[23, 1], Some(1)),
            (9, &[5, 8], Some(1)),
        ]);
        assert_eq!(step(&graph, 5, 9), Step::FastForward);
        assert_eq!(step(&graph, 5, 7), Step::Take(5));
        assert_eq!(step(&graph, 7, 9), Step::Take(9));
        assert_eq!(step(&graph, 9, 7), Step::Take(9));
    }

    #[test]
    fn what_newer_rules_have_merged_is_left_to_them() {
        let graph = graph(&[
            (0, &[], None),
            (1, &[0], None),
            (2, &[0], None),
            (3, &[0], None),
            (10, &[1, 2], Some(RULES + 1)),
            (11, &[1, 2], Some(RULES)),
        ]);
        assert_eq!(step(&graph, 10, 3), Step::TooNew(RULES + 1));
        assert_eq!(step(&graph, 3, 10), Step::TooNew(RULES + 1));
        assert_eq!(step(&graph, 1, 10), Step::FastForward);
        assert_eq!(step(&graph, 10, 11), Step::Take(10), "nothing has to be understood to take one of them");
    }
}
