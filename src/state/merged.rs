//! What a merge did: one event, however many records it brought together.
//!
//! What either side had done is told by its own commits. What is as neither side had it was made by the merge, and that is
//! what is counted; so the event is the same on every machine, whichever side is called ours.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Change, Event, Origin, in_brief};
use crate::records::kind::{self, Kind};

/// The word for it.
pub const MERGED: &str = "sync.merged";

/// Returns the event of a merge. `made` are the paths at which it differs from each of its parents; each change of the event
/// is a kind, and `to` how many of its records are as neither side had them. Those of the kind `conflict` came of the merge.
pub fn event<'p>(made: impl IntoIterator<Item = &'p str>, origin: &Origin) -> Event {
    let records: BTreeSet<_> =
        made.into_iter().filter_map(kind::locate).map(|(kind, id)| (kind_of(kind), id)).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    records.iter().for_each(|(kind, _)| *counts.entry(kind).or_default() += 1);
    let change = |(kind, count): (&str, usize)| Change { field: kind.to_owned(), from: None, to: Some(count.into()) };
    Event { r#type: MERGED.to_owned(), changes: counts.into_iter().map(change).collect(), ..in_brief(origin) }
}

/// A record of two files is one.
fn kind_of(kind: &'static Kind) -> &'static str {
    kind.companion_of.unwrap_or(kind).name
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::records::config;
    use crate::records::conflict::CONFLICT;
    use crate::records::task::TASK;

    #[test]
    fn a_merge_tells_how_many_records_of_each_kind_it_has_made() {
        let origin = Origin { commit: "c0".into(), agent: "git-coord merge".into(), ..Origin::default() };
        let told = |paths: &[&str]| {
            let event = event(paths.iter().copied(), &origin);
            let count = |change: &Change| (change.field.clone(), change.to.as_ref().and_then(Value::as_u64));
            (event.r#type.clone(), event.changes.iter().map(count).collect::<Vec<_>>())
        };
        assert_eq!(told(&[]), ("sync.merged".to_owned(), vec![]));
        let paths = [TASK.path("t1"), TASK.path("t2"), CONFLICT.path("x1"), config::PATH.into(), "no/record".into()];
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        assert_eq!(told(&paths).1, [("conflict".to_owned(), Some(1)), ("task".to_owned(), Some(2))]);
    }
}
