//! What `doctor` says of the maintenance that git does in the background: nothing, where it went well.

use super::checks::Finding;
use crate::session::Session;

/// Checks that the last maintenance came to a good end.
pub(super) fn maintenance(session: &Session, findings: &mut Vec<Finding>) {
    let Some(trouble) = session.store().maintenance_trouble() else { return };
    let (at, log) = (trouble.at, trouble.log.display());
    findings.push(match trouble.words {
        Some(words) => Finding::new(
            "maintenance_failed",
            format!("git could not pack what writes have left, at {at}: {words}; {log} has more"),
        )
        .hint("git fsck"),
        None => Finding::new(
            "maintenance_failed",
            format!("the maintenance that was started at {at} was ended before its end"),
        )
        .hint("where what a command starts is ended with it, have it wait: git config gc.autoDetach false"),
    });
}
