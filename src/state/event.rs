//! What happened between two moments, derived from the records that differ; never stored.
//!
//! An event is a word (`task.claimed`), the record, and the fields that changed. The trailers of a commit are
//! hints for people; what machines are told comes from here.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rotation::{self, Rotation};
use super::telling::{ARCHIVED, Telling};
use crate::base::Timestamp;
use crate::records::Config;
use crate::records::record::Record;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The commit, and the place within it where there are several: `<commit>:<n>`.
    pub id: String,
    /// What happened: `<kind>.<what>`.
    pub r#type: String,
    /// The record it happened to, as `<kind>/<id>`; `config` alone for the settings of the team, which have no id, and
    /// `state` where records were archived or brought back, or states were merged: then each change is a kind, and `to` how many of it.
    pub record: String,
    /// Who did it.
    pub agent: String,
    /// In which session.
    pub session: Option<String>,
    /// What it belongs together with.
    pub correlation_id: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The commit.
    pub commit: String,
    /// The object id of the record's file afterwards; nothing where it was removed.
    pub blob: Option<String>,
    /// The fields that changed.
    pub changes: Vec<Change>,
}

/// The change of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The field; `body` for the text.
    pub field: String,
    /// Its value before; nothing where it was empty.
    pub from: Option<Value>,
    /// Its value afterwards; nothing where it is empty.
    pub to: Option<Value>,
}

/// One path that differs between two moments.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The path in the tree.
    pub path: String,
    /// The record before; nothing where there was none or it cannot be read.
    pub before: Option<Arc<dyn Record>>,
    /// The record afterwards; nothing where there is none or it cannot be read.
    pub after: Option<Arc<dyn Record>>,
    /// The object id of the file afterwards.
    pub blob: Option<String>,
    /// The settings of the team before and after, where the path is theirs and both can be read.
    pub settings: Option<Box<(Config, Config)>>,
}

/// Who did what is told, and in which commit.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The commit.
    pub commit: String,
    /// Who did it.
    pub agent: String,
    /// In which session.
    pub session: Option<String>,
    /// What it belongs together with.
    pub correlation_id: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What the commit says that it does with what is closed.
    pub rotation: Option<Rotation>,
}

/// Returns what happened in one commit, in the order of the paths; what was archived comes last.
pub fn events(differences: &[Difference], origin: &Origin) -> Vec<Event> {
    let mut telling = Telling::new(origin, usize::MAX);
    let (moved, differences) = rotation::split(differences, origin.rotation);
    differences.iter().for_each(|difference| telling.look_at(difference));
    telling.moved(&moved);
    differences.iter().for_each(|difference| telling.tell(difference));
    let (mut events, _) = telling.events();
    name(&mut events, &origin.commit);
    events
}

/// Names the commit of all events of one, once it has a name.
pub fn name(events: &mut [Event], commit: &str) {
    let several = events.len() > 1;
    for (n, event) in events.iter_mut().enumerate() {
        event.id = if several { format!("{commit}:{n}") } else { commit.to_owned() };
        commit.clone_into(&mut event.commit);
    }
}

/// Returns one event for all that a commit did, of which it is not told what it was.
pub fn in_brief(origin: &Origin) -> Event {
    Event {
        id: origin.commit.clone(),
        r#type: origin.rotation.map_or("state.changed", Rotation::event).to_owned(),
        record: rotation::STATE.to_owned(),
        agent: origin.agent.clone(),
        session: origin.session.clone(),
        correlation_id: origin.correlation_id.clone(),
        at: origin.at,
        commit: origin.commit.clone(),
        blob: None,
        changes: Vec::new(),
    }
}

