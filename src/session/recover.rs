//! Bringing back what git lost: a tip that a writer of ours acknowledged and that is in the ref's history no longer.
//!
//! Stock git's own compare-and-swap loses updates while `git pack-refs` runs hot. Our last acknowledged tip is noted
//! beside the lock; where git overwrote it ([`Writer::lost`]), the next writer merges it back in, field by field.

use super::Session;
use super::unite::Joined;
use crate::base::Result;
use crate::store::{Oid, Writer};

/// Returns the tip to decide on: the present one, or a merge of it and the acknowledged one that it lost. Nothing
/// where the ref moved meanwhile: what it has now must be looked at before anything is written on it.
pub fn bring_back(session: &Session, writer: &mut Writer<'_>, tip: Oid) -> Result<Option<Oid>> {
    match writer.lost(Some(tip))? {
        Some(lost) => bring_in(session, writer, tip, lost),
        None => Ok(Some(tip)),
    }
}

/// Merges a commit that is not in the history of the tip, and returns the merge; nothing where the ref moved meanwhile.
pub(super) fn bring_in(session: &Session, writer: &mut Writer<'_>, tip: Oid, lost: Oid) -> Result<Option<Oid>> {
    let joined = session.join(writer, tip, lost, &format!("bring back {lost}"), None)?;
    match joined {
        // The ref has all that was lost, and yet not its commit: two merges of the same changes. Nobody is to look again.
        Some(Joined { tip: same, .. }) if same == tip => writer.acknowledge_present().map(|()| Some(tip)),
        joined => Ok(joined.map(|joined| joined.tip)),
    }
}
