//! Which lines of one text are the same lines in another: part of the rules, so nothing here may come out otherwise.
//!
//! Equal lines at both ends are matched first. Between them, lines that stand once in both are anchors; the longest
//! run of anchors in the same order cuts the texts into pieces, and each piece is looked at in the same way. A small
//! piece without anchors is compared line by line. What is too much work, as only a text made for it is, counts as
//! different: the merge then takes larger pieces, and never another text.

use std::collections::HashMap;
use std::ops::Range;

/// How many lines are looked at before the rest counts as different.
const MOST_LINES: usize = 4 << 20;

/// How many pairs of lines one piece may have to be compared line by line.
const MOST_PAIRS: usize = 1 << 20;

/// How many pairs of lines are compared in all.
const MOST_PAIRS_IN_ALL: usize = 8 << 20;

/// Returns pairs of places at which the same line stands, ascending in both texts. A line is a number: equal lines have
/// the same.
pub(super) fn matches(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let mut search = Search { a, b, lines: MOST_LINES, pairs: MOST_PAIRS_IN_ALL, found: Vec::new() };
    // A list and no recursion: a text can be made so that pieces lie in pieces a million deep.
    let mut todo = vec![(0..a.len(), 0..b.len())];
    while let Some((x, y)) = todo.pop() {
        let (x, y) = search.trim(x, y);
        if x.is_empty() || y.is_empty() {
            continue;
        }
        let Some(left) = search.lines.checked_sub(x.len() + y.len()) else { continue };
        search.lines = left;
        let anchors = anchors(&a[x.clone()], &b[y.clone()]);
        if anchors.is_empty() {
            search.compare(x, y);
            continue;
        }
        let (mut from_x, mut from_y) = (x.start, y.start);
        for (i, j) in anchors {
            let (i, j) = (x.start + i, y.start + j);
            search.found.push((i, j));
            todo.push((from_x..i, from_y..j));
            (from_x, from_y) = (i + 1, j + 1);
        }
        todo.push((from_x..x.end, from_y..y.end));
    }
    search.found.sort_unstable();
    search.found
}

struct Search<'a> {
    a: &'a [u32],
    b: &'a [u32],
    lines: usize,
    pairs: usize,
    found: Vec<(usize, usize)>,
}

impl Search<'_> {
    /// Matches what is equal at both ends and returns what lies between.
    fn trim(&mut self, mut x: Range<usize>, mut y: Range<usize>) -> (Range<usize>, Range<usize>) {
        while !x.is_empty() && !y.is_empty() && self.a[x.start] == self.b[y.start] {
            self.found.push((x.start, y.start));
            (x.start, y.start) = (x.start + 1, y.start + 1);
        }
        while !x.is_empty() && !y.is_empty() && self.a[x.end - 1] == self.b[y.end - 1] {
            (x.end, y.end) = (x.end - 1, y.end - 1);
            self.found.push((x.end, y.end));
        }
        (x, y)
    }

    /// Matches a longest common subsequence; of several, the one that skips a line of `a` before one of `b`.
    fn compare(&mut self, x: Range<usize>, y: Range<usize>) {
        let size = x.len().saturating_mul(y.len());
        if size > MOST_PAIRS || size > self.pairs {
            return;
        }
        self.pairs -= size;
        let (a, b) = (&self.a[x.clone()], &self.b[y.clone()]);
        // How long a common subsequence of what is left of both can be.
        let width = b.len() + 1;
        let mut longest = vec![0_u32; (a.len() + 1) * width];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                longest[i * width + j] = if a[i] == b[j] {
                    longest[(i + 1) * width + j + 1] + 1
                } else {
                    longest[(i + 1) * width + j].max(longest[i * width + j + 1])
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < a.len() && j < b.len() {
            if a[i] == b[j] {
                self.found.push((x.start + i, y.start + j));
                (i, j) = (i + 1, j + 1);
            } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }
}

/// Returns the places of lines that stand once in both texts: the most of them that are in the same order in both.
fn anchors(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let mut places: HashMap<u32, [(usize, usize); 2]> = HashMap::with_capacity(a.len().min(b.len()));
    for (side, lines) in [a, b].into_iter().enumerate() {
        for (place, line) in lines.iter().enumerate() {
            let (count, last) = &mut places.entry(*line).or_default()[side];
            (*count, *last) = (*count + 1, place);
        }
    }
    let once = a.iter().enumerate().filter_map(|(place, line)| match places.get(line) {
        Some([(1, _), (1, other)]) => Some((place, *other)),
        _ => None,
    });
    ascending(&once.collect::<Vec<_>>())
}

/// Returns a longest part of the pairs in which the second numbers ascend too, as the first ones do.
fn ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The last pair of the best run of each length, and for each pair the one before it in its run.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (n, (_, second)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].1 < *second);
        before[n] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(n);
        } else {
            ends[length] = n;
        }
    }
    let mut run: Vec<(usize, usize)> =
        std::iter::successors(ends.last().copied(), |&n| before[n]).map(|n| pairs[n]).collect();
    run.reverse();
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Vec<u32> {
        text.bytes().map(u32::from).collect()
    }

    fn common(a: &str, b: &str) -> String {
        let lines = of(a);
        matches(&lines, &of(b)).iter().map(|(i, _)| char::from(u8::try_from(lines[*i]).expect("a letter"))).collect()
    }

    #[test]
    fn ends_anchors_and_small_pieces_are_matched() {
        assert_eq!(common("", "abc"), "");
        assert_eq!(common("abc", "abc"), "abc");
        assert_eq!(common("abcd", "axcd"), "acd");
        assert_eq!(common("xaby", "yabx"), "ab", "the longest run of anchors");
        assert_eq!(common("aabb", "bbaa"), "bb");
        assert_eq!(common("abab", "baba"), "bab");
        assert_eq!(common("{a}{b}{c}", "{a}{c}"), "{a}{c}");
    }

    #[test]
    fn a_text_made_to_be_slow_is_matched_in_time() {
        // Two lines in turn have no anchors, and are too many to be compared one by one.
        let a: Vec<u32> = (0..1_000_000).map(|n| n % 2).collect();
        let b: Vec<u32> = (0..1_000_000).map(|n| (n / 2) % 2).collect();
        assert!(matches(&a, &b).len() < 1_000_000);
        // Each cut lays bare one more anchor, in a piece that is hardly smaller.
        let nested =
            |shift: u32| -> Vec<u32> { (0..500_000).flat_map(|n| [n / 2 + shift % 2, 1_000_000 - n / 3]).collect() };
        assert!(matches(&nested(0), &nested(1)).len() <= 1_000_000);
    }

    proptest! {
        #[test]
        fn matches_ascend_and_are_equal_lines(a in "[abc]{0,30}", b in "[abc]{0,30}") {
            let (a, b) = (of(&a), of(&b));
            let found = matches(&a, &b);
            prop_assert!(found.iter().all(|(i, j)| a[*i] == b[*j]));
            prop_assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
        }
    }
}
