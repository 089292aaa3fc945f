//! Bringing back what git lost: a tip that a writer of ours acknowledged and that is in the ref's history no longer.
//!
//! Stock git's own compare-and-swap loses updates while `git pack-refs` runs hot. Our last acknowledged tip is noted
//! beside the lock; where git overwrote it ([`Writer::lost`]), the next writer merges it back in.
//!
//! This merge takes whole files: what only one side changed is taken, and of two changed records the one changed later.
//! The other stays in history, as the second parent.

use std::collections::BTreeMap;

use super::{Identity, Session, snapshot};
use crate::base::{Result, Timestamp};
use crate::records::kind;
use crate::store::{Content, Edit, NewCommit, Oid, Published, Writer};

/// Returns the tip to decide on: the present one, or a merge of it and the acknowledged one that it lost. Nothing
/// where the ref moved meanwhile: what it has now must be looked at before anything is written on it.
pub(super) fn bring_back(
    session: &Session,
    writer: &mut Writer<'_>,
    tip: Oid,
    identity: &Identity,
) -> Result<Option<Oid>> {
    match writer.lost(Some(tip))? {
        Some(lost) => bring_in(session, writer, tip, lost, identity),
        None => Ok(Some(tip)),
    }
}

/// Merges a commit that is not in the history of the tip, and returns the merge; nothing where the ref moved meanwhile.
pub(super) fn bring_in(
    session: &Session,
    writer: &mut Writer<'_>,
    tip: Oid,
    lost: Oid,
    identity: &Identity,
) -> Result<Option<Oid>> {
    let store = session.store();
    let base = store.merge_base(lost, tip)?;
    let time = session.now().max(store.commit(tip)?.commit_time).max(store.commit(lost)?.commit_time);
    let new = NewCommit {
        expected: Some(tip),
        parents: vec![tip, lost],
        base: Some(tip),
        edits: missing(session, base, tip, lost)?,
        author: identity.author.clone(),
        author_time: session.now(),
        committer: identity.committer.clone(),
        commit_time: time,
        message: format!("Bring back {lost}, which the ref had lost\n\nCoord-Agent: {}\n", identity.agent),
        reflog: format!("coord: bring back {lost}"),
    };
    match writer.publish(new)? {
        Published::Landed(merged) => Ok(Some(merged)),
        Published::Moved => Ok(None),
    }
}

/// Returns what the lost side changed and the tip has to be given.
fn missing(session: &Session, base: Option<Oid>, tip: Oid, lost: Oid) -> Result<Vec<Edit>> {
    let store = session.store();
    let ours: BTreeMap<String, Option<Oid>> =
        store.diff(base, tip)?.into_iter().map(|change| (change.path, change.new)).collect();
    let mut edits = Vec::new();
    for change in store.diff(base, lost)? {
        let wanted = match ours.get(&change.path) {
            None => true,
            Some(kept) if *kept == change.new => false,
            Some(kept) => {
                changed_at(session, lost, &change.path, change.new)? > changed_at(session, tip, &change.path, *kept)?
            }
        };
        if wanted {
            edits.push(Edit { path: change.path, content: change.new.map(Content::Existing) });
        }
    }
    Ok(edits)
}

/// When a record was last changed; never, where there is none or it cannot be read, so that a record wins over nothing.
fn changed_at(session: &Session, commit: Oid, path: &str, blob: Option<Oid>) -> Result<Option<Timestamp>> {
    let (Some(blob), Some((kind, id))) = (blob, kind::locate(path)) else { return Ok(None) };
    let bytes = session.store().tree(commit)?.blob(blob)?;
    Ok(snapshot::decode(kind, &id, &bytes).ok().map(|record| record.updated_at()))
}
