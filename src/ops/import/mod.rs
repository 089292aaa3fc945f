//! Taking over records that were made elsewhere: new ones are added, newer ones replace, older ones are passed over.
//!
//! An [`Intake`] meets the records one by one, in the order of their source, and keeps no more of each than later ones, the
//! counts and the links need. What becomes of one beside a record that is there is decided in `judge`.

#[cfg(test)]
pub(crate) mod fixture;
mod judge;
mod tally;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Error, Finder, Id, Result, Timestamp};
use crate::query::Links;
use crate::records::agent::AGENT;
use crate::records::message::MESSAGE;
use crate::records::record::{AnyRecord, downcast};
use crate::records::task::TASK;
use crate::records::{Kind, Task};

pub use tally::Tally;

/// What the records have under the id of an incoming one.
#[derive(Debug, Clone)]
pub enum There {
    /// Nothing.
    Nothing,
    /// The very same record.
    Same,
    /// A record whose id differs only in case.
    Twin(Id),
    /// Another state of it.
    Other(AnyRecord),
}

/// What becomes of an incoming record. The number is its place among all that were met, each id counted once.
#[derive(Debug, Clone)]
pub enum Taken {
    /// It is stored as it came.
    AsItCame(usize),
    /// This is stored, which has something of what was there.
    Merged(usize, AnyRecord),
    /// What is there stays.
    Left(usize),
    /// The source itself has a newer one of the same id.
    Lost,
}

/// What became of one record beside what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Added,
    Updated,
    Unchanged,
    Older,
}

/// A record that was met, without what it holds.
#[derive(Debug)]
struct Met {
    kind: &'static Kind,
    id: Id,
    line: usize,
    updated_at: Timestamp,
    fate: Fate,
}

/// Records on their way in.
#[derive(Debug, Default)]
pub struct Intake {
    /// The fields that the source has a word for, and keys of maps as `field/key`; all there are where it is empty. The
    /// others stay as they are when a record replaces one.
    speaks_for: BTreeSet<String>,
    met: Vec<Met>,
    places: Finder,
    /// Of the tasks that were met, as they are afterwards, those with links.
    links: BTreeMap<String, Links>,
    /// The claims that end with this, by the place of their task.
    ended: BTreeMap<usize, String>,
    twice: BTreeSet<Id>,
    /// The first id that is taken by one that differs only in case.
    taken: Option<Error>,
}

impl Intake {
    /// Begins with nothing.
    pub fn new(speaks_for: BTreeSet<String>) -> Self {
        Intake { speaks_for, ..Intake::default() }
    }

    /// Returns whether the source has had a record of this id.
    pub fn has_met(&self, kind: &'static Kind, id: &Id) -> bool {
        self.place(kind, id).is_some()
    }

    /// Returns the ids of which the source had several records.
    pub fn twice(&self) -> &BTreeSet<Id> {
        &self.twice
    }

    /// Meets a record of the source, which stands in this line, beside what is `there`.
    ///
    /// # Errors
    /// `bad_row` where the source has an id that differs only in case, `bad_record` where a record cannot be replaced by
    /// this one, and those of `there`.
    pub fn take(&mut self, line: usize, record: &AnyRecord, there: impl FnOnce() -> Result<There>) -> Result<Taken> {
        let (kind, id, updated_at) = (record.kind(), record.id(), record.updated_at());
        if let Some(place) = self.place(kind, id) {
            let other = &self.met[place];
            if other.id != *id {
                let message = format!("the id {id} differs only in case from {} in line {}", other.id, other.line);
                return Err(Error::invalid("bad_row", message));
            }
            self.twice.insert(id.clone());
            if updated_at < other.updated_at {
                return Ok(Taken::Lost);
            }
        }
        let there = there()?;
        let place = self.place(kind, id).unwrap_or(self.met.len());
        let verdict = self.judge(place, record, &there)?;
        let met = Met { kind, id: id.clone(), line, updated_at, fate: verdict.0 };
        match self.met.get_mut(place) {
            Some(known) => *known = met,
            None => {
                self.places.note(&(kind.name, id.folded()), place);
                self.met.push(met);
            }
        }
        if let Some(task) = downcast::<Task>(afterwards(record, &there, &verdict.1)) {
            self.keep_links(task);
        }
        Ok(verdict.1)
    }

    fn judge(&mut self, place: usize, record: &AnyRecord, there: &There) -> Result<(Fate, Taken)> {
        self.ended.remove(&place);
        Ok(match there {
            There::Nothing => (Fate::Added, Taken::AsItCame(place)),
            There::Same => (Fate::Unchanged, Taken::Left(place)),
            There::Twin(other) => {
                self.taken.get_or_insert_with(|| judge::id_taken(record, other));
                (Fate::Unchanged, Taken::Left(place))
            }
            // What was said stays as it was said.
            There::Other(_) if *record.kind() == MESSAGE => (Fate::Unchanged, Taken::Left(place)),
            There::Other(before) if record.updated_at() < before.updated_at() => (Fate::Older, Taken::Left(place)),
            There::Other(before) => match judge::replace(before, record, &self.speaks_for)? {
                None => (Fate::Unchanged, Taken::Left(place)),
                Some(replaced) => {
                    self.ended.extend(replaced.ends.map(|claim| (place, claim)));
                    (Fate::Updated, Taken::Merged(place, replaced.record))
                }
            },
        })
    }

    fn place(&self, kind: &'static Kind, id: &Id) -> Option<usize> {
        let is_there = |place: usize| {
            let met: &Met = &self.met[place];
            *met.kind == *kind && met.id.eq_ignore_ascii_case(id)
        };
        self.places.find(&(kind.name, id.folded()), is_there)
    }

