//! Three texts become one, line by line: part of the rules, so nothing here may come out otherwise.
//!
//! ```text
//! base    a b c d e f          lines that both sides still have are fixed points; between them
//! ours    a x c d e f    ─►    a x c d y f          each side may have changed something: where one did,
//! theirs  a b c d y f          its lines are taken; where both did, they overlap, and the later wins.
//! ```

use std::collections::HashMap;
use std::ops::Range;

use super::lines::matches;

/// What came of three texts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) text: String,
    /// Whether both sides changed the same place, so that lines of one side are not in it.
    pub(super) overlap: bool,
}

/// Merges two changes of a text.
pub(super) fn merge(base: &str, ours: &str, theirs: &str, ours_is_later: bool) -> Merged {
    let whole = |text: &str| Merged { text: text.to_owned(), overlap: false };
    if ours == theirs || theirs == base {
        return whole(ours);
    }
    if ours == base {
        return whole(theirs);
    }
    let mut numbers = HashMap::new();
    let sides = [base, ours, theirs].map(|text| Lines::of(text, &mut numbers));
    Walk { base: &sides[0], ours: &sides[1], theirs: &sides[2], ours_is_later }.merged()
}

/// A text as lines with their ends, and as numbers by which they are compared.
struct Lines<'a> {
    texts: Vec<&'a str>,
    numbers: Vec<u32>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str, known: &mut HashMap<&'a str, u32>) -> Self {
        let texts: Vec<&str> = text.split_inclusive('\n').collect();
        let mut number = |line| {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            *known.entry(line).or_insert(next)
        };
        let numbers = texts.iter().map(|line| number(*line)).collect();
        Lines { texts, numbers }
    }

    /// Returns for each line of this text where it stands in the other.
    fn places_in(&self, other: &Lines<'_>) -> Vec<Option<usize>> {
        let mut places = vec![None; self.numbers.len()];
        for (here, there) in matches(&self.numbers, &other.numbers) {
            places[here] = Some(there);
        }
        places
    }

    fn concat(&self, range: Range<usize>) -> String {
        self.texts[range].concat()
    }
}

struct Walk<'a> {
    base: &'a Lines<'a>,
    ours: &'a Lines<'a>,
    theirs: &'a Lines<'a>,
    ours_is_later: bool,
}

