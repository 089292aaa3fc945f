//! Under what a record can be found without reading all of its kind: its terms, and its place in the order of its kind.
//!
//! A term is a word and what stands under it: `sprint` and `v1`, `parent` and `t1`. The terms here follow from the
//! record alone; those that follow from other records too are in `query::derive`. A word with a slash stands for two
//! things at once, `sprint/open` for the open tasks of a sprint, so that they are found and counted without the rest.

use std::fmt;

use super::record::{AnyRecord, Typed, downcast};
use crate::base::{Error, Id, Result, text};

/// A word, and what stands under it in a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// The word.
    pub name: &'static str,
    /// What stands under it; empty where there is nothing but yes.
    pub value: String,
}

impl Term {
    /// Returns a term.
    pub fn new(name: &'static str, value: impl Into<String>) -> Self {
        Term { name, value: value.into() }
    }

    /// Returns a term that is there or is not, and says no more.
    pub fn flag(name: &'static str) -> Self {
        Term::new(name, "")
    }
}

/// Where a record stands among those of its kind: by its rank, then by its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The number that decides first; 0 for kinds that are ordered by their ids.
    pub rank: i64,
    /// The id.
    pub id: Id,
}

impl Position {
    /// Returns the place of a record.
    pub fn of(record: &AnyRecord) -> Self {
        Position { rank: (record.kind().rank)(record), id: record.id().clone() }
    }

    /// Reads a position as it is written.
    ///
    /// # Errors
    /// `bad_cursor` (5) where it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let parts = match text.split_once('/') {
            Some((rank, id)) => i64::from_str_radix(rank, 16).ok().zip(Id::parse(id).ok()),
            None => Id::parse(text).ok().map(|id| (0, id)),
        };
        let bad = || {
            let shown = text::excerpt(text, 60);
            Error::invalid("bad_cursor", format!("«{shown}» is no cursor of this list"))
                .hint("give the next_cursor of the page before, or leave --cursor out")
        };
        parts.map(|(rank, id)| Position { rank, id }).ok_or_else(bad)
    }
}

/// As a cursor: it goes back through [`Position::parse`], and means nothing to others.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rank {
            0 => f.write_str(&self.id),
            rank => write!(f, "{rank:x}/{}", self.id),
        }
    }
}

/// Returns the terms of a record of the kind `T`, each once; what a row puts under `terms`.
pub fn terms_as<T: Typed>(record: &AnyRecord) -> Vec<Term> {
    let mut terms = downcast::<T>(record).map(T::terms).unwrap_or_default();
    terms.sort();
    terms.dedup();
    terms
}

/// Returns the rank of a record of the kind `T`; what a row puts under `rank`.
pub fn rank_as<T: Typed>(record: &AnyRecord) -> i64 {
    downcast::<T>(record).map_or(0, T::rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_and_nothing_else_is_one() {
        for (rank, written) in [(0, "t1"), (255, "ff/t1")] {
            let position = Position { rank, id: Id::parse("t1").expect("an id") };
            assert_eq!(position.to_string(), written);
            assert_eq!(Position::parse(written).expect(written), position);
        }
        for bad in ["", "/t1", "xyz/t1", "ff/", "a b", "1/2/3"] {
            assert_eq!(Position::parse(bad).expect_err(bad).code(), "bad_cursor", "{bad}");
        }
    }
}
