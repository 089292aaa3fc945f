//! A moment with changes laid over it that have not been made yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Changeset, Edit, Select, Snapshot};
use crate::base::{Id, Result, id};
use crate::records::recipient::{self, Recipient};
use crate::records::record::Record;
use crate::records::{Config, Kind, Term, config, kind};

/// The records of a moment, as changes that lie over it would leave them.
pub struct Overlay<'a> {
    below: &'a dyn Snapshot,
    files: BTreeMap<String, Edit>,
    kinds: BTreeMap<&'static str, Laid>,
}

/// What was laid over the records of a kind. A batch asks about it for each of its operations, so it is found as fast as
/// what lies below.
#[derive(Default)]
struct Laid {
    /// By the id without regard to case, then by the id: the record, or nothing where it was removed.
    records: BTreeMap<String, BTreeMap<Id, Option<Arc<dyn Record>>>>,
    /// The records with a term.
    terms: BTreeMap<Term, BTreeSet<Id>>,
}

impl Laid {
    fn lay(&mut self, kind: &Kind, id: Id, record: Option<Arc<dyn Record>>) {
        let terms = |record: &Option<Arc<dyn Record>>| record.as_ref().map(kind.terms).unwrap_or_default();
        for term in terms(&record) {
            self.terms.entry(term).or_default().insert(id.clone());
        }
        let new = terms(&record);
        let old = self.records.entry(id.folded()).or_default().insert(id.clone(), record).flatten();
        for term in terms(&old).iter().filter(|term| !new.contains(term)) {
            if let Some(ids) = self.terms.get_mut(term) {
                ids.remove(&id);
            }
        }
    }

    fn place(&self, id: &Id) -> Option<&Option<Arc<dyn Record>>> {
        self.records.get(&id.folded())?.get(id)
    }

    fn has(&self, id: &Id) -> bool {
        self.place(id).is_some()
    }

    fn all(&self) -> impl Iterator<Item = (&Id, &Arc<dyn Record>)> {
        self.records.values().flatten().filter_map(|(id, record)| Some((id, record.as_ref()?)))
    }

    /// Returns the records that were laid whose folded ids begin like this.
    fn starting(&self, folded: &str) -> impl Iterator<Item = &Id> {
        let alike = self.records.range(folded.to_owned()..).take_while(move |(other, _)| other.starts_with(folded));
        alike.flat_map(|(_, ids)| ids).filter(|(_, record)| record.is_some()).map(|(id, _)| id)
    }

    /// Returns the records that were laid and are wanted.
    fn wanted(&self, kind: &Kind, wanted: &Select) -> BTreeSet<Id> {
        let candidates: BTreeSet<&Id> = match wanted.groups().first() {
            Some(group) => group.iter().filter_map(|term| self.terms.get(term)).flatten().collect(),
            None => self.all().map(|(id, _)| id).collect(),
        };
        let record = |id: &Id| self.place(id).and_then(Option::as_ref);
        let fits = |id: &&Id| record(id).is_some_and(|record| wanted.fits(&(kind.terms)(record)));
        candidates.into_iter().filter(fits).cloned().collect()
    }
}

impl<'a> Overlay<'a> {
    /// Returns a moment with nothing laid over it.
    pub fn new(below: &'a dyn Snapshot) -> Self {
        Overlay { below, files: BTreeMap::new(), kinds: BTreeMap::new() }
    }

    /// Lays a change over it.
    pub fn lay(&mut self, changes: &Changeset) {
        for (path, edit) in changes.edits() {
            if let Some((kind, id)) = kind::locate(path) {
                self.kinds.entry(kind.name).or_default().lay(kind, id, record(edit).cloned());
            }
            self.files.insert(path.clone(), edit.clone());
        }
    }

    /// Returns what was laid over the records of a kind; nothing where nothing was.
    fn laid(&self, kind: &Kind) -> Option<&Laid> {
        self.kinds.get(kind.name)
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
        if let Some(laid) = self.laid(kind) {
            ids.retain(|id| !laid.has(id));
            ids.extend(laid.all().map(|(id, _)| id.clone()));
            ids.sort();
        }
        Ok(ids)
    }

