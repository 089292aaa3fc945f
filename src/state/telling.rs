//! What the differences between two moments say, told one after the other, of which only the first need be kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::event::{Change, Difference, Event, Origin};
use super::rotation::{self, Rotation};
use crate::records::recipient::{self, Recipient};
use crate::records::record::{Record, downcast};
use crate::records::sprint::SPRINT;
use crate::records::{Config, Kind, Sprint, StatusEntry, kind, message};

/// The word for what has left the tip and stays in the history; the field says which records.
pub(super) const ARCHIVED: &str = "state.archived";

/// The field of such an event.
const ARCHIVED_FIELD: &str = "archived";

/// The events of one commit, as the differences are told that it is made of: first all are looked at, then all are told,
/// in the order of the paths.
///
/// Status entries that leave with the sprint that was closed are one event of the sprint, not one each.
pub struct Telling<'o> {
    origin: &'o Origin,
    /// How many are kept.
    most: usize,
    told: Vec<Told>,
    more: usize,
    closed: BTreeSet<String>,
    archived: BTreeMap<String, Vec<Value>>,
}

impl<'o> Telling<'o> {
    /// Begins with nothing, and is to keep so many.
    pub fn new(origin: &'o Origin, most: usize) -> Self {
        let (closed, archived) = (BTreeSet::new(), BTreeMap::new());
        Telling { origin, most, told: Vec::new(), more: 0, closed, archived }
    }

    /// Looks at a difference. Only those of sprints matter for others.
    pub fn look_at(&mut self, difference: &Difference) {
        self.closed.extend(closed_sprint(difference).map(str::to_owned));
    }

    /// Tells that records were put away or came back, so many of each kind.
    pub(super) fn moved(&mut self, moved: &BTreeMap<&'static str, usize>) {
        let rotation = self.origin.rotation.filter(|_| !moved.is_empty());
        self.told.extend(rotation.map(|rotation| tell_moved(rotation, moved)));
    }

    /// Tells a difference.
    pub fn tell(&mut self, difference: &Difference) {
        if let Some(entry) = gone_entry(difference)
            && let Some(sprint) = entry.sprint.as_ref().filter(|sprint| self.closed.contains(*sprint))
        {
            let entries = self.archived.entry(sprint.clone()).or_default();
            return entries.push(Value::from(format!("status/{}", entry.id)));
        }
        if self.told.len() < self.most {
            self.told.extend(tell(difference));
            self.more += self.told.len().saturating_sub(self.most);
            self.told.truncate(self.most);
        } else {
            self.more += count(difference);
        }
    }

    /// Returns the first events, which have no name yet, and how many more there are.
    pub fn events(mut self) -> (Vec<Event>, usize) {
        self.told.extend(self.archived.into_iter().map(|(sprint, entries)| Told {
            what: ARCHIVED.to_owned(),
            record: format!("{}/{sprint}", SPRINT.name),
            blob: None,
            changes: vec![Change { field: ARCHIVED_FIELD.to_owned(), from: None, to: Some(Value::from(entries)) }],
        }));
        self.more += self.told.len().saturating_sub(self.most);
        self.told.truncate(self.most);
        let origin = self.origin;
        let event = |told: Told| Event {
            id: String::new(),
            r#type: told.what,
            record: told.record,
            agent: origin.agent.clone(),
            session: origin.session.clone(),
            correlation_id: origin.correlation_id.clone(),
            at: origin.at,
            commit: String::new(),
            blob: told.blob,
            changes: told.changes,
        };
        (self.told.into_iter().map(event).collect(), self.more)
    }
}

struct Told {
    what: String,
    record: String,
    blob: Option<String>,
    changes: Vec<Change>,
}

/// However many records are put away or come back, it is one event.
fn tell_moved(rotation: Rotation, moved: &BTreeMap<&'static str, usize>) -> Told {
    let change = |(kind, count): (&&str, &usize)| Change {
        field: (*kind).to_owned(),
        from: None,
        to: Some(Value::from(*count)),
    };
    Told {
        what: rotation.event().to_owned(),
        record: rotation::STATE.to_owned(),
        blob: None,
        changes: moved.iter().map(change).collect(),
    }
}

/// The id of a sprint that is closed by this.
fn closed_sprint(difference: &Difference) -> Option<&str> {
    let before = downcast::<Sprint>(difference.before.as_ref()?)?;
    let after = downcast::<Sprint>(difference.after.as_ref()?)?;
    (before.status.is_open() && !after.status.is_open()).then_some(before.id.as_str())
}

/// The status entry that is not there any more.
fn gone_entry(difference: &Difference) -> Option<&StatusEntry> {
    let is_gone = difference.after.is_none() && difference.blob.is_none();
    difference.before.as_ref().filter(|_| is_gone).and_then(downcast::<StatusEntry>)
}

fn tell(difference: &Difference) -> Vec<Told> {
    if let Some(settings) = &difference.settings {
        return tell_settings(&settings.0, &settings.1, difference.blob.clone()).into_iter().collect();
    }
    let Some((kind, id)) = kind::locate(&difference.path) else {
        return tell_inbox(difference).into_iter().collect();
    };
    let record = format!("{}/{id}", kind.companion_of.unwrap_or(kind).name);
    let changes = changes(difference.before.as_ref(), difference.after.as_ref());
    let told = |what: &str| Told {
        what: what.to_owned(),
        record: record.clone(),
        blob: difference.blob.clone(),
        changes: changes.clone(),
    };
    happened(kind, difference).into_iter().map(told).collect()
}

/// Returns how many events a difference is, without telling them.
fn count(difference: &Difference) -> usize {
    match kind::locate(&difference.path) {
        Some((kind, _)) if difference.settings.is_none() => happened(kind, difference).len(),
        _ => tell(difference).len(),
    }
}

fn happened(kind: &Kind, difference: &Difference) -> Vec<&'static str> {
    (kind.happened)(difference.before.as_ref(), difference.after.as_ref())
}

/// The policies that differ, each as a field of its own.
fn tell_settings(before: &Config, after: &Config, blob: Option<String>) -> Option<Told> {
    let names: BTreeSet<&String> = before.policy.keys().chain(after.policy.keys()).collect();
    let differ = names.into_iter().filter(|name| before.policy.get(*name) != after.policy.get(*name));
    let change = |name: &String| Change {
        field: format!("policy.{name}"),
        from: before.policy.get(name).cloned(),
        to: after.policy.get(name).cloned(),
    };
    let told = |what: &str| Told {
        what: what.to_owned(),
        record: "config".to_owned(),
        blob,
        changes: differ.map(change).collect(),
    };
    (before != after).then(|| told("config.updated"))
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
