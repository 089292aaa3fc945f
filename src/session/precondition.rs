//! `--if-match`: a write that goes through only where things are still as its asker saw them.

use super::TreeSnapshot;
use crate::base::{Error, Result, text};
use crate::records::record::{AnyRecord, downcast};
use crate::records::task::TASK;
use crate::records::{Kind, Message};
use crate::state::{Changeset, Snapshot};

/// The fewest characters by which a commit or a blob is meant.
const SHORTEST: usize = 7;

/// Checks that the tip is the wanted commit, or that the file of the record that the change is about is the wanted
/// blob; without a wish everything passes.
///
/// # Errors
/// `if_match_failed` (3) where it is another; `bad_value` (5) where the wish is no object id.
pub(super) fn check(wanted: Option<&str>, snapshot: &TreeSnapshot<'_>, changes: &Changeset) -> Result<()> {
    let Some(wanted) = wanted.map(str::to_ascii_lowercase) else { return Ok(()) };
    if wanted.len() < SHORTEST || !wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let shown = text::excerpt(&wanted, 60);
        let message = format!("--if-match takes a commit or a blob, of at least {SHORTEST} characters, not «{shown}»");
        return Err(Error::invalid("bad_value", message).hint("git coord log"));
    }
    let tip = snapshot.commit().to_string();
    if tip.starts_with(&wanted) {
        return Ok(());
    }
    let mut error = Error::conflict("if_match_failed", "cannot write: what was to be matched is not there any more")
        .detail("wanted", wanted.as_str())
        .detail("commit", tip);
    let records: Vec<AnyRecord> = changes.all_parts().iter().filter_map(|part| part.about.clone()).collect();
    // One blob stands for one record: with several only the commit can be meant.
    if let [record] = records.as_slice() {
        for (kind, id) in meant(record) {
            let blob = snapshot.blob(kind, &id)?.map(|blob| blob.to_string());
            if blob.as_ref().is_some_and(|blob| blob.starts_with(&wanted)) {
                return Ok(());
            }
            error = error.detail("blob", blob);
            if snapshot.contains(kind, &id)? {
                error = error.hint(format!("git coord show {}/{id} --json", kind.name));
            }
        }
    }
    Err(error.hint("git coord log"))
}

/// Returns the records that a blob may be meant of: the record itself, or what a message is said about.
fn meant(record: &AnyRecord) -> Vec<(&'static Kind, String)> {
    match downcast::<Message>(record) {
        Some(message) => message.thread.iter().map(|thread| (&TASK, thread.clone())).collect(),
        None => vec![(record.kind(), record.id().to_string())],
    }
}
