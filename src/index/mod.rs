//! The derived index: answers questions about many records without reading them. Deleting it is always safe.
//!
//! One SQLite file in the common dir, `coord/index.sqlite`, that says of one commit which records are found under which
//! terms, and which terms are derived from others (`query::derive`). A question about another commit is answered by the
//! file and what differs between the two commits, which is found by a tree diff and kept in memory (`delta.rs`); where
//! that becomes much, the file is brought up to date (`update.rs`) or made anew (`build.rs`), by one process at a time.
//! Nothing here is ever the truth: whatever is wrong with the file, the caller reads the records themselves.
//!
//! The only place that names rusqlite.

mod archived;
mod build;
mod check;
mod delta;
mod file;
mod lookup;
mod update;
mod view;
mod words;

pub use archived::{page_of, put_away};
pub use check::{discard, fault};
pub use file::Keeper;
pub use view::View;
pub use words::{Hit, Hits};

use crate::base::{Id, Result};
use crate::records::record::AnyRecord;
use crate::records::{Kind, config, kind, recipient};
use crate::store::{Oid, Tree};

/// A file that should be a record and is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// Where it lies.
    pub path: String,
    /// The name of the kind and the id, where the path is that of a record.
    pub place: Option<(&'static str, Id)>,
}

/// What lies at a path.
enum Found {
    /// A record.
    Record(AnyRecord),
    /// A file that should be a record and is none: its kind and id, where the path is that of a record.
    Broken(Option<(&'static Kind, Id)>),
    /// Something else that belongs there.
    Other,
}

/// Returns what lies at a path.
///
/// # Errors
/// `damaged` where the object is missing or broken.
fn look(tree: &Tree<'_>, path: &str, blob: Oid) -> Result<Found> {
    let Some((kind, id)) = kind::locate(path) else {
        let belongs = path == config::PATH || recipient::locate(path).is_some();
        return Ok(if belongs { Found::Other } else { Found::Broken(None) });
    };
    match tree.blob(blob) {
        Ok(bytes) => Ok(parse(kind, id, &bytes)),
        Err(error) if error.code() == "too_large" => Ok(Found::Broken(Some((kind, id)))),
        Err(error) => Err(error),
    }
}

fn parse(kind: &'static Kind, id: Id, bytes: &[u8]) -> Found {
    match (kind.decode)(bytes) {
        Ok(record) if *record.id() == id => Found::Record(record),
        _ => Found::Broken(Some((kind, id))),
    }
}

/// A failure of the file, or of what it is made from. Whoever asked reads the records themselves.
enum Failure {
    /// The file cannot be used.
    File(rusqlite::Error),
    /// It cannot be made or replaced.
    Io,
    /// It speaks of a commit that is not here, or that is too far away.
    Git,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::File(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(_: std::io::Error) -> Self {
        Failure::Io
    }
}

impl From<crate::base::Error> for Failure {
    fn from(_: crate::base::Error) -> Self {
        Failure::Git
    }
}

type Attempt<T> = std::result::Result<T, Failure>;
