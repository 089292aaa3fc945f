//! The file: where it is, what it must look like to be used, who may write it.
//!
//! Readers open it read-only. Writers hold a kernel lock beside it, so that there is one at a time and the file can be
//! replaced whole: a reader that has the old one open goes on with that. A writer that dies leaves a journal, which the
//! next one rolls back. Nothing is synced; the name of this run of the machine stands in the file, and after a crash of
//! the machine it is made anew.

use std::cell::{Cell, RefCell};
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior};

use super::delta::{Delta, DerivedDelta};
use super::view::Known;
use super::{Attempt, Failure, Hits, View, archived, build, update, words};
use crate::base::{Id, Result};
use crate::records::{Kind, Position};
use crate::state::search::Query;
use crate::state::{Page, Paging, Select};
use crate::store::{Oid, Store, boot_id};

/// The version of what is stored. Another one is made anew.
const FORMAT: &str = concat!("1 ", env!("CARGO_PKG_VERSION"));

/// How long a reader waits for a writer that is just about to finish.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long is waited for another process that makes the file.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

const SCHEMA: &str = "
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE term (key INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT NOT NULL, count INTEGER NOT NULL);
    CREATE TABLE posting (term INTEGER, rank INTEGER, id TEXT, PRIMARY KEY (term, rank, id)) WITHOUT ROWID;
    CREATE TABLE record (kind TEXT, folded TEXT, id TEXT, PRIMARY KEY (kind, folded, id)) WITHOUT ROWID;
    CREATE TABLE broken (path TEXT PRIMARY KEY, kind TEXT, id TEXT) WITHOUT ROWID;
";

/// What is made once all rows are there: sorting at the end is cheaper than keeping order.
const TERMS: &str = "CREATE UNIQUE INDEX term_by_value ON term (name, value);";

/// Keeps the file open for one command.
#[derive(Default)]
pub struct Keeper {
    open: RefCell<State>,
}

#[derive(Default)]
enum State {
    #[default]
    Unopened,
    /// It cannot be used, and this command does without.
    Useless,
    Open(Rc<Opened>),
}

/// The open file, and what was last found to differ from it, so that it is found out once for each commit.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// Whether the time in which it was opened is nobody's yet.
    is_begun: Cell<bool>,
    pub(super) known: RefCell<Option<(Oid, Rc<Known>)>>,
}

/// A time in which the file stays as it is, for us. It ends when this is dropped, or with the one around it: each costs a
/// dozen system calls.
pub(super) struct Reading<'c> {
    ends: Option<&'c Connection>,
}

impl<'c> Reading<'c> {
    /// Begins it, or takes over the one in which the file was opened.
    pub(super) fn begin(file: &'c Opened) -> Attempt<Self> {
        let is_begun = file.is_begun.take();
        if file.connection.is_autocommit() {
            file.connection.execute_batch("BEGIN")?;
        } else if !is_begun {
            return Ok(Reading { ends: None });
        }
        Ok(Reading { ends: Some(&file.connection) })
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.ends {
            // Nothing was written, so there is nothing that could fail to be.
            let _ = connection.execute_batch("COMMIT");
        }
    }
}

impl Keeper {
    /// Returns the index as of a commit; nothing where it cannot be used here, and records have to be read.
    pub fn view<'s>(&self, store: &'s Store, commit: Oid) -> Option<View<'s>> {
        Some(View::new(store, self.opened(store, commit)?, commit))
    }

    /// Looks for words in the records of a commit, and returns from the first number on as many as the second says; nothing
    /// where the index cannot be used here, and records have to be read.
    pub fn search(
        &self,
        store: &Store,
        commit: Oid,
        query: &Query,
        kinds: &[&'static Kind],
        range: (usize, usize),
    ) -> Option<Hits> {
        self.alone(store, commit, || words::search(store, commit, query, kinds, range))
    }

    /// Returns a page of what the history of a commit has archived of a kind, each with the commit that last had it; nothing
    /// where the index cannot be used here.
    ///
    /// # Errors
    /// `bad_cursor` (5).
    pub fn archived(
        &self,
        store: &Store,
        commit: Oid,
        asked: (&'static Kind, &Select),
        paging: &Paging,
    ) -> Result<Option<Page<(Id, Oid)>>> {
        let cursor = paging.cursor.as_deref().map(Position::parse).transpose()?;
        Ok(self.alone(store, commit, || archived::select(store, commit, asked, paging, cursor.as_ref())))
    }

    /// As [`search`](Self::search), in what the history of a commit has archived.
    pub fn search_archived(
        &self,
        store: &Store,
        commit: Oid,
        query: &Query,
        kinds: &[&'static Kind],
        range: (usize, usize),
    ) -> Option<Hits> {
        self.alone(store, commit, || archived::search(store, commit, query, kinds, range))
    }

    /// Does something for which the file is opened once more, to be written.
    fn alone<T>(&self, store: &Store, commit: Oid, ask: impl FnOnce() -> Attempt<T>) -> Option<T> {
        // Two things must not be at once: reading on the one connection, and writing on the other.
        drop(Reading::begin(&*self.opened(store, commit)?));
        ask().map_err(|failure| give_up(store, &failure)).ok()
    }

    fn opened(&self, store: &Store, commit: Oid) -> Option<Rc<Opened>> {
        let mut state = self.open.borrow_mut();
        if let State::Unopened = *state {
            let opened = open(&path(store)).or_else(|_| {
                renew(store, commit)?;
                open(&path(store))
            });
            *state = opened.map_or(State::Useless, |connection| {
                State::Open(Rc::new(Opened { connection, is_begun: Cell::new(true), known: RefCell::default() }))
            });
        }
        match &*state {
            State::Open(opened) => Some(Rc::clone(opened)),
            _ => None,
        }
    }
}

/// Returns the path of the file.
pub(super) fn path(store: &Store) -> PathBuf {
    store.coord_dir().join("index.sqlite")
}

/// Opens the file to read, where it is one that this version has made in this run of the machine. A [`Reading`] has begun
/// with it.
fn open(path: &Path) -> Attempt<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch("BEGIN")?;
    checked(connection)
}

/// Opens the file to write. Whoever does so holds the lock.
pub(super) fn open_to_write(path: &Path) -> Attempt<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    let connection = checked(connection)?;
    connection.pragma_update(None, "synchronous", "off")?;
    Ok(connection)
}

