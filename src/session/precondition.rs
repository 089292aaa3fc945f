//! `--if-match`: a write that goes through only where things are still as its asker saw them.

use super::TreeSnapshot;
use crate::base::{Error, Result, text};
use crate::state::Changeset;

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
    if let Some(record) = changes.all_parts().iter().find_map(|part| part.about.clone()) {
        let blob = snapshot.blob(record.kind(), record.id())?.map(|blob| blob.to_string());
        if blob.as_ref().is_some_and(|blob| blob.starts_with(&wanted)) {
            return Ok(());
        }
        if blob.is_some() {
            error = error.hint(format!("git coord show {}/{} --json", record.kind().name, record.id()));
        }
        error = error.detail("blob", blob);
    }
    Err(error.hint("git coord log"))
}
