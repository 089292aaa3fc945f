//! Whether the file is sound, and taking it away: for `doctor`. Whoever asks the file a question does both by itself.

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::file;
use crate::store::Store;

/// Returns what is wrong with the file; nothing where it is sound, is not there, or cannot be asked at this moment.
pub fn fault(store: &Store) -> Option<String> {
    let path = file::path(store);
    if !path.exists() {
        return None;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let said = Connection::open_with_flags(&path, flags)
        .and_then(|connection| connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)));
    match said {
        Ok(word) => (word != "ok").then_some(word),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Some(error.to_string()),
            _ => None,
        },
    }
}

/// Takes the file away, so that it is made anew when it is next asked; false where another process writes it.
pub fn discard(store: &Store) -> bool {
    file::take_away(store)
}
