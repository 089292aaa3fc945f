//! What has been archived: which records have left the tip for the history, and the commit that last had each.
//!
//! A record counts that was put away once and is not there now, whatever became of it in between.
//!
//! Nobody can tell that from the tip, so the history is walked, back to where it was walked the last time. This is a part
//! of the file with a tip of its own, as full-text search is: who never asks pays nothing. The records stand under their
//! terms as those of the tip do, on shelves of their own; their words stand in a table of their own.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::delta::Entry;
use super::lookup::Wanted;
use super::update::Terms;
use super::words::Words;
use super::{Attempt, Found, Hit, Hits, file, look};
use crate::base::{Id, Result};
use crate::records::closed::is_closed;
use crate::records::kind::locate;
use crate::records::record::AnyRecord;
use crate::records::{Kind, Position};
use crate::state::search::Query;
use crate::state::{End, Page, Paging, Rotation, Select, select};
use crate::store::{Change, Oid, Store};

const WORDS: Words = Words { words: "archived_words", documents: "archived" };

const SCHEMA: &str = "
    CREATE VIRTUAL TABLE archived_words USING fts5(
        title, body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0');
    CREATE TABLE archived (
        row INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, last TEXT NOT NULL, is_back INTEGER NOT NULL,
        UNIQUE (kind, id));
";

/// What was there before is no use: it speaks of another history.
const CLEAR: &str = "
    DELETE FROM posting WHERE term IN (SELECT key FROM term WHERE name LIKE '-%');
    DELETE FROM term WHERE name LIKE '-%';
    DROP TABLE IF EXISTS archived_words;
    DROP TABLE IF EXISTS archived;
";

/// The name of the shelf for what has been archived of a kind. No kind is called so.
fn shelf(kind: &Kind) -> String {
    format!("-{}", kind.name)
}

/// Calls `visit` with each record that the history of a commit has archived, as it was last, and the commit that last had it,
/// the latest first. What has come back since, or was archived twice, is among them all the same. Of the history behind
/// `known` nothing is told.
///
/// # Errors
/// `damaged` where the history cannot be read, and those of `visit`.
pub fn put_away<E: From<crate::base::Error>>(
    store: &Store,
    from: Oid,
    known: Option<Oid>,
    visit: &mut dyn FnMut(Oid, &AnyRecord) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    for commit in store.log_since(from, known)? {
        let commit = commit?;
        let Some(&parent) = commit.parents.first() else { continue };
        if Rotation::told_by(&commit.trailers()) != Some(Rotation::Archived) {
            continue;
        }
        let tree = store.tree(parent)?;
        for Change { path, old, new } in store.diff(Some(parent), commit.id)? {
            let gone =
                old.filter(|_| new.is_none() && locate(&path).is_some_and(|(kind, _)| kind.companion_of.is_none()));
            let Some(blob) = gone else { continue };
            match look(&tree, &path, blob)? {
                // A commit is taken at its word for what is closed, and for nothing else.
                Found::Record(record) if is_closed(&record) => visit(parent, &record)?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// Returns a page of what was archived of a kind, each with the commit that last had it.
pub(super) fn select(
    store: &Store,
    commit: Oid,
    (kind, wanted): (&'static Kind, &Select),
    paging: &Paging,
    cursor: Option<&Position>,
) -> Attempt<Page<(Id, Oid)>> {
    let _lock = file::wait_for_lock(store)?;
    let mut connection = file::open_to_write(&file::path(store))?;
    bring_to(store, &mut connection, commit)?;
    let Some(wanted) = Wanted::of(&connection, &shelf(kind), wanted)? else {
        return Ok(Page { items: Vec::new(), total: 0, next_cursor: None });
    };
    let total = wanted.count(&connection)?;
    let positions = wanted.positions(&connection, cursor, End::First, paging.limit.saturating_add(1))?;
    let page = select::cut(positions, total, paging.limit, End::First);
    let mut items = Vec::with_capacity(page.items.len());
    for position in page.items {
        items.extend(last(&connection, kind, &position.id)?.map(|last| (position.id, last)));
    }
    Ok(Page { items, total: page.total, next_cursor: page.next_cursor })
}

/// Looks for words in what was archived.
pub(super) fn search(
    store: &Store,
    commit: Oid,
    query: &Query,
    kinds: &[&'static Kind],
    range: (usize, usize),
) -> Attempt<Hits> {
    let _lock = file::wait_for_lock(store)?;
    let mut connection = file::open_to_write(&file::path(store))?;
    bring_to(store, &mut connection, commit)?;
    let Hits { hits, total } = WORDS.search(&connection, query, kinds, range)?;
    let mut found = Vec::with_capacity(hits.len());
    for hit in hits {
        found.extend(last(&connection, hit.kind, &hit.id)?.map(|last| Hit { last: Some(last), ..hit }));
    }
    Ok(Hits { hits: found, total })
}

/// The commit that last had a record which has been archived and is not back.
fn last(connection: &Connection, kind: &Kind, id: &Id) -> Attempt<Option<Oid>> {
    Ok(Row::find(connection, kind, id)?.filter(|row| !row.is_back).map(|row| row.last))
}

/// A record that was put away once.
struct Row {
    number: i64,
    last: Oid,
    /// Whether it is there, or another of its id.
    is_back: bool,
}

impl Row {
    fn find(connection: &Connection, kind: &Kind, id: &Id) -> Attempt<Option<Row>> {
        let sql = "SELECT row, last, is_back FROM archived WHERE kind = ? AND id = ?";
        let mut statement = connection.prepare_cached(sql)?;
        let row = statement
            .query_row([kind.name, id.as_str()], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)));
        let row = row.optional()?;
        Ok(row.and_then(|(number, last, is_back)| Some(Row { number, last: last.parse().ok()?, is_back })))
    }
}

fn bring_to(store: &Store, connection: &mut Connection, commit: Oid) -> Attempt<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = file::meta(&transaction, "archived")?.and_then(|tip| tip.parse::<Oid>().ok());
    if known == Some(commit) {
        return Ok(());
    }
    let known = known.filter(|known| store.is_ancestor(*known, commit).unwrap_or(false));
    if known.is_none() {
        transaction.execute_batch(CLEAR)?;
        transaction.execute_batch(SCHEMA)?;
    }
    let mut shelves = Shelves { store, connection: &transaction, terms: Terms::new(&transaction) };
    let tree = store.tree(commit)?;
    let mut seen = BTreeSet::new();
    put_away(store, commit, known, &mut |last, record| -> Attempt<()> {
        let (kind, id) = (record.kind(), record.id());
        if seen.insert((kind.name, id.clone())) {
            shelves.forget(kind, id)?;
            let is_back = tree.find(&kind.path(id))?.is_some();
            shelves.put(record, last, is_back)?;
        }
        Ok(())
    })?;
    let changes = known.map(|known| store.diff(Some(known), commit)).transpose()?.into_iter().flatten();
    for (kind, id, is_back) in changes.filter_map(|it| locate(&it.path).map(|(kind, id)| (kind, id, it.new.is_some())))
    {
        shelves.turn(kind, &id, is_back)?;
    }
    shelves.terms.finish()?;
    file::set_meta(&transaction, "archived", &commit.to_string())?;
    transaction.commit()?;
    Ok(())
}

struct Shelves<'a> {
    store: &'a Store,
    connection: &'a Connection,
    terms: Terms<'a>,
}

impl Shelves<'_> {
    fn put(&mut self, record: &AnyRecord, last: Oid, is_back: bool) -> Attempt<()> {
        let kind = record.kind();
        let sql = "INSERT INTO archived (kind, id, last, is_back) VALUES (?, ?, ?, ?)";
        let row = (kind.name, record.id().as_str(), last.to_string(), is_back);
        let number = self.connection.prepare_cached(sql)?.insert(row)?;
        if is_back { Ok(()) } else { self.shelve(number, record) }
    }

    fn forget(&mut self, kind: &Kind, id: &Id) -> Attempt<()> {
        self.turn(kind, id, true)?;
        self.connection
            .prepare_cached("DELETE FROM archived WHERE kind = ? AND id = ?")?
            .execute([kind.name, id.as_str()])?;
        Ok(())
    }

    /// Takes note of whether a record that was put away once is there.
    fn turn(&mut self, kind: &Kind, id: &Id, is_back: bool) -> Attempt<()> {
        let Some(row) = Row::find(self.connection, kind, id)?.filter(|row| row.is_back != is_back) else {
            return Ok(());
        };
        let tree = self.store.tree(row.last)?;
        let path = kind.path(id);
        if let Some(blob) = tree.find(&path)?
            && let Found::Record(record) = look(&tree, &path, blob)?
        {
            if is_back { self.unshelve(row.number, &record)? } else { self.shelve(row.number, &record)? }
        }
        self.connection
            .prepare_cached("UPDATE archived SET is_back = ? WHERE row = ?")?
            .execute((is_back, row.number))?;
        Ok(())
    }

    fn shelve(&mut self, number: i64, record: &AnyRecord) -> Attempt<()> {
        self.terms.put_entry(&shelf(record.kind()), &Entry::of(record))?;
        WORDS.put(self.connection, number, record)
    }

    fn unshelve(&mut self, number: i64, record: &AnyRecord) -> Attempt<()> {
        self.terms.take_out_entry(&shelf(record.kind()), &Entry::of(record))?;
        WORDS.take_out(self.connection, number)
    }
}

/// Returns what a page of records that were looked at one by one is, without the file.
///
/// # Errors
/// `bad_cursor` (5).
pub fn page_of(records: &[(AnyRecord, Oid)], wanted: &Select, paging: &Paging) -> Result<Page<(Id, Oid)>> {
    let only: Vec<AnyRecord> = records.iter().map(|(record, _)| record.clone()).collect();
    let page = select::scanned(&only, wanted, paging, End::First)?;
    page.try_map(|id| {
        let found = records.iter().find(|(record, _)| *record.id() == id);
        Ok((id, found.map(|(_, last)| *last).expect("it is one of them")))
    })
}