/// Returns how many records these events have archived together with a sprint.
pub fn archived(events: &[Event]) -> usize {
    let changes = events.iter().filter(|event| event.r#type == ARCHIVED).flat_map(|event| &event.changes);
    changes.filter_map(|change| change.to.as_ref()?.as_array()).map(Vec::len).sum()
}

/// Returns how many records of each kind these events have put away, or brought back.
pub fn moved(events: &[Event], rotation: Rotation) -> BTreeMap<String, u64> {
    let of = events.iter().filter(|event| event.r#type == rotation.event() && event.record == rotation::STATE);
    let count = |change: &Change| Some((change.field.clone(), change.to.as_ref()?.as_u64()?));
    of.flat_map(|event| &event.changes).filter_map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Id;
    use crate::records::sprint::SPRINT;
    use crate::records::status::STATUS;
    use crate::records::{Sprint, StatusEntry, Task, task};

    fn arc(task: &Task) -> Option<Arc<dyn Record>> {
        Some(Arc::new(task.clone()))
    }

    fn between(before: Option<Arc<dyn Record>>, after: Option<Arc<dyn Record>>) -> Vec<Event> {
        let path = task::TASK.path("t1");
        let origin = Origin { commit: "c0".into(), agent: "ada".into(), ..Origin::default() };
        events(&[Difference { path, before, after, blob: None, settings: None }], &origin)
    }

    fn types(events: &[Event]) -> Vec<&str> {
        events.iter().map(|event| event.r#type.as_str()).collect()
    }

    #[test]
    fn a_first_claim_starts_the_task() {
        let before = Task::new(Id::parse("t1").expect("an id"), Timestamp::default(), "ada");
        let mut after = before.clone();
        after.status = task::Status::InProgress;
        after.claim = Some(task::Claim {
            id: "c1".into(),
            agent: "ada".into(),
            session: None,
            epoch: 1,
            at: Timestamp::default(),
            ttl_minutes: 30,
            paths: vec![],
            over: None,
            rest: Default::default(),
        });
        let events = between(arc(&before), arc(&after));
        assert_eq!(types(&events), ["task.started", "task.claimed"]);
        assert_eq!(events[1].id, "c0:1");
        let fields: Vec<_> = events[0].changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["status", "claim"]);
        let at_once = between(None, arc(&after));
        assert_eq!(types(&at_once), ["task.created", "task.started", "task.claimed"]);
        assert_eq!(types(&between(arc(&after), None)), ["task.removed"]);
    }

    #[test]
    fn what_leaves_with_its_sprint_is_archived_and_what_leaves_alone_is_removed() {
        let id = |text: &str| Id::parse(text).expect("an id");
        let sprint = |status: &str| {
            let mut sprint = Sprint::new(id("s"), Timestamp::default(), "ada");
            sprint.status = status.into();
            Some(Arc::new(sprint) as Arc<dyn Record>)
        };
        let entry = |n: i64, sprint: &str| {
            let at = Timestamp::from_seconds(n);
            let mut entry = StatusEntry::new(crate::base::id::ulid_of(at, "ada"), at, "ada");
            entry.sprint = Some(sprint.to_owned());
            let path = entry_path(&entry);
            Difference { path, before: Some(Arc::new(entry)), after: None, blob: None, settings: None }
        };
        let of_sprint = |before: &str, after: &str| Difference {
            path: SPRINT.path("s"),
            before: sprint(before),
            after: sprint(after),
            blob: None,
            settings: None,
        };
        let told = |differences: &[Difference]| {
            let events = events(differences, &Origin::default());
            let types = events.iter().map(|event| format!("{} {}", event.r#type, event.record)).collect::<Vec<_>>();
            (types, archived(&events))
        };
        let removed = format!("status.removed status/{}", crate::base::id::ulid_of(Timestamp::from_seconds(3), "ada"));
        let (types, count) = told(&[of_sprint("active", "completed"), entry(1, "s"), entry(2, "s"), entry(3, "other")]);
        assert_eq!(types, ["sprint.closed sprint/s", &removed, "state.archived sprint/s"]);
        assert_eq!(count, 2);
        let (types, count) = told(&[of_sprint("planning", "active"), entry(3, "s")]);
        assert_eq!((types, count), (vec!["sprint.started sprint/s".to_owned(), removed], 0));
    }

    fn entry_path(entry: &StatusEntry) -> String {
        STATUS.path(&entry.id)
    }

    #[test]
    fn a_new_task_is_created_and_a_lost_file_is_removed() {
        let task = Task::new(Id::parse("t1").expect("an id"), Timestamp::default(), "ada");
        assert_eq!(types(&between(None, arc(&task))), ["task.created"]);
        assert_eq!(types(&between(arc(&task), None)), ["task.removed"]);
    }
}
