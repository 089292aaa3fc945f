//! What the user should know of a source that could be taken, however often it occurs.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Id;
use crate::base::text::excerpt;
use crate::state::Warning;

/// The most ids that a warning names.
const MOST_NAMED: usize = 5;

/// The most kinds of rows that are passed over by name.
const MOST_WORDS: usize = 20;

/// Something odd about a row that could be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Odd {
    /// Its id stands a second time.
    Twice,
    /// A dependency belongs to another issue.
    ForeignEdge,
    /// A comment stands twice.
    DoubleComment,
}

impl Odd {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Odd::Twice => ("twice", "the file has two rows of the same id, of which the newer was taken"),
            Odd::ForeignEdge => ("foreign_edge", "a dependency belongs to another issue and was only kept"),
            Odd::DoubleComment => ("double_comment", "a comment stands twice and was taken once"),
        }
    }
}

/// All that is odd about a source.
#[derive(Debug, Default)]
pub struct Odds {
    passed_over: BTreeMap<String, usize>,
    others_passed_over: usize,
    rows: BTreeMap<Odd, (Vec<String>, usize)>,
}

impl Odds {
    /// Notes a row that has no place here, by the word it has for what it is.
    pub fn pass_over(&mut self, word: &str) {
        let word = excerpt(word, 40);
        if self.passed_over.len() < MOST_WORDS || self.passed_over.contains_key(&word) {
            *self.passed_over.entry(word).or_default() += 1;
        } else {
            self.others_passed_over += 1;
        }
    }

    /// Notes what is odd about the row of an id.
    pub fn note(&mut self, odd: Odd, id: &str) {
        let (named, count) = self.rows.entry(odd).or_default();
        *count += 1;
        if named.len() < MOST_NAMED {
            named.push(id.to_owned());
        }
    }

    /// Notes all ids that stand twice.
    pub fn twice(&mut self, ids: &BTreeSet<Id>) {
        ids.iter().for_each(|id| self.note(Odd::Twice, id));
    }

    /// Returns what to tell the user; `no_place` says of rows of a kind, which stands for `{}`, why they were passed over.
    pub fn warnings(&self, no_place: &str) -> Vec<Warning> {
        let lines = |count: usize| if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        let mut warnings = Vec::new();
        for (word, count) in &self.passed_over {
            let message = format!("{} {}", lines(*count), no_place.replace("{}", word));
            warnings.push(Warning::new("passed_over", message));
        }
        if self.others_passed_over > 0 {
            let message = format!("{} {}", lines(self.others_passed_over), no_place.replace("{}", "other words"));
            warnings.push(Warning::new("passed_over", message));
        }
        for (odd, (named, count)) in &self.rows {
            let (code, what) = odd.words();
            let more = count - named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            warnings.push(Warning::new(code, format!("{what}: {}{more}", named.join(", "))));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_occurs_often_is_counted_and_named_a_few_times() {
        let mut odds = Odds::default();
        (0..30).for_each(|n| odds.pass_over(&format!("word-{n:02}")));
        odds.pass_over("word-00");
        (0..8).for_each(|n| odds.note(Odd::ForeignEdge, &format!("id-{n}")));
        odds.twice(&BTreeSet::from([Id::parse("id-1").expect("an id")]));
        let warnings = odds.warnings("of kind {} stay out");
        assert_eq!(warnings.len(), 20 + 1 + 2);
        assert_eq!(warnings[0].message, "2 lines of kind word-00 stay out");
        assert_eq!(warnings[20].message, "10 lines of kind other words stay out");
        assert!(warnings[21].message.ends_with("the newer was taken: id-1"), "{warnings:?}");
        assert!(warnings[22].message.ends_with("only kept: id-0, id-1, id-2, id-3, id-4 and 3 more"), "{warnings:?}");
    }
}
