//! A file of issues: every line read, every bad one named, and of two with one id the newer.

use std::collections::{BTreeMap, btree_map};

use super::{Row, comment, edges, fault, kept, row};
use crate::base::text::excerpt;
use crate::base::{Error, Id, Result};
use crate::ops::import::{Entry, Import};
use crate::records::{Message, Task, Typed, codec};
use crate::state::Warning;
use crate::transfer::lines::{self, BadLines};

/// The fields that an edge or `extra` gives, besides those in [`row::SAME`].
const FURTHER: &[&str] = &["parent", "depends_on", "related", "discovered_from", "extra/beads"];

/// The most ids that a warning names.
const MOST_NAMED: usize = 5;

/// Reads a file of issues, to be taken over whole.
///
/// # Errors
/// `bad_line` where there are lines that cannot be taken, with all of them counted and the first ones named.
pub fn read(bytes: &[u8]) -> Result<Import> {
    let mut file = File::default();
    for (line, object) in lines::objects(bytes) {
        match object {
            Ok(object) => file.take(line, &object),
            Err(message) => file.bad.add(line, message),
        }
    }
    file.finish()
}

/// What has been read so far.
#[derive(Debug, Default)]
struct File {
    issues: BTreeMap<String, Issue>,
    /// The comments of issues that stand a second time and lost.
    lost_notes: Vec<Message>,
    bad: BadLines,
    odd: Odd,
}

#[derive(Debug)]
struct Issue {
    line: usize,
    task: Task,
    notes: Vec<Message>,
}

/// What the user should know of a file that could be taken.
#[derive(Debug, Default)]
struct Odd {
    passed_over: BTreeMap<String, usize>,
    twice: Vec<String>,
    foreign_edges: Vec<String>,
    double_comments: Vec<String>,
}

impl File {
    fn take(&mut self, line: usize, row: &Row) {
        match row.get("_type").and_then(serde_json::Value::as_str) {
            None | Some("issue") => {}
            Some(other) => {
                *self.odd.passed_over.entry(excerpt(other, 40)).or_default() += 1;
                return;
            }
        }
        match self.issue(line, row) {
            Ok(issue) => self.keep(issue),
            Err(error) => self.bad.add(line, error.message()),
        }
    }

    fn issue(&mut self, line: usize, row: &Row) -> Result<Issue> {
        if row.contains_key(kept::ABSENT) {
            return Err(fault(format!("the key {} is kept for this program", kept::ABSENT)));
        }
        let mut task = row::read(row)?;
        let foreign = edges::read(row, &mut task)?;
        let comments = comment::read(row, &task)?;

        let mut keep = row::kept(row, &task);
        let further = [("dependencies", edges::kept(row, &task)), ("comments", comments.kept)];
        for (key, value) in further {
            keep.shift_remove(key);
            keep.extend(value.map(|value| (key.to_owned(), value)));
        }
        if !keep.is_empty() {
            task.extra.insert("beads".to_owned(), keep.into());
        }
        row::stamp(&mut task);
        check(&task)?;
        comments.notes.iter().try_for_each(check)?;
        self.odd.foreign_edges.extend((foreign > 0).then(|| task.id.to_string()));
        self.odd.double_comments.extend((comments.doubles > 0).then(|| task.id.to_string()));
        Ok(Issue { line, task, notes: comments.notes })
    }

    fn keep(&mut self, issue: Issue) {
        match self.issues.entry(issue.task.id.folded()) {
            btree_map::Entry::Vacant(place) => _ = place.insert(issue),
            btree_map::Entry::Occupied(place) if place.get().task.id != issue.task.id => {
                let (id, other, line) = (&issue.task.id, &place.get().task.id, place.get().line);
                self.bad.add(issue.line, format!("the id {id} differs only in case from {other} in line {line}"));
            }
            btree_map::Entry::Occupied(mut place) => {
                self.odd.twice.push(issue.task.id.to_string());
                let newer = issue.task.updated_at >= place.get().task.updated_at;
                let lost = if newer { place.insert(issue) } else { issue };
                self.lost_notes.extend(lost.notes);
            }
        }
    }

    fn finish(self) -> Result<Import> {
        self.bad.finish("import beads")?;
        let mut tasks = Vec::new();
        let mut notes: BTreeMap<Id, Message> =
            self.lost_notes.into_iter().map(|note| (note.id.clone(), note)).collect();
        for issue in self.issues.into_values() {
            notes.extend(issue.notes.into_iter().map(|note| (note.id.clone(), note)));
            tasks.push(Entry::new(issue.task));
        }
        let same = row::SAME.iter().map(|(_, field)| *field).chain(FURTHER.iter().copied());
        Ok(Import {
            source: "beads".to_owned(),
            speaks_for: same.map(str::to_owned).collect(),
            tasks,
            messages: notes.into_values().map(Entry::new).collect(),
            warnings: self.odd.warnings(),
            ..Import::default()
        })
    }
}

impl Odd {
    fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for (word, count) in &self.passed_over {
            let lines = if *count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
            warnings.push(Warning::new("passed_over", format!("{lines} of type {word} have no place here")));
        }
        let lists = [
            ("twice", "the file has two rows of the same id, of which the newer was taken", &self.twice),
            ("foreign_edge", "a dependency belongs to another issue and was only kept", &self.foreign_edges),
            ("double_comment", "a comment stands twice and was taken once", &self.double_comments),
        ];
        for (code, what, ids) in lists.into_iter().filter(|(_, _, ids)| !ids.is_empty()) {
            let named = ids.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more =
                if ids.len() > MOST_NAMED { format!(" and {} more", ids.len() - MOST_NAMED) } else { String::new() };
            warnings.push(Warning::new(code, format!("{what}: {named}{more}")));
        }
        warnings
    }
}

/// Checks that a record can be written.
fn check<T: Typed>(record: &T) -> Result<(), Error> {
    record.validate()?;
    codec::encode(record).map(drop)
}
