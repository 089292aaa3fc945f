//! Writing into the file what differs from the commit that it describes.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};

use super::delta::{Delta, DerivedDelta, Entry};
use super::lookup::{self, Shelf};
use super::{Attempt, Broken};
use crate::records::{Position, Term};

/// Writes down what differs. Whoever calls holds a transaction.
pub(super) fn apply(connection: &Connection, delta: &Delta, derived: &DerivedDelta) -> Attempt<()> {
    let mut terms = Terms::new(connection);
    for ((kind, _), row) in &delta.rows {
        if let Some(entry) = &row.before {
            terms.take_out_entry(kind, entry)?;
        }
        if let Some(entry) = &row.after {
            terms.put_entry(kind, entry)?;
        }
    }
    for ((kind, term), positions) in &derived.before {
        for position in positions {
            terms.take_out(kind, term, position)?;
        }
    }
    for ((kind, term), positions) in &derived.after {
        for position in positions {
            terms.put(kind, term, position)?;
        }
    }
    terms.finish()?;
    write_ids(connection, delta)?;
    write_broken(connection, delta)
}

/// The terms that are changed, with how many records more or fewer are under them.
pub(super) struct Terms<'a> {
    connection: &'a Connection,
    counts: BTreeMap<i64, i64>,
}

impl<'a> Terms<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Terms { connection, counts: BTreeMap::new() }
    }

    pub(super) fn put_entry(&mut self, shelf: Shelf<'_>, entry: &Entry) -> Attempt<()> {
        entry.terms.iter().try_for_each(|term| self.put(shelf, term, &entry.position))
    }

    pub(super) fn take_out_entry(&mut self, shelf: Shelf<'_>, entry: &Entry) -> Attempt<()> {
        entry.terms.iter().try_for_each(|term| self.take_out(shelf, term, &entry.position))
    }

    fn put(&mut self, shelf: Shelf<'_>, term: &Term, position: &Position) -> Attempt<()> {
        let key = match self.find(shelf, term)? {
            Some(key) => key,
            None => {
                let sql = "INSERT INTO term (name, value, count) VALUES (?, ?, 0)";
                self.connection.prepare_cached(sql)?.insert([&lookup::name(shelf, term), &term.value])?
            }
        };
        let sql = "INSERT OR IGNORE INTO posting VALUES (?, ?, ?)";
        let put = self.connection.prepare_cached(sql)?.execute((key, position.rank, position.id.as_str()))?;
        self.count(key, put, 1);
        Ok(())
    }

    fn take_out(&mut self, shelf: Shelf<'_>, term: &Term, position: &Position) -> Attempt<()> {
        let Some(key) = self.find(shelf, term)? else { return Ok(()) };
        let sql = "DELETE FROM posting WHERE term = ? AND rank = ? AND id = ?";
        let gone = self.connection.prepare_cached(sql)?.execute((key, position.rank, position.id.as_str()))?;
        self.count(key, gone, -1);
        Ok(())
    }

    fn count(&mut self, key: i64, rows: usize, by: i64) {
        *self.counts.entry(key).or_default() += by * i64::try_from(rows).unwrap_or(0);
    }

    fn find(&self, shelf: Shelf<'_>, term: &Term) -> Attempt<Option<i64>> {
        let mut statement = self.connection.prepare_cached("SELECT key FROM term WHERE name = ? AND value = ?")?;
        Ok(statement.query_row([&lookup::name(shelf, term), &term.value], |row| row.get(0)).optional()?)
    }

    /// Adds up the figures. A term under which nothing stands any more goes: there is one for every claim that ever was.
    pub(super) fn finish(self) -> Attempt<()> {
        for (key, by) in self.counts.into_iter().filter(|(_, by)| *by != 0) {
            let sql = "UPDATE term SET count = count + ? WHERE key = ?";
            self.connection.prepare_cached(sql)?.execute([by, key])?;
            self.connection.prepare_cached("DELETE FROM term WHERE key = ? AND count <= 0")?.execute([key])?;
        }
        Ok(())
    }
}

fn write_ids(connection: &Connection, delta: &Delta) -> Attempt<()> {
    for (place, file) in &delta.files {
        let Some((kind, id)) = place else { continue };
        let sql = match file.is_there {
            (false, true) => "INSERT OR IGNORE INTO record VALUES (?, ?, ?)",
            (true, false) => "DELETE FROM record WHERE kind = ? AND folded = ? AND id = ?",
            _ => continue,
        };
        connection.prepare_cached(sql)?.execute([kind.name, &id.folded(), id.as_str()])?;
    }
    Ok(())
}

fn write_broken(connection: &Connection, delta: &Delta) -> Attempt<()> {
    for (path, now) in &delta.broken {
        connection.prepare_cached("DELETE FROM broken WHERE path = ?")?.execute([path])?;
        if let Some(Broken { place, .. }) = now {
            let (kind, id) = place.as_ref().map(|(kind, id)| (*kind, id.as_str())).unzip();
            connection.prepare_cached("INSERT INTO broken VALUES (?, ?, ?)")?.execute((path, kind, id))?;
        }
    }
    Ok(())
}