impl Walk<'_> {
    fn merged(&self) -> Merged {
        let (in_ours, in_theirs) = (self.base.places_in(self.ours), self.base.places_in(self.theirs));
        let mut merged = Merged { text: String::new(), overlap: false };
        // Up to where each text has been used.
        let (mut b, mut o, mut t) = (0, 0, 0);
        let fixed = in_ours.iter().zip(&in_theirs).enumerate();
        for (line, (ours, theirs)) in fixed {
            let (Some(ours), Some(theirs)) = (*ours, *theirs) else { continue };
            self.between(b..line, o..ours, t..theirs, &mut merged);
            merged.text.push_str(self.base.texts[line]);
            (b, o, t) = (line + 1, ours + 1, theirs + 1);
        }
        let ends = [self.base, self.ours, self.theirs].map(|lines| lines.texts.len());
        self.between(b..ends[0], o..ends[1], t..ends[2], &mut merged);
        merged
    }

    /// What stands between two fixed points.
    fn between(&self, base: Range<usize>, ours: Range<usize>, theirs: Range<usize>, merged: &mut Merged) {
        let [b, o, t] =
            [&self.base.numbers[base], &self.ours.numbers[ours.clone()], &self.theirs.numbers[theirs.clone()]];
        let is_ours = match () {
            () if o == t || t == b => true,
            () if o == b => false,
            () => {
                merged.overlap = true;
                self.ours_is_later
            }
        };
        merged.text.push_str(&if is_ours { self.ours.concat(ours) } else { self.theirs.concat(theirs) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn merged(base: &str, ours: &str, theirs: &str) -> (String, bool) {
        let merged = merge(base, ours, theirs, true);
        (merged.text, merged.overlap)
    }

    #[test]
    fn changes_at_different_places_are_both_there() {
        let base = "a\nb\nc\nd\ne\nf\n";
        let (ours, theirs) = ("a\nx\nc\nd\ne\nf\n", "a\nb\nc\nd\ny\nf\nz\n");
        assert_eq!(merged(base, ours, theirs), ("a\nx\nc\nd\ny\nf\nz\n".into(), false));
        assert_eq!(merged(base, "b\nc\nd\ne\nf\n", "a\nb\nc\nd\ne\nf"), ("b\nc\nd\ne\nf".into(), false));
    }

    #[test]
    fn where_they_overlap_the_later_wins_and_the_rest_of_the_other_is_kept() {
        let base = "a\nb\nc\nd\ne\n";
        let (ours, theirs) = ("a\nx\nc\nd\nnew\ne\n", "a\ny\nc\nd\ne\nlast\n");
        assert_eq!(
            merge(base, ours, theirs, true),
            Merged { text: "a\nx\nc\nd\nnew\ne\nlast\n".into(), overlap: true }
        );
        assert_eq!(merge(base, ours, theirs, false).text, "a\ny\nc\nd\nnew\ne\nlast\n");
        assert_eq!(merged("", "ours\n", "theirs\n"), ("ours\n".into(), true), "no base");
    }

    #[test]
    fn the_same_change_on_both_sides_is_one() {
        assert_eq!(merged("a\nb\nc\n", "a\nx\nc\n", "a\nx\nc\nd\n"), ("a\nx\nc\nd\n".into(), false));
        assert_eq!(merged("a\n", "a\nx\n", "a\nx\n"), ("a\nx\n".into(), false));
    }

    #[test]
    fn bytes_are_kept_as_they_are() {
        assert_eq!(merged("a\r\nb", "a\r\nb\r\n", "\u{feff}\r\nb"), ("a\r\nb\r\n".into(), true));
        assert_eq!(merged("a\nb", "a\nb", "a\n"), ("a\n".into(), false));
    }

    fn text() -> impl Strategy<Value = String> {
        let line = select(&["a\n", "b\n", "c\n", "\n", "x\n", "y\n"][..]);
        (vec(line, 0..14), select(&["", "a", "z"][..])).prop_map(|(lines, end)| lines.concat() + end)
    }

    proptest! {
        #[test]
        fn it_does_not_matter_who_merges(base in text(), ours in text(), theirs in text(), ours_is_later: bool) {
            prop_assert_eq!(merge(&base, &ours, &theirs, ours_is_later), merge(&base, &theirs, &ours, !ours_is_later));
        }

        #[test]
        fn one_change_is_taken_whole(base in text(), ours in text()) {
            for (ours, theirs) in [(&ours, &base), (&base, &ours)] {
                let merged = merge(&base, ours, theirs, true);
                prop_assert_eq!(merged.overlap, false);
                prop_assert!(merged.text == *ours || merged.text == *theirs);
            }
            prop_assert_eq!(merge(&base, &ours, &ours, true).text, ours);
        }

        /// Lines that nobody else has stand in the result, or it says that there is an overlap.
        #[test]
        fn no_line_is_lost_in_silence(
            base in vec("[a-f]\n", 0..12),
            at in vec((0usize..12, 0usize..12), 1..4),
        ) {
            let side = |pick: &dyn Fn(&(usize, usize)) -> usize, name: &str| {
                let mut lines = base.clone();
                for (n, place) in at.iter().enumerate() {
                    lines.insert(pick(place).min(lines.len()), format!("{name}{n}\n"));
                }
                lines.concat()
            };
            let (ours, theirs) = (side(&|at| at.0, "ours"), side(&|at| at.1, "theirs"));
            let merged = merge(&base.concat(), &ours, &theirs, true);
            for n in 0..at.len() {
                let (own, other) = (format!("ours{n}\n"), format!("theirs{n}\n"));
                prop_assert!(merged.text.contains(&own));
                prop_assert!(merged.overlap || merged.text.contains(&other));
            }
        }
    }
}
