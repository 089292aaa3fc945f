//! How a failure of the file system or of an object becomes the program's error.

use std::fmt::Display;
use std::io::{self, ErrorKind};

use super::Oid;
use crate::base::{Error, Kind};

/// Makes the error of a file operation: `what` could not be done.
pub(super) fn io(what: impl Display, err: io::Error) -> Error {
    // By the kind, not by the number: what another crate has wrapped keeps only that.
    let (code, hint) = match err.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            ("disk_full", Some("make room on the disk and try again"))
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            ("read_only", Some("check who owns the repository and whether its file system is writable"))
        }
        ErrorKind::AlreadyExists | ErrorKind::IsADirectory | ErrorKind::NotADirectory => {
            ("io", Some("something else stands there: look what it is, and move it out of the way"))
        }
        _ => ("io", None),
    };
    let error = Error::fatal(code, format!("cannot {what}")).because(err);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Makes the error of an object that is missing, cut or nonsense.
pub(super) fn damaged(what: impl Display) -> Error {
    Error::fatal("damaged", format!("the repository is damaged: {what}"))
        .hint("run `git coord doctor` to see what is wrong, and `git coord doctor --fix` to go on with what is left")
}

/// Makes the error of an object that could not be read, with the reader's own words as cause.
pub(super) fn unreadable(id: Oid, err: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    damaged(format!("object {id} cannot be read")).because(err)
}

/// Makes the error of a lock that somebody else holds.
pub(super) fn busy(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(Kind::Busy, code, message)
}
