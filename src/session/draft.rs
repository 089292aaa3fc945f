//! What a write would make, where it is only to be shown.

use super::{TreeSnapshot, lower};
use crate::base::Result;
use crate::state::Changeset;
use crate::state::Snapshot;
use crate::store::Content;

/// A commit that was not made.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The first line of its message.
    pub subject: String,
    /// The files it would change, in the order of their paths; of many only the first.
    pub files: Vec<DraftFile>,
    /// How many files it would change.
    pub total: usize,
}

/// A file that a commit would change.
#[derive(Debug, Clone)]
pub struct DraftFile {
    /// Where it lies in the tip tree.
    pub path: String,
    /// What it holds; nothing where it is not there.
    pub before: Option<String>,
    /// What it would hold; nothing where it would not be there.
    pub after: Option<String>,
}

/// Returns what a changeset would make of the files of a moment.
pub(super) fn draft(snapshot: &TreeSnapshot<'_>, changes: &Changeset) -> Result<Draft> {
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut files = Vec::new();
    for edit in lower::lower(changes)? {
        let before = snapshot.file(&edit.path)?.map(|bytes| lossy(&bytes));
        let after = match edit.content {
            Some(Content::Bytes(bytes)) => Some(lossy(&bytes)),
            Some(Content::Existing(_)) => before.clone(),
            None => None,
        };
        if before != after {
            files.push(DraftFile { path: edit.path, before, after });
        }
    }
    Ok(Draft { subject: changes.subject.clone(), total: files.len(), files })
}
