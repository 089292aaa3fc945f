//! Full-text search: which records have which words in their text.
//!
//! A part of the file with a tip of its own, so that who never searches pays nothing for it: it is made by the first
//! search and brought up to date by each later one. It keeps the words and not the texts; those are in git.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::{Attempt, Failure, Found, file, look};
use crate::base::Id;
use crate::records::Kind;
use crate::records::record::AnyRecord;
use crate::state::search::{Document, Query};
use crate::store::{Oid, Store, Tree};

pub(super) const SCHEMA: &str = "
    CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
        title, body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0');
    CREATE TABLE IF NOT EXISTS document (row INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, UNIQUE (kind, id));
";

/// The words of the records of the tip.
const TIP: Words = Words { words: "words", documents: "document" };

/// The tables that words are looked up in: the words themselves, and what they are the words of.
pub(super) struct Words {
    pub(super) words: &'static str,
    pub(super) documents: &'static str,
}

/// A record in whose text the words stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its id.
    pub id: Id,
    /// The commit that last had it, where it has been archived.
    pub last: Option<Oid>,
}

/// Some of the records that were found, the best first, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits {
    /// The records.
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub total: usize,
}

/// Looks for words in the records of a commit; from the `skip`th record on, at most `limit`.
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
    TIP.search(&connection, query, kinds, range)
}

impl Words {
    /// Looks for words in the records of some kinds.
    pub(super) fn search(
        &self,
        connection: &Connection,
        query: &Query,
        kinds: &[&'static Kind],
        (skip, limit): (usize, usize),
    ) -> Attempt<Hits> {
        let Words { words, documents } = self;
        let marks = vec!["?"; kinds.len()].join(", ");
        let from = format!(
            "FROM {words} JOIN {documents} d ON d.row = {words}.rowid WHERE {words} MATCH ? AND d.kind IN ({marks})"
        );
        let wanted: Vec<String> =
            [expression(query)].into_iter().chain(kinds.iter().map(|kind| kind.name.to_owned())).collect();
        let count: i64 = connection
            .prepare_cached(&format!("SELECT count(*) {from}"))?
            .query_row(rusqlite::params_from_iter(&wanted), |row| row.get(0))?;
        // A word in the title says more than one in the body.
        let sql = format!(
            "SELECT d.kind, d.id {from} ORDER BY bm25({words}, 4.0, 1.0), d.kind, d.id LIMIT {limit} OFFSET {skip}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(&wanted), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut hits = Vec::new();
        for row in rows {
            let (kind, id) = row?;
            hits.extend(Kind::find(&kind).zip(Id::parse(&id).ok()).map(|(kind, id)| Hit { kind, id, last: None }));
        }
        Ok(Hits { hits, total: usize::try_from(count).unwrap_or(0) })
    }

    /// Puts down the words of a record that has this row among the documents.
    pub(super) fn put(&self, connection: &Connection, row: i64, record: &AnyRecord) -> Attempt<()> {
        let Document { title, body } = Document::of(record.as_ref());
        let sql = format!("INSERT INTO {} (rowid, title, body) VALUES (?, ?, ?)", self.words);
        connection.prepare_cached(&sql)?.execute((row, title, body))?;
        Ok(())
    }

    /// Takes out the words of the record that has this row.
    pub(super) fn take_out(&self, connection: &Connection, row: i64) -> Attempt<()> {
        connection.prepare_cached(&format!("DELETE FROM {} WHERE rowid = ?", self.words))?.execute([row])?;
        Ok(())
    }
}

/// The question in the language of the index: every word in quotes, so that none means anything else.
fn expression(query: &Query) -> String {
    let phrase = |words: &[String], star: &str| format!("\"{}\"{star}", words.join(" "));
    let phrases = query.phrases().iter().map(|one| phrase(&one.words, if one.is_start { " *" } else { "" }));
    phrases.collect::<Vec<_>>().join(" AND ")
}

fn bring_to(store: &Store, connection: &mut Connection, commit: Oid) -> Attempt<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tip = file::meta(&transaction, "words")?.and_then(|tip| tip.parse::<Oid>().ok());
    if tip == Some(commit) {
        return Ok(());
    }
    let tree = store.tree(commit)?;
    let changes = tip.and_then(|tip| store.diff(Some(tip), commit).ok());
    match changes {
        Some(changes) => {
            for change in changes {
                if let Some(Found::Record(record)) =
                    change.old.map(|blob| look(&tree, &change.path, blob)).transpose()?
                {
                    take_out(&transaction, &record)?;
                }
                if let Some(blob) = change.new {
                    put(&transaction, &tree, &change.path, blob)?;
                }
            }
        }
        // Nothing is known, or of another history.
        None => {
            transaction.execute_batch("DROP TABLE IF EXISTS words; DROP TABLE IF EXISTS document;")?;
            transaction.execute_batch(SCHEMA)?;
            let mut failure = None;
            tree.walk("", &mut |path, blob| {
                if failure.is_none() {
                    failure = put(&transaction, &tree, path, blob).err();
                }
                Ok(())
            })?;
            failure.map_or(Ok(()), Err::<(), Failure>)?;
        }
    }
    file::set_meta(&transaction, "words", &commit.to_string())?;
    transaction.commit()?;
    Ok(())
}

fn put(connection: &Connection, tree: &Tree<'_>, path: &str, blob: Oid) -> Attempt<()> {
    let Found::Record(record) = look(tree, path, blob)? else { return Ok(()) };
    // Who has read a message, and the like, has no words of its own.
    if record.kind().companion_of.is_some() {
        return Ok(());
    }
    let sql = "INSERT OR REPLACE INTO document (kind, id) VALUES (?, ?)";
    let row = connection.prepare_cached(sql)?.insert([record.kind().name, record.id().as_str()])?;
    TIP.put(connection, row, &record)
}

fn take_out(connection: &Connection, record: &AnyRecord) -> Attempt<()> {
    let key = [record.kind().name, record.id().as_str()];
    let mut statement = connection.prepare_cached("SELECT row FROM document WHERE kind = ? AND id = ?")?;
    if let Some(row) = statement.query_row(key, |row| row.get::<_, i64>(0)).optional()? {
        TIP.take_out(connection, row)?;
        connection.prepare_cached("DELETE FROM document WHERE row = ?")?.execute([row])?;
    }
    Ok(())
}