    fn scan(&self, kind: &'static Kind) -> Result<Vec<Arc<dyn Record>>> {
        let mut records = self.below.scan(kind)?;
        if let Some(laid) = self.laid(kind) {
            records.retain(|record| !laid.has(record.id()));
            records.extend(laid.all().map(|(_, record)| record.clone()));
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
        let mut ids: BTreeSet<Id> = self.below.linked(recipient)?.into_iter().collect();
        let folder = format!("{}/", recipient.folder());
        for (path, edit) in self.files.range(folder.clone()..).take_while(|(path, _)| path.starts_with(&folder)) {
            if let Some((_, id)) = recipient::locate(path).filter(|(owner, _)| owner == recipient) {
                let _ = if record(edit).is_some() { ids.insert(id) } else { ids.remove(&id) };
            }
        }
        Ok(ids.into_iter().collect())
    }

    fn is_linked(&self, recipient: &Recipient, message: &Id) -> Result<bool> {
        match self.files.get(&recipient.path(message)) {
            Some(edit) => Ok(record(edit).is_some()),
            None => self.below.is_linked(recipient, message),
        }
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

    fn file(&self, path: &str) -> Result<Option<Vec<u8>>> {
        // No operation makes or removes such a file.
        self.below.file(path)
    }

    fn config(&self) -> Result<Config> {
        match self.files.get(config::PATH) {
            Some(Edit::Settings(settings)) => Ok(settings.as_ref().clone()),
            _ => self.below.config(),
        }
    }

    fn twin(&self, kind: &'static Kind, id: &str) -> Result<Option<Id>> {
        let Some(laid) = self.laid(kind) else { return self.below.twin(kind, id) };
        let folded = id::fold(id);
        if let Some(twin) = laid.starting(&folded).find(|twin| twin.len() == folded.len()) {
            return Ok(Some(twin.clone()));
        }
        Ok(self.below.twin(kind, id)?.filter(|twin| !laid.has(twin)))
    }

    fn starting(&self, kind: &'static Kind, folded: &str) -> Result<Vec<Id>> {
        let mut ids = self.below.starting(kind, folded)?;
        if let Some(laid) = self.laid(kind) {
            ids.retain(|id| !laid.has(id));
            ids.extend(laid.starting(folded).cloned());
            ids.sort();
        }
        Ok(ids)
    }

    fn under(&self, kind: &'static Kind, wanted: &Select) -> Result<Vec<Id>> {
        let mut ids = self.below.under(kind, wanted)?;
        if let Some(laid) = self.laid(kind) {
            ids.retain(|id| !laid.has(id));
            ids.extend(laid.wanted(kind, wanted));
            ids.sort();
        }
        Ok(ids)
    }

    fn count(&self, kind: &'static Kind, wanted: &Select) -> Result<usize> {
        match self.laid(kind) {
            Some(_) => Ok(self.under(kind, wanted)?.len()),
            None => self.below.count(kind, wanted),
        }
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
        let link = message.id.clone();
        changes.link(bob.path(&link), Arc::new(message.clone()));
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
            assert_eq!(overlay.starting(&TASK, id).expect(id), made.starting(&TASK, id).expect(id), "{id}");
        }
        for wanted in [Select::all(), Select::with(Term::new("parent", "D")), Select::with(Term::new("parent", "b"))] {
            assert_eq!(overlay.under(&TASK, &wanted).expect("ids"), made.under(&TASK, &wanted).expect("ids"));
            assert_eq!(overlay.count(&TASK, &wanted).expect("a count"), made.count(&TASK, &wanted).expect("a count"));
        }
        assert!(overlay.is_linked(&bob, &link).expect("an answer") && made.is_linked(&bob, &link).expect("an answer"));
        // What is changed again is no longer found under what it was.
        let mut again = Changeset::new("");
        again.put(Task { parent: Some("c".into()), ..task("a") });
        overlay.lay(&again);
        assert!(overlay.children("D").expect("children").is_empty());
        assert_eq!(overlay.children("c").expect("children").len(), 1);
        overlay.lay(&changes);
        assert_eq!(overlay.ids(&TASK).expect("ids"), made.ids(&TASK).expect("ids"));
        assert_eq!(overlay.scan(&TASK).expect("tasks").len(), 3);
        assert_eq!(overlay.inbox("bob").expect("inbox"), made.inbox("bob").expect("inbox"));

        let mut read = Changeset::new("");
        read.remove(bob.path("01KAHD4V2M0000000000000000"));
        overlay.lay(&read);
        assert!(overlay.inbox("bob").expect("inbox").is_empty());
    }
}