    fn keep_links(&mut self, task: &Task) {
        let links = Links::of(task);
        if !links.is_empty() {
            self.links.insert(task.id.to_string(), links);
        } else if !self.links.is_empty() {
            self.links.remove(task.id.as_str());
        }
    }

    fn count(&self, kind: &Kind, fate: Fate) -> usize {
        self.met.iter().filter(|met| met.kind == kind && met.fate == fate).count()
    }
}

/// Returns the record that there is when one has been met.
fn afterwards<'a>(incoming: &'a AnyRecord, there: &'a There, taken: &'a Taken) -> &'a AnyRecord {
    match (taken, there) {
        (Taken::Merged(_, merged), _) => merged,
        (Taken::Left(_), There::Other(before)) => before,
        _ => incoming,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ops::fixture::World;

    fn row(line: usize, id: &str, updated: i64, title: &str) -> (usize, Vec<AnyRecord>) {
        let mut task = Task::new(Id::parse(id).expect("an id"), Timestamp::from_seconds(10), "origin");
        task.updated_at = Timestamp::from_seconds(updated);
        task.title = title.into();
        (line, vec![Arc::new(task)])
    }

    fn take(world: &mut World, rows: &[(usize, Vec<AnyRecord>)], speaks_for: &[&str]) -> Result<Tally> {
        let speaks_for = speaks_for.iter().map(|&field| field.to_owned()).collect();
        let (changes, tally) = fixture::plan(&world.records, rows, speaks_for)?;
        world.records.apply(&changes);
        Ok(tally)
    }

    fn run(world: &mut World, id: &str, updated: i64, title: &str) -> Tally {
        take(world, &[row(1, id, updated, title)], &[]).expect("taken over")
    }

    #[test]
    fn new_rows_are_added_newer_replace_and_older_are_passed_over() {
        let mut world = World::new();
        assert_eq!(run(&mut world, "a", 20, "one"), Tally { added: 1, ..Tally::default() });
        assert_eq!(run(&mut world, "a", 20, "one"), Tally { unchanged: 1, ..Tally::default() });
        assert_eq!(run(&mut world, "a", 30, "two"), Tally { updated: 1, ..Tally::default() });
        assert_eq!(run(&mut world, "a", 25, "old"), Tally { older: 1, ..Tally::default() });
        let task = world.get("a");
        assert_eq!((task.title.as_str(), task.updated_at), ("two", Timestamp::from_seconds(30)));
        assert_eq!((task.created_by.as_str(), task.edited.len()), ("origin", 1));
    }

    #[test]
    fn a_row_of_the_same_time_that_differs_replaces_once() {
        let mut world = World::new();
        run(&mut world, "a", 20, "one");
        assert_eq!(run(&mut world, "a", 20, "two").updated, 1);
        assert_eq!(world.get("a").updated_at, Timestamp::from_millis(20_001));
        assert_eq!(run(&mut world, "a", 20, "two").older, 1);
    }

    #[test]
    fn of_two_rows_of_one_id_the_newer_counts_wherever_it_stands() {
        for titles in [["new", "old"], ["old", "new"]] {
            let mut world = World::new();
            let rows: Vec<_> = (1..)
                .zip(titles)
                .map(|(line, title)| row(line, "a", if title == "new" { 30 } else { 20 }, title))
                .collect();
            let tally = take(&mut world, &rows, &[]).expect("taken over");
            assert_eq!((world.get("a").title.as_str(), tally.added), ("new", 1));
        }
    }

    #[test]
    fn ids_that_differ_only_in_case_do_not_go_together() {
        let mut world = World::new();
        let rows = [row(3, "a-1", 20, "one"), row(7, "A-1", 20, "two")];
        let error = take(&mut world, &rows, &[]).expect_err("twins");
        assert_eq!(error.message(), "the id A-1 differs only in case from a-1 in line 3");
        run(&mut world, "a-1", 20, "one");
        assert_eq!(take(&mut world, &rows[1..], &[]).expect_err("taken").code(), "id_taken");
    }

    #[test]
    fn what_the_source_does_not_speak_for_stays() {
        let mut world = World::new();
        let mut first = Task::new(Id::parse("a").expect("an id"), Timestamp::from_seconds(10), "origin");
        (first.title, first.sprint, first.epoch) = ("one".into(), Some("s".into()), 7);
        take(&mut world, &[(1, vec![Arc::new(first)])], &[]).expect("taken over");
        take(&mut world, &[row(1, "a", 30, "two")], &["title"]).expect("taken over");
        let task = world.get("a");
        assert_eq!((task.title.as_str(), task.sprint.as_deref(), task.epoch), ("two", Some("s"), 7));
        run(&mut world, "a", 40, "three");
        let task = world.get("a");
        assert_eq!((task.sprint, task.epoch), (None, 7), "an epoch never falls");
    }

    #[test]
    fn links_are_looked_at_as_they_are_afterwards() {
        let linked = |line, id: &str, on: &str| {
            let mut task = Task::new(Id::parse(id).expect("an id"), Timestamp::from_seconds(10), "origin");
            task.title = id.into();
            task.depends_on.insert(on.into());
            (line, vec![Arc::new(task) as AnyRecord])
        };
        let mut world = World::new();
        let tally = take(&mut world, &[linked(1, "a", "b")], &[]).expect("taken over");
        assert_eq!((tally.missing.len(), tally.cycles.len()), (1, 0));
        let tally = take(&mut world, &[linked(1, "b", "a"), row(2, "c", 20, "c")], &[]).expect("taken over");
        assert_eq!((tally.missing.len(), tally.cycles), (0, vec![vec!["a".to_owned(), "b".to_owned()]]));
        let tally = take(&mut world, &[row(1, "d", 20, "d")], &[]).expect("taken over");
        assert!(tally.cycles.is_empty(), "none of ours is in it");
    }
}
