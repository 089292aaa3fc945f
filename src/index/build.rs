//! Making the contents of the file from nothing: every record of a commit is read once.
//!
//! Reading objects and parsing records go side by side; rows are put in the order in which the file keeps them, so that
//! nothing has to be moved.

use std::collections::HashMap;
use std::sync::{Mutex, mpsc};
use std::thread;

use rusqlite::Connection;

use super::{Attempt, Found, lookup, parse};
use crate::base::{Id, Result};
use crate::query::derive::{DERIVING, Having};
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

/// Files to be parsed, with the number of each.
type Batch = Vec<(&'static Kind, Id, Vec<u8>)>;

/// Fills an empty file with what is under which terms at a commit.
pub(super) fn fill(store: &Store, connection: &mut Connection, commit: Oid) -> Attempt<()> {
    let mut gathered = gather(store, commit)?;
    let mut having: Vec<(&'static Kind, Having)> = Vec::new();
    for kind in DERIVING {
        gathered.whole.each(kind, |one| having.push((kind, one)))?;
    }
    having.into_iter().for_each(|(kind, Having { term, position })| gathered.add(kind, term, &position));
    write(connection, gathered)
}

/// What is found under which terms, and what is known of all records together.
#[derive(Default)]
struct Gathered {
    whole: Whole,
    terms: HashMap<(&'static str, Term), u32>,
    ids: Vec<(&'static str, Id)>,
    postings: Vec<Posting>,
    broken: Vec<(String, Option<(&'static str, Id)>)>,
}

/// A record under a term, both by their numbers.
#[derive(Clone, Copy)]
struct Posting {
    term: u32,
    rank: i64,
    id: u32,
}

impl Gathered {
    fn record(&mut self, record: &AnyRecord) {
        self.whole.add(record);
        let (kind, position) = (record.kind(), Position::of(record));
        let id = self.number(kind, &position.id);
        let terms = (kind.terms)(record).into_iter().chain([Term::flag(lookup::ALL)]);
        for term in terms {
            let term = self.term(kind, term);
            self.postings.push(Posting { term, rank: position.rank, id });
        }
    }

    /// Adds a record, whose id is known or is not, to a term.
    fn add(&mut self, kind: &'static Kind, term: Term, position: &Position) {
        let term = self.term(kind, term);
        let id = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.ids.push(("", position.id.clone()));
        self.postings.push(Posting { term, rank: position.rank, id });
    }

    fn number(&mut self, kind: &'static Kind, id: &Id) -> u32 {
        self.ids.push((kind.name, id.clone()));
        u32::try_from(self.ids.len() - 1).unwrap_or(u32::MAX)
    }

    fn term(&mut self, kind: &'static Kind, term: Term) -> u32 {
        let next = u32::try_from(self.terms.len()).unwrap_or(u32::MAX);
        *self.terms.entry((kind.name, term)).or_insert(next)
    }

    fn broken(&mut self, path: String, place: Option<(&'static Kind, Id)>) {
        if let Some((kind, id)) = &place {
            self.number(kind, id);
            if **kind == TASK {
                self.whole.add_broken_task(id);
            }
        }
        self.broken.push((path, place.map(|(kind, id)| (kind.name, id))));
    }

    /// Takes over what another thread has gathered.
    fn absorb(&mut self, other: Gathered) {
        let first = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let mut numbers = vec![0; other.terms.len()];
        for ((kind, term), number) in other.terms {
            let next = u32::try_from(self.terms.len()).unwrap_or(u32::MAX);
            numbers[number as usize] = *self.terms.entry((kind, term)).or_insert(next);
        }
        let moved = other.postings.into_iter().map(|one| Posting {
            term: numbers[one.term as usize],
            rank: one.rank,
            id: first + one.id,
        });
        self.postings.extend(moved);
        self.ids.extend(other.ids);
        self.broken.extend(other.broken);
        self.whole.absorb(other.whole);
    }
}

/// Reads all records of a commit, in this thread, and parses them in others.
fn gather(store: &Store, commit: Oid) -> Result<Gathered> {
    let parsers = thread::available_parallelism().map_or(1, usize::from).clamp(1, 8);
    let (send, receive) = mpsc::sync_channel::<Batch>(WAITING);
    let receive = Mutex::new(receive);
    thread::scope(|scope| {
        let work = || {
            let mut gathered = Gathered::default();
            loop {
                let batch = receive.lock().map(|receive| receive.recv());
                let Ok(Ok(batch)) = batch else { return gathered };
                for (kind, id, bytes) in batch {
                    match parse(kind, id, &bytes) {
                        Found::Record(record) => gathered.record(&record),
                        Found::Broken(place) => gathered.broken(kind_path(place.as_ref()), place),
                        Found::Other => {}
                    }
                }
            }
        };
        let others: Vec<_> = (0..parsers).map(|_| scope.spawn(work)).collect();
        let read = read(store, commit, send);
        let mut all = read?;
        for other in others {
            all.absorb(other.join().expect("parsing a record does not panic"));
        }
        Ok(all)
    })
}

fn kind_path(place: Option<&(&'static Kind, Id)>) -> String {
    place.map(|(kind, id)| kind.path(id)).unwrap_or_default()
}

/// Hands over all files that may be records, and gathers the rest.
fn read(store: &Store, commit: Oid, send: mpsc::SyncSender<Batch>) -> Result<Gathered> {
    let tree = store.tree(commit)?;
    let mut gathered = Gathered::default();
    let mut batch = Batch::with_capacity(BATCH);
    tree.walk("", &mut |path, blob| {
        let Some((kind, id)) = kind::locate(path) else {
            match recipient::locate(path) {
                Some((recipient, message)) => gathered.whole.add_link(recipient, message),
                None if path == config::PATH => {}
                None => gathered.broken(path.to_owned(), None),
            }
            return Ok(());
        };
        if *kind == READS {
            gathered.whole.add_read(id.clone());
        }
        match tree.blob(blob) {
            Ok(bytes) => batch.push((kind, id, bytes)),
            Err(error) if error.code() == "too_large" => gathered.broken(path.to_owned(), Some((kind, id))),
            Err(error) => return Err(error),
        }
        if batch.len() == BATCH {
            // Nobody listens only where a parser has panicked, and then joining it says so.
            let _ = send.send(std::mem::replace(&mut batch, Batch::with_capacity(BATCH)));
        }
        Ok(())
    })?;
    let _ = send.send(batch);
    Ok(gathered)
}

fn write(connection: &mut Connection, gathered: Gathered) -> Attempt<()> {
    let Gathered { terms, ids, mut postings, broken, .. } = gathered;
    let name = |posting: &Posting| &ids[posting.id as usize].1;
    postings.sort_unstable_by(|a, b| (a.term, a.rank).cmp(&(b.term, b.rank)).then_with(|| name(a).cmp(name(b))));
    let mut counts = vec![0_i64; terms.len()];
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare("INSERT OR IGNORE INTO posting VALUES (?, ?, ?)")?;
        for posting in &postings {
            let put = insert.execute((posting.term, posting.rank, name(posting).as_str()))?;
            counts[posting.term as usize] += i64::try_from(put).unwrap_or(0);
        }
        let mut insert = transaction.prepare("INSERT INTO term VALUES (?, ?, ?, ?)")?;
        let mut terms: Vec<_> = terms.into_iter().map(|((kind, term), number)| (number, kind, term)).collect();
        terms.sort_unstable_by_key(|(number, ..)| *number);
        for (number, kind, term) in terms {
            let name = format!("{kind}/{}", term.name);
            insert.execute((number, name, term.value, counts[number as usize]))?;
        }
        let mut insert = transaction.prepare("INSERT OR IGNORE INTO record VALUES (?, ?, ?)")?;
        let mut rows: Vec<(&str, String, &Id)> =
            ids.iter().filter(|(kind, _)| !kind.is_empty()).map(|(kind, id)| (*kind, id.folded(), id)).collect();
        rows.sort_unstable();
        for (kind, folded, id) in rows {
            insert.execute((kind, folded, id.as_str()))?;
        }
        let mut insert = transaction.prepare("INSERT OR IGNORE INTO broken VALUES (?, ?, ?)")?;
        for (path, place) in broken {
            let (kind, id) = place.map(|(kind, id)| (kind, String::from(id))).unzip();
            insert.execute((path, kind, id))?;
        }
    }
    transaction.commit()?;
    Ok(())
}
