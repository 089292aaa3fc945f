//! A moment with changes laid over it that have not been made yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Changeset, Edit, Snapshot};
use crate::base::{Id, Result, id};
use crate::records::recipient::{self, Recipient};
use crate::records::record::Record;
use crate::records::{Config, Kind, config, kind};

/// The records of a moment, as changes that lie over it would leave them.
pub struct Overlay<'a> {
    below: &'a dyn Snapshot,
    files: BTreeMap<String, Edit>,
}

impl<'a> Overlay<'a> {
    /// Returns a moment with nothing laid over it.
    pub fn new(below: &'a dyn Snapshot) -> Self {
        Overlay { below, files: BTreeMap::new() }
    }

    /// Lays a change over it.
    pub fn lay(&mut self, changes: &Changeset) {
        self.files.extend(changes.edits().iter().map(|(path, edit)| (path.clone(), edit.clone())));
    }

    /// Returns what was laid over the records of a kind: each id, and the record, where it was not removed.
    fn laid(&self, kind: &'static Kind) -> impl Iterator<Item = (Id, Option<&Arc<dyn Record>>)> {
        let folder = format!("{}/", kind.folder());
        let files = self.files.range(folder.clone()..).take_while(move |(path, _)| path.starts_with(&folder));
        files.filter_map(|(path, edit)| {
            let (_, id) = kind::locate(path)?;
            Some((id, record(edit)))
        })
    }

    fn has_laid(&self, kind: &'static Kind) -> bool {
        self.laid(kind).next().is_some()
    }
}

fn record(edit: &Edit) -> Option<&Arc<dyn Record>> {
    match edit {
        Edit::Put(record) => Some(record),
        Edit::Settings(_) | Edit::Remove => None,
    }
}

impl Snapshot for Overlay<'_> {
    fn find(&self, kind: &'static Kind, id: &str) -> Result<Option<Arc<dyn Record>>> {
        match self.files.get(&kind.path(id)) {
            Some(edit) => Ok(record(edit).cloned()),
            None => self.below.find(kind, id),
        }
    }

    fn contains(&self, kind: &'static Kind, id: &str) -> Result<bool> {
        match self.files.get(&kind.path(id)) {
            Some(edit) => Ok(record(edit).is_some()),
            None => self.below.contains(kind, id),
        }
    }

    fn ids(&self, kind: &'static Kind) -> Result<Vec<Id>> {
        let mut ids = self.below.ids(kind)?;
        if self.has_laid(kind) {
            let laid: BTreeMap<Id, bool> = self.laid(kind).map(|(id, record)| (id, record.is_some())).collect();
            ids.retain(|id| !laid.contains_key(id));
            ids.extend(laid.into_iter().filter(|(_, there)| *there).map(|(id, _)| id));
            ids.sort();
        }
        Ok(ids)
    }

    fn scan(&self, kind: &'static Kind) -> Result<Vec<Arc<dyn Record>>> {
        let mut records = self.below.scan(kind)?;
        if self.has_laid(kind) {
            let laid: BTreeMap<Id, Option<&Arc<dyn Record>>> = self.laid(kind).collect();
            records.retain(|record| !laid.contains_key(record.id()));
            records.extend(laid.into_values().flatten().cloned());
            records.sort_by(|a, b| a.id().cmp(b.id()));
        }
        Ok(records)
    }

    fn broken(&self, kind: &'static Kind) -> Result<Vec<Id>> {
        self.below.broken(kind)
    }

    fn broken_naming(&self, kind: &'static Kind, id: &str) -> Result<Vec<Id>> {
        self.below.broken_naming(kind, id)
    }

    fn linked(&self, recipient: &Recipient) -> Result<Vec<Id>> {
        let mut ids = self.below.linked(recipient)?;
        let folder = format!("{}/", recipient.folder());
        for (path, edit) in self.files.range(folder.clone()..).take_while(|(path, _)| path.starts_with(&folder)) {
            if let Some((_, id)) = recipient::locate(path).filter(|(owner, _)| owner == recipient) {
                ids.retain(|known| *known != id);
                ids.extend(record(edit).is_some().then_some(id));
            }
        }
        ids.sort();
        Ok(ids)
    }

    fn links(&self) -> Result<Vec<(Recipient, Id)>> {
        let mut links: BTreeSet<(Recipient, Id)> = self.below.links()?.into_iter().collect();
        for (path, edit) in &self.files {
            let Some(link) = recipient::locate(path) else { continue };
            if record(edit).is_some() {
                links.insert(link)
            } else {
                links.remove(&link)
            };
        }
        Ok(links.into_iter().collect())
    }

    fn config(&self) -> Result<Config> {
        match self.files.get(config::PATH) {
            Some(Edit::Settings(settings)) => Ok(settings.as_ref().clone()),
            _ => self.below.config(),
        }
    }

    fn twin(&self, kind: &'static Kind, id: &str) -> Result<Option<Id>> {
        let folded = id::fold(id);
        let laid = |wanted: &Id| self.files.get(&kind.path(wanted)).map(|edit| record(edit).is_some());
        if let Some((twin, _)) = self.laid(kind).find(|(other, record)| record.is_some() && other.folded() == folded) {
            return Ok(Some(twin));
        }
        Ok(self.below.twin(kind, id)?.filter(|twin| laid(twin).unwrap_or(true)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::records::task::TASK;
    use crate::records::{Message, Task};
    use crate::state::memory::Memory;

    fn task(id: &str) -> Task {
        Task::new(Id::parse(id).expect("an id"), Timestamp::EPOCH, "ada")
    }

    /// Every question has the same answer as on records in which the changes were made.
    #[test]
    fn it_answers_as_if_the_changes_had_been_made() {
        let mut memory = Memory::default();
        ["a", "b", "c"].iter().for_each(|id| memory.put(task(id)));
        let mut changes = Changeset::new("");
        changes.put(task("D"));
        changes.put(Task { title: "anew".into(), parent: Some("D".into()), ..task("a") });
        changes.remove(TASK.path("b"));
        let message = Message::new(Id::parse("01KAHD4V2M0000000000000000").expect("an id"), Timestamp::EPOCH, "ada");
        let bob = Recipient::parse("bob").expect("a name");
        changes.link(bob.path(&message.id), Arc::new(message.clone()));
        changes.put(message);

        let mut overlay = Overlay::new(&memory);
        overlay.lay(&changes);
        let mut made = memory.clone();
        made.apply(&changes);
        for id in ["a", "b", "c", "D", "d"] {
            let title = |found: Option<Arc<dyn Record>>| found.map(|record| record.to_map());
            assert_eq!(title(overlay.find(&TASK, id).expect(id)), title(made.find(&TASK, id).expect(id)));
            assert_eq!(overlay.contains(&TASK, id).expect(id), made.contains(&TASK, id).expect(id));
            assert_eq!(overlay.twin(&TASK, id).expect(id), made.twin(&TASK, id).expect(id), "{id}");
            assert_eq!(overlay.children(id).expect(id), made.children(id).expect(id));
        }
        assert_eq!(overlay.ids(&TASK).expect("ids"), made.ids(&TASK).expect("ids"));
        assert_eq!(overlay.scan(&TASK).expect("tasks").len(), 3);
        assert_eq!(overlay.inbox("bob").expect("inbox"), made.inbox("bob").expect("inbox"));

        let mut read = Changeset::new("");
        read.remove(bob.path("01KAHD4V2M0000000000000000"));
        overlay.lay(&read);
        assert!(overlay.inbox("bob").expect("inbox").is_empty());
    }
}