fn checked(connection: Connection) -> Attempt<Connection> {
    let (format, boot) = (meta(&connection, "format")?, meta(&connection, "boot")?);
    if format.as_deref() == Some(FORMAT) && boot.as_deref() == Some(boot_id()) {
        return Ok(connection);
    }
    Err(rusqlite::Error::QueryReturnedNoRows.into())
}

pub(super) fn meta(connection: &Connection, name: &str) -> Attempt<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE name = ?")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

pub(super) fn set_meta(connection: &Connection, name: &str, value: &str) -> Attempt<()> {
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [name, value])?;
    Ok(())
}

/// Returns the commit that the file describes.
pub(super) fn tip(connection: &Connection) -> Attempt<Oid> {
    let tip = meta(connection, "tip")?.and_then(|tip| tip.parse().ok());
    tip.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
}

/// Makes the file anew, unless another process has done so meanwhile, or a dead writer's journal was all that was wrong.
fn renew(store: &Store, commit: Oid) -> Attempt<()> {
    let _lock = wait_for_lock(store)?;
    match open_to_write(&path(store)) {
        Ok(_) => Ok(()),
        Err(_) => make(store, commit),
    }
}

/// Writes what differs into the file, where nobody else is at it and the file is still that which differs.
pub(super) fn catch_up(store: &Store, delta: &Delta, derived: &DerivedDelta, commit: Oid) -> Attempt<()> {
    let lock = open_lock(store)?;
    if lock.try_lock().is_err() {
        return Ok(());
    }
    let mut connection = open_to_write(&path(store))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if tip(&transaction)? == delta.from {
        update::apply(&transaction, delta, derived)?;
        set_meta(&transaction, "tip", &commit.to_string())?;
        transaction.commit()?;
    }
    Ok(())
}

/// Takes a file away that is no good, so that the next command makes it anew. One that is only busy stays.
pub(super) fn give_up(store: &Store, failure: &Failure) {
    let is_no_good = match failure {
        Failure::File(error) => !matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::OutOfMemory
                    | ErrorCode::SystemIoFailure
            )
        ),
        Failure::Git => true,
        Failure::Io => false,
    };
    if is_no_good {
        take_away(store);
    }
}

/// Removes the file; false where another process writes it.
pub(super) fn take_away(store: &Store) -> bool {
    let Ok(lock) = open_lock(store) else { return false };
    if lock.try_lock().is_err() {
        return false;
    }
    let _ = std::fs::remove_file(path(store));
    let _ = std::fs::remove_file(journal(store));
    !path(store).exists()
}

/// Makes the file anew, beside its place, and puts it there whole.
fn make(store: &Store, commit: Oid) -> Attempt<()> {
    let path = path(store);
    let folder = store.coord_dir();
    // A crash leaves a file of a name that nobody uses again, which `doctor` names.
    let new = tempfile::Builder::new()
        .prefix(".index-")
        .suffix(".sqlite")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    let mut connection = Connection::open(new.path())?;
    connection.execute_batch("PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -65536;")?;
    connection.execute_batch(SCHEMA)?;
    build::fill(store, &mut connection, commit)?;
    connection.execute_batch(TERMS)?;
    for (name, value) in [("format", FORMAT), ("boot", boot_id()), ("tip", &commit.to_string())] {
        set_meta(&connection, name, value)?;
    }
    connection.pragma_update(None, "journal_mode", "delete")?;
    drop(connection);
    store.adjust_modes(new.path())?;
    // The journal of a writer that died belongs to the file that goes.
    let _ = std::fs::remove_file(journal(store));
    new.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

fn journal(store: &Store) -> PathBuf {
    store.coord_dir().join("index.sqlite-journal")
}

fn open_lock(store: &Store) -> Attempt<File> {
    let path = store.coord_dir().join("index.lock");
    Ok(File::options().read(true).write(true).create(true).truncate(false).open(path)?)
}

pub(super) fn wait_for_lock(store: &Store) -> Attempt<File> {
    let lock = open_lock(store)?;
    let until = Instant::now() + LONGEST_WAIT;
    while lock.try_lock().is_err() {
        if Instant::now() >= until {
            return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(lock)
}
