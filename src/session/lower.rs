//! From a changeset to what a commit is made of: files, what differs, and the words of the message.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::TreeSnapshot;
use crate::base::{Result, text};
use crate::ops::Context;
use crate::records::{codec, kind};
use crate::state::event::Difference;
use crate::state::{Changeset, Edit as Change, Event, Snapshot};
use crate::store::{Content, Edit};

/// Returns the changes as bytes at paths.
pub(super) fn lower(changes: &Changeset) -> Result<Vec<Edit>> {
    let mut written: BTreeMap<(&str, &str), Arc<[u8]>> = BTreeMap::new();
    let mut edits = Vec::with_capacity(changes.edits().len());
    for (path, change) in changes.edits() {
        let content = match change {
            Change::Remove => None,
            Change::Settings(settings) => Some(Content::Bytes(settings.encode()?.into())),
            Change::Put(record) => {
                let key = (record.kind().name, record.id().as_str());
                let bytes = match written.get(&key) {
                    Some(bytes) => bytes.clone(),
                    None => written.entry(key).or_insert(codec::encode(record.as_ref())?.into()).clone(),
                };
                Some(Content::Bytes(bytes))
            }
        };
        edits.push(Edit { path: path.clone(), content });
    }
    Ok(edits)
}

/// Returns what differs between a moment and what a changeset wants of it.
pub(super) fn differences(before: &TreeSnapshot<'_>, changes: &Changeset) -> Vec<Difference> {
    let difference = |(path, change): (&String, &Change)| Difference {
        path: path.clone(),
        before: kind::locate(path).and_then(|(kind, id)| before.find(kind, &id).ok().flatten()),
        after: match change {
            Change::Put(record) => Some(record.clone()),
            Change::Settings(_) | Change::Remove => None,
        },
        blob: None,
        settings: match change {
            Change::Settings(after) => Some(Box::new((before.settings().clone(), after.as_ref().clone()))),
            _ => None,
        },
    };
    changes.edits().iter().map(difference).collect()
}

/// The most events that a commit message names; the tree has them all.
const MOST_TRAILERS: usize = 20;

/// The subject for people, and trailers as hints for plain `git log`.
pub(super) fn message(subject: &str, events: &[Event], context: &Context) -> String {
    let mut message = format!("{}\n\n", text::one_line(subject));
    let mut trailer = |name: &str, value: &str| message.push_str(&format!("{name}: {}\n", text::one_line(value)));
    for event in events.iter().take(MOST_TRAILERS) {
        trailer("Coord-Event", &event.r#type);
        trailer("Coord-Record", &event.record);
    }
    trailer("Coord-Agent", &context.agent);
    if let Some(session) = &context.session {
        trailer("Coord-Session", session);
    }
    if let Some(correlation) = &context.correlation {
        trailer("Coord-Correlation", correlation);
    }
    message
}
