//! From two states of all records that began as one to the one state of both: pure, and the same on every machine.
//!
//! ```text
//! base ──┬── ours ────┐
//!        │            ├──► merged, and a conflict for each value that did not find a place in it
//!        └── theirs ──┘
//! ```
//!
//! From the inside out: `part` decides about one part of a record by its stamps, `record` goes through the table of
//! fields of a kind, `file` knows what lies at a path, `tree` looks at all paths that changed, [`history`] finds the
//! base, and [`heads`] says whether there is anything to merge at all. Why two machines that know the same writes end
//! with the same commit is argued in `docs/merging.md`.

pub mod commit;
mod deep;
pub mod dispute;
mod file;
pub mod heads;
pub mod history;
mod lines;
mod order;
mod part;
mod record;
mod settings;
mod text;
pub mod tree;
mod version;

pub use commit::MergeCommit;
pub use history::{History, Union, brought, unite};
pub use record::{Merged, records};
pub use tree::{Content, Delta, Trees};

/// The version of the rules: what two commits merge to under one version never changes.
///
/// It stands in the message of every merge. A program that meets a greater one than its own merges nothing with it.
pub const RULES: u32 = 1;

/// Who has made what a merge made.
pub const MERGER: &str = "git-coord merge";

/// Who has done what cannot be told: a file carries no stamp of its removal.
pub const NOBODY: &str = "unknown";
