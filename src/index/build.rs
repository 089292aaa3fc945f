//! Making the contents of the file from nothing: every record of a commit is read once.
//!
//! Reading objects and parsing records go side by side. Rows are put down in runs, each in the order in which the file
//! keeps them, so that little has to be moved and no more than one run is in memory. What stays there is what the derived
//! terms follow from, which nobody knows before all records have been seen.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use rusqlite::Connection;

use super::delta::Entry;
use super::{Attempt, Found, parse};
use crate::base::{Id, Result};
use crate::query::derive::DERIVING;
use crate::query::whole::Whole;
use crate::records::reads::READS;
use crate::records::record::AnyRecord;
use crate::records::task::TASK;
use crate::records::{Kind, Position, Term, config, kind, recipient};
use crate::store::{Oid, Store};

/// How many files are handed over at once.
const BATCH: usize = 256;

/// How many batches may wait to be parsed: so much memory is taken at the most.
const WAITING: usize = 16;

/// How many rows of terms make a run: some 100 MB, with what they name.
const RUN: usize = 2_000_000;

/// Files to be parsed.
type Batch = Vec<(&'static Kind, Id, Vec<u8>)>;

/// Fills an empty file with what is under which terms at a commit.
pub(super) fn fill(store: &Store, connection: &mut Connection, commit: Oid) -> Attempt<()> {
    let mut whole = Whole::default();
    // What does not come to its end is thrown away with the file.
    connection.execute_batch("BEGIN")?;
    let rows = Rows { most: run(store), ..Rows::new(connection) };
    let mut rows = gather(store, commit, &mut whole, rows)?;
    for kind in DERIVING {
        let mut put = Ok(());
        whole.each(kind, |one| {
            if put.is_ok() {
                put = rows.derived(kind, one.term, &one.position);
            }
        })?;
        put?;
    }
    drop(whole);
    rows.finish()
}

/// A test may have a run end sooner: `GIT_COORD_TEST_RUN=7` stands for so many rows.
fn run(store: &Store) -> usize {
    let told = store.environment().text("GIT_COORD_TEST_RUN").filter(|_| cfg!(feature = "testing"));
    told.and_then(|text| text.parse().ok()).unwrap_or(RUN)
}

/// The rows on their way into the file.
struct Rows<'c> {
    connection: &'c mut Connection,
    /// The key of each term, and how many records are under it.
    terms: HashMap<(&'static str, Term), (u32, i64)>,
    /// The ids that the rows of the run name; those that are records, by the name of their kind.
    ids: Vec<(Option<&'static str>, Id)>,
    postings: Vec<Posting>,
    most: usize,
}

/// A record under a term: the key of the one, and the number of the other in the run.
#[derive(Clone, Copy)]
struct Posting {
    term: u32,
    id: u32,
    rank: i64,
}

impl<'c> Rows<'c> {
    fn new(connection: &'c mut Connection) -> Self {
        Rows { connection, terms: HashMap::new(), ids: Vec::new(), postings: Vec::new(), most: RUN }
    }

    fn record(&mut self, kind: &'static Kind, Entry { position, terms }: Entry) -> Attempt<()> {
        let id = self.name(Some(kind), &position.id);
        for term in terms {
            self.post(kind, term, position.rank, id);
        }
        self.put_where_full()
    }

    /// Puts a record, which is put down by itself, under one more term.
    fn derived(&mut self, kind: &'static Kind, term: Term, position: &Position) -> Attempt<()> {
        let id = self.name(None, &position.id);
        self.post(kind, term, position.rank, id);
        self.put_where_full()
    }

    fn broken(&mut self, path: &str, place: Option<(&'static Kind, Id)>) -> Attempt<()> {
        let sql = "INSERT OR IGNORE INTO broken VALUES (?, ?, ?)";
        let (kind, id) = place.as_ref().map(|(kind, id)| (kind.name, id.as_str())).unzip();
        self.connection.prepare_cached(sql)?.execute((path, kind, id))?;
        if let Some((kind, id)) = place {
            self.name(Some(kind), &id);
        }
        Ok(())
    }

    fn name(&mut self, kind: Option<&'static Kind>, id: &Id) -> u32 {
        self.ids.push((kind.map(|kind| kind.name), id.clone()));
        u32::try_from(self.ids.len() - 1).unwrap_or(u32::MAX)
    }

    fn post(&mut self, kind: &'static Kind, term: Term, rank: i64, id: u32) {
        let next = u32::try_from(self.terms.len()).unwrap_or(u32::MAX);
        let (term, _) = *self.terms.entry((kind.name, term)).or_insert((next, 0));
        self.postings.push(Posting { term, id, rank });
    }

    fn put_where_full(&mut self) -> Attempt<()> {
        if self.postings.len() < self.most { Ok(()) } else { self.put() }
    }

    /// Puts the run down, and begins the next.
    fn put(&mut self) -> Attempt<()> {
        let ids = std::mem::take(&mut self.ids);
        let name = |posting: &Posting| &ids[posting.id as usize].1;
        self.postings
            .sort_unstable_by(|a, b| (a.term, a.rank).cmp(&(b.term, b.rank)).then_with(|| name(a).cmp(name(b))));
        let mut counts: HashMap<u32, i64> = HashMap::new();
        let mut insert = self.connection.prepare_cached("INSERT OR IGNORE INTO posting VALUES (?, ?, ?)")?;
        for posting in self.postings.drain(..) {
            let put = insert.execute((posting.term, posting.rank, name(&posting).as_str()))?;
            *counts.entry(posting.term).or_default() += i64::try_from(put).unwrap_or(0);
        }
        for (key, count) in self.terms.values_mut() {
            *count += counts.get(key).copied().unwrap_or_default();
        }
        let mut insert = self.connection.prepare_cached("INSERT OR IGNORE INTO record VALUES (?, ?, ?)")?;
        let mut records: Vec<(&str, String, &Id)> =
            ids.iter().filter_map(|(kind, id)| kind.map(|kind| (kind, id.folded(), id))).collect();
        records.sort_unstable();
        for (kind, folded, id) in records {
            insert.execute((kind, folded, id.as_str()))?;
        }
        Ok(())
    }

    /// Puts down what is left, and the terms with their figures, and ends.
    fn finish(mut self) -> Attempt<()> {
        self.put()?;
        let mut terms: Vec<_> = self.terms.into_iter().map(|((kind, term), key)| (key, kind, term)).collect();
        terms.sort_unstable_by_key(|((key, _), ..)| *key);
        let mut insert = self.connection.prepare("INSERT INTO term VALUES (?, ?, ?, ?)")?;
        for ((key, count), kind, term) in terms {
            insert.execute((key, format!("{kind}/{}", term.name), term.value, count))?;
        }
        drop(insert);
        self.connection.execute_batch("COMMIT")?;
        Ok(())
    }
}

/// Where all threads put what they have found: one of them at a time, which takes little of what parsing takes.
struct Gathered<'w, 'c> {
    whole: &'w mut Whole,
    rows: Attempt<Rows<'c>>,
}

impl Gathered<'_, '_> {
    fn record(&mut self, record: &AnyRecord, entry: Entry) {
        self.whole.add(record);
        self.put(|rows| rows.record(record.kind(), entry));
    }

    fn broken(&mut self, path: &str, place: Option<(&'static Kind, Id)>) {
        if let Some((_, id)) = place.as_ref().filter(|(kind, _)| **kind == TASK) {
            self.whole.add_broken_task(id);
        }
        self.put(|rows| rows.broken(path, place));
    }

    /// Whatever comes after a failure is for nothing.
    fn put(&mut self, put: impl FnOnce(&mut Rows<'_>) -> Attempt<()>) {
        if let Ok(rows) = &mut self.rows
            && let Err(failure) = put(rows)
        {
            self.rows = Err(failure);
        }
    }
}

/// Reads all records of a commit, in this thread, and parses them in others.
fn gather<'c>(store: &Store, commit: Oid, whole: &mut Whole, rows: Rows<'c>) -> Attempt<Rows<'c>> {
    let parsers = thread::available_parallelism().map_or(1, usize::from).clamp(1, 8);
    let gathered = Mutex::new(Gathered { whole, rows: Ok(rows) });
    let (send, receive) = mpsc::sync_channel::<Batch>(WAITING);
    let receive = Mutex::new(receive);
    thread::scope(|scope| {
        let work = || {
            loop {
                let batch = receive.lock().map(|receive| receive.recv());
                let Ok(Ok(batch)) = batch else { return };
                parse_all(batch, &gathered);
            }
        };
        (0..parsers).for_each(|_| drop(scope.spawn(work)));
        read(store, commit, &gathered, send)
    })?;
    gathered.into_inner().unwrap_or_else(PoisonError::into_inner).rows
}

fn parse_all(batch: Batch, gathered: &Mutex<Gathered<'_, '_>>) {
    let parsed: Vec<_> = batch
        .into_iter()
        .map(|(kind, id, bytes)| match parse(kind, id, &bytes) {
            Found::Record(record) => (Some(Entry::of(&record)), Found::Record(record)),
            other => (None, other),
        })
        .collect();
    let Ok(mut gathered) = gathered.lock() else { return };
    for (entry, found) in parsed {
        match (found, entry) {
            (Found::Record(record), Some(entry)) => gathered.record(&record, entry),
            (Found::Broken(place), _) => {
                let path = place.as_ref().map(|(kind, id)| kind.path(id)).unwrap_or_default();
                gathered.broken(&path, place);
            }
            _ => {}
        }
    }
}

/// Hands over all files that may be records, and gathers the rest.
fn read(store: &Store, commit: Oid, gathered: &Mutex<Gathered<'_, '_>>, send: mpsc::SyncSender<Batch>) -> Result<()> {
    let tree = store.tree(commit)?;
    let gather = |put: &dyn Fn(&mut Gathered<'_, '_>)| drop(gathered.lock().map(|mut gathered| put(&mut gathered)));
    let mut batch = Batch::with_capacity(BATCH);
    tree.walk("", &mut |path, blob| {
        let Some((kind, id)) = kind::locate(path) else {
            match recipient::locate(path) {
                Some((recipient, message)) => {
                    gather(&|gathered| gathered.whole.add_link(recipient.clone(), message.clone()));
                }
                None if path == config::PATH => {}
                None => gather(&|gathered| gathered.broken(path, None)),
            }
            return Ok(());
        };
        if *kind == READS {
            gather(&|gathered| gathered.whole.add_read(id.clone()));
        }
        match tree.blob(blob) {
            Ok(bytes) => batch.push((kind, id, bytes)),
            Err(error) if error.code() == "too_large" => {
                gather(&|gathered| gathered.broken(path, Some((kind, id.clone()))));
            }
            Err(error) => return Err(error),
        }
        if batch.len() == BATCH {
            // Nobody listens only where a parser has panicked, and then joining it says so.
            let _ = send.send(std::mem::replace(&mut batch, Batch::with_capacity(BATCH)));
        }
        Ok(())
    })?;
    let _ = send.send(batch);
    Ok(())
}
