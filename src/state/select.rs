//! Which records of a kind are wanted, by the terms under which they are found, and how many at a time.
//!
//! A question is a value, so that a scan and an index answer the same one; a test holds their answers against each other.

use super::page::{Page, Paging};
use crate::base::{Id, Result};
use crate::records::record::AnyRecord;
use crate::records::{Position, Term};

/// Which records: those that have, of each group, at least one of its terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Select {
    groups: Vec<Vec<Term>>,
}

impl Select {
    /// Returns the question for all records of a kind.
    pub fn all() -> Self {
        Select::default()
    }

    /// Returns the question for the records with a term.
    pub fn with(term: Term) -> Self {
        Select::all().and(term)
    }

    /// Narrows it to those with this term too.
    pub fn and(self, term: Term) -> Self {
        self.and_any([term])
    }

    /// Narrows it to those that have at least one of these terms. None at all narrows nothing.
    pub fn and_any(mut self, terms: impl IntoIterator<Item = Term>) -> Self {
        let mut group: Vec<Term> = terms.into_iter().collect();
        group.sort();
        group.dedup();
        self.groups.extend(Some(group).filter(|group| !group.is_empty()));
        self
    }

    /// Narrows it to those whose value under a word is this one, where one is wanted.
    pub fn and_maybe(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.and(Term::new(name, value)),
            None => self,
        }
    }

    /// Returns the groups of terms.
    pub fn groups(&self) -> &[Vec<Term>] {
        &self.groups
    }

    /// Returns whether a record with these terms is wanted.
    pub fn fits(&self, terms: &[Term]) -> bool {
        self.groups.iter().all(|group| group.iter().any(|term| terms.contains(term)))
    }
}

/// From which end of the order a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The first records come on the first page.
    First,
    /// The last records come on the first page, in their order, and the cursor leads to those before.
    Last,
}

/// Returns the wanted part of the records that fit, by looking at each of them.
///
/// # Errors
/// `bad_cursor` (5).
pub fn scanned(records: &[AnyRecord], wanted: &Select, paging: &Paging, end: End) -> Result<Page<Id>> {
    let fitting = records.iter().filter(|record| wanted.fits(&(record.kind().terms)(record)));
    let mut positions: Vec<Position> = fitting.map(Position::of).collect();
    positions.sort();
    let total = positions.len();
    if let Some(cursor) = paging.cursor.as_deref().map(Position::parse).transpose()? {
        match end {
            End::First => drop(positions.drain(..positions.partition_point(|position| *position <= cursor))),
            End::Last => positions.truncate(positions.partition_point(|position| *position < cursor)),
        }
    }
    Ok(cut(positions, total, paging.limit, end).map(|position| position.id))
}

/// Returns the wanted part of records in order, from their first.
///
/// # Errors
/// `bad_cursor` (5).
pub fn page(all: &[Position], paging: &Paging) -> Result<Page<Position>> {
    let cursor = paging.cursor.as_deref().map(Position::parse).transpose()?;
    let from = cursor.map_or(0, |cursor| all.partition_point(|position| *position <= cursor));
    let behind = all[from..].iter().take(paging.limit.saturating_add(1)).cloned().collect();
    Ok(cut(behind, all.len(), paging.limit, End::First))
}

/// Returns a page of what begins behind the cursor, of which it may be told that there is more.
pub fn cut(mut positions: Vec<Position>, total: usize, limit: usize, end: End) -> Page<Position> {
    let more = positions.len() > limit;
    let edge = match end {
        End::First => {
            positions.truncate(limit);
            positions.last()
        }
        End::Last => {
            drop(positions.drain(..positions.len().saturating_sub(limit)));
            positions.first()
        }
    };
    let next_cursor = edge.filter(|_| more).map(Position::to_string);
    Page { items: positions, total, next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::records::Task;
    use crate::records::task::Priority;
    use std::sync::Arc;

    fn records() -> Vec<AnyRecord> {
        let task = |id: &str, priority, sprint: Option<&str>| -> AnyRecord {
            let mut task = Task::new(Id::parse(id).expect("an id"), Timestamp::EPOCH, "ada");
            task.priority = priority;
            task.sprint = sprint.map(str::to_owned);
            Arc::new(task)
        };
        vec![
            task("a", Priority::P2, Some("s")),
            task("b", Priority::P0, None),
            task("c", Priority::Other("soon".into()), Some("s")),
            task("d", Priority::P2, Some("t")),
        ]
    }

    fn ids(wanted: &Select, limit: usize, cursor: Option<String>, end: End) -> (Vec<String>, usize, Option<String>) {
        let page = scanned(&records(), wanted, &Paging { limit, cursor }, end).expect("a page");
        (page.items.into_iter().map(String::from).collect(), page.total, page.next_cursor)
    }

    #[test]
    fn of_each_group_one_term_is_enough_and_no_group_asks_for_all() {
        assert_eq!(ids(&Select::all(), 9, None, End::First).0, ["b", "a", "d", "c"]);
        let sprints = Select::all().and_any(["s", "t"].map(|sprint| Term::new("sprint", sprint)));
        assert_eq!(ids(&sprints, 9, None, End::First).0, ["a", "d", "c"]);
        let one = sprints.and(Term::new("sprint", "t")).and_any([]);
        assert_eq!(ids(&one, 9, None, End::First).0, ["d"]);
    }

    #[test]
    fn pages_go_on_where_the_one_before_ended_from_either_end() {
        let (first, total, cursor) = ids(&Select::all(), 3, None, End::First);
        assert_eq!((first, total), (["b", "a", "d"].map(str::to_owned).to_vec(), 4));
        assert_eq!(ids(&Select::all(), 3, cursor, End::First), (vec!["c".to_owned()], 4, None));
        let (last, _, cursor) = ids(&Select::all(), 3, None, End::Last);
        assert_eq!(last, ["a", "d", "c"]);
        assert_eq!(ids(&Select::all(), 3, cursor, End::Last), (vec!["b".to_owned()], 4, None));
    }
}
