//! What happened between two moments, derived from the records that differ; never stored.
//!
//! An event is a word (`task.claimed`), the record, and the fields that changed. The trailers of a commit are
//! hints for people; what machines are told comes from here.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::Timestamp;
use crate::records::recipient::{self, Recipient};
use crate::records::record::Record;
use crate::records::{kind, message};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Event {
    /// The commit, and the place within it where there are several: `<commit>:<n>`.
    pub id: String,
    /// What happened: `<kind>.<what>`.
    pub r#type: String,
    /// The record it happened to, as `<kind>/<id>`.
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
}

/// Returns what happened in one commit, in the order of the paths.
pub fn events(differences: &[Difference], origin: &Origin) -> Vec<Event> {
    let told: Vec<_> = differences.iter().flat_map(tell).collect();
    let several = told.len() > 1;
    let event = |(n, told): (usize, Told)| Event {
        id: if several { format!("{}:{n}", origin.commit) } else { origin.commit.clone() },
        r#type: told.what,
        record: told.record,
        agent: origin.agent.clone(),
        session: origin.session.clone(),
        correlation_id: origin.correlation_id.clone(),
        at: origin.at,
        commit: origin.commit.clone(),
        blob: told.blob,
        changes: told.changes,
    };
    told.into_iter().enumerate().map(event).collect()
}

/// Returns the words of what happened, for the trailers of a commit.
pub fn words(differences: &[Difference]) -> Vec<(String, String)> {
    differences.iter().flat_map(tell).map(|told| (told.what, told.record)).collect()
}

struct Told {
    what: String,
    record: String,
    blob: Option<String>,
    changes: Vec<Change>,
}

fn tell(difference: &Difference) -> Vec<Told> {
    let Some((kind, id)) = kind::locate(&difference.path) else {
        return tell_inbox(difference).into_iter().collect();
    };
    let (before, after) = (difference.before.as_ref(), difference.after.as_ref());
    let record = format!("{}/{id}", kind.companion_of.unwrap_or(kind).name);
    let changes = changes(before, after);
    let what = (kind.happened)(before, after);
    what.into_iter()
        .map(|what| Told {
            what: what.to_owned(),
            record: record.clone(),
            blob: difference.blob.clone(),
            changes: changes.clone(),
        })
        .collect()
}

/// A link that is gone from the inbox of one agent is a message that was read; one that came is told by the message itself.
fn tell_inbox(difference: &Difference) -> Option<Told> {
    let (Recipient::Agent(agent), id) = recipient::locate(&difference.path)? else { return None };
    let gone = difference.after.is_none() && difference.blob.is_none();
    gone.then(|| Told {
        what: "message.read".to_owned(),
        record: format!("{}/{id}", message::MESSAGE.name),
        blob: None,
        changes: vec![Change { field: "unread_by".to_owned(), from: Some(Value::from(agent.as_str())), to: None }],
    })
}

/// Returns the fields that differ, without the stamps, which say the same.
fn changes(before: Option<&Arc<dyn Record>>, after: Option<&Arc<dyn Record>>) -> Vec<Change> {
    let fields = |record: Option<&Arc<dyn Record>>| {
        let mut map = record.map(|record| record.to_map()).unwrap_or_default();
        if let Some(body) = record.map(|record| record.body()).filter(|body| !body.is_empty()) {
            map.insert("body".into(), Value::from(body));
        }
        map
    };
    let (old, new) = (fields(before), fields(after));
    let mut names: Vec<&String> = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))).collect();
    names.retain(|name| !matches!(name.as_str(), "edited" | "updated_at" | "updated_by" | "kind" | "id"));
    names.retain(|name| old.get(*name) != new.get(*name));
    names
        .into_iter()
        .map(|name| Change { field: name.clone(), from: old.get(name).cloned(), to: new.get(name).cloned() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Id;
    use crate::records::{Task, task};

    fn arc(task: &Task) -> Option<Arc<dyn Record>> {
        Some(Arc::new(task.clone()))
    }

    fn between(before: Option<Arc<dyn Record>>, after: Option<Arc<dyn Record>>) -> Vec<Event> {
        let path = task::TASK.path("t1");
        let origin = Origin { commit: "c0".into(), agent: "ada".into(), ..Origin::default() };
        events(&[Difference { path, before, after, blob: None }], &origin)
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
        let types: Vec<_> = events.iter().map(|event| event.r#type.as_str()).collect();
        assert_eq!(types, ["task.started", "task.claimed"]);
        assert_eq!(events[1].id, "c0:1");
        let fields: Vec<_> = events[0].changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["status", "claim"]);
    }

    #[test]
    fn a_new_task_is_created_and_a_lost_file_is_removed() {
        let task = Task::new(Id::parse("t1").expect("an id"), Timestamp::default(), "ada");
        assert_eq!(between(None, arc(&task))[0].r#type, "task.created");
        assert_eq!(between(arc(&task), None)[0].r#type, "task.removed");
    }
}
