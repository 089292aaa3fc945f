//! Codes that no command line brings about, or none in a moment, each with the reason.

/// Whether a user can ever meet a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// Yes: it stands in the catalogue, without hints.
    Rarely,
    /// No: it is told inside the program, and becomes another error, a warning or a cause.
    Never,
}

use Met::{Never, Rarely};

/// Exit code, code, when it comes, whether a user can meet it, and why no row brings it about.
pub(super) const ERRORS: &[(i32, &str, &str, Met, &str)] = &[
    (5, "bad_message", "A commit message holds a NUL.", Never, "messages are made safe before"),
    (5, "bad_object", "Bytes cannot be stored as an object.", Never, "only blobs, trees and commits are made"),
    (5, "bad_object_id", "An object id is malformed.", Never, "ids come from git"),
    (
        5,
        "bad_operation",
        "The fields of an operation are not those of its verb.",
        Never,
        "it is the code in operation_refused",
    ),
    (5, "bad_path", "A path cannot be stored.", Never, "paths are made of ids, which are checked"),
    (5, "bad_row", "A row is no record.", Never, "it is the cause of bad_line"),
    (5, "no_such_blob", "The repository has no such blob.", Never, "only blobs that were just read are linked again"),
    (5, "not_removable", "Records of the kind are never removed.", Never, "only tasks have a verb that removes"),
    (5, "too_many", "There are more objects than one pack can have.", Rarely, "it would take four billion of them"),
    (5, "unsupported_format", "The settings are of a newer format.", Never, "it becomes newer_format"),
    (5, "unknown_name", "No line before has the name.", Never, "it is the code in operation_refused"),
    (5, "wrong_id", "A file calls itself otherwise than its place.", Never, "it is the cause of unreadable"),
    (6, "remote_timeout", "The remote did not answer for five minutes.", Rarely, "it would take five minutes"),
    (
        7,
        "answer_missing",
        "Another process has begun to do the change along with its own, and stands still: it may have happened or not.",
        Rarely,
        "it takes a process that stands still in the midst of its work",
    ),
    (7, "demo_failed", "The demo was not over after a minute.", Rarely, "it would take a minute"),
    (7, "index_busy", "Another process writes the index.", Rarely, "it is over in a moment"),
    (7, "timeout", "Git did not answer for half a minute, and was ended.", Rarely, "it would take half a minute"),
    (128, "internal", "The program contradicts itself: please report it.", Rarely, "no way to it is known"),
    (128, "no_randomness", "The system gives no random bytes.", Rarely, "every system that runs tests gives them"),
    (128, "not_forward", "The new commit does not follow the tip.", Never, "every commit is made on the tip"),
];
