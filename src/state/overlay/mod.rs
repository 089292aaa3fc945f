//! A moment with changes laid over it that have not been made yet.

mod laid;
mod shelf;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Changeset, Edit, Select, Snapshot};
use crate::base::{Id, Result};
use crate::records::recipient::{self, Recipient};
use crate::records::record::Record;
use crate::records::{Config, Kind, Term, config, kind};
use laid::Laid;

pub use shelf::{InMemory, Shelf, next};

/// The records of a moment, as changes that lie over it would leave them.
pub struct Overlay<'a, S = InMemory> {
    below: &'a dyn Snapshot,
    kinds: BTreeMap<&'static str, Laid>,
    /// What lies at paths that are of no record: links, and the settings of the team.
    others: BTreeMap<String, Place>,
    shelf: S,
}

/// What lies at a path.
#[derive(Debug, Clone)]
pub enum Place {
    /// The record that the shelf has under this number.
    Record(u32),
    /// The settings of the team.
    Settings(Arc<Config>),
    /// Nothing any more.
    Gone,
}

impl<'a> Overlay<'a> {
    /// Returns a moment with nothing laid over it.
    pub fn new(below: &'a dyn Snapshot) -> Self {
        Self::on(below, InMemory::default())
    }
}

impl<'a, S: Shelf> Overlay<'a, S> {
    /// Returns a moment with nothing laid over it, and where the records are to be kept that will be.
    pub fn on(below: &'a dyn Snapshot, shelf: S) -> Self {
        Overlay { below, kinds: BTreeMap::new(), others: BTreeMap::new(), shelf }
    }

    /// Lays a change over it.
    ///
    /// # Errors
    /// Those of the shelf; then it is of no more use.
    pub fn lay(&mut self, changes: &Changeset) -> Result<()> {
        // A record that lies at two paths is kept once.
        let mut kept: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        for (path, edit) in changes.edits() {
            let place = match edit {
                Edit::Put(record) => {
                    let key = (record.kind().name, record.id().as_str());
                    Place::Record(match kept.get(&key) {
                        Some(number) => *number,
                        None => *kept.entry(key).or_insert(self.shelf.put(record)?),
                    })
                }
                Edit::Settings(settings) => Place::Settings(Arc::clone(settings)),
                Edit::Remove => Place::Gone,
            };
            match (kind::locate(path), edit) {
                (Some((kind, id)), Edit::Put(record)) => self.lay_record(kind, &id, &place, (kind.terms)(record))?,
                (Some((kind, id)), _) => self.lay_record(kind, &id, &place, Vec::new())?,
                (None, _) => drop(self.others.insert(path.clone(), place)),
            }
        }
        Ok(())
    }

    fn lay_record(&mut self, kind: &Kind, id: &Id, place: &Place, new: Vec<Term>) -> Result<()> {
        let laid = self.kinds.entry(kind.name).or_default();
        let old = laid.find(id).flatten().map(|number| self.shelf.get(number)).transpose()?;
        let old = old.as_ref().map(kind.terms).unwrap_or_default();
        let number = if let Place::Record(number) = place { Some(*number) } else { None };
        laid.lay(id, number, &old, new);
        Ok(())
    }

    /// Returns whether nothing was laid over it.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.others.is_empty()
    }

    /// Returns the ids of the records of a kind that were laid over it, or were removed.
    pub fn touched(&self, kind: &Kind) -> Vec<String> {
        self.laid(kind).into_iter().flat_map(Laid::everything).map(|(id, _)| id.to_owned()).collect()
    }

    /// Ends it: returns what lies at which path now, in the order of the paths, and the shelf.
    pub fn into_places(self) -> (Vec<(Box<str>, Place)>, S) {
        let others = self.others.into_iter().map(|(path, place)| (path.into_boxed_str(), place));
        let mut places: Vec<(Box<str>, Place)> = others.collect();
        for (name, laid) in self.kinds {
            let Some(kind) = Kind::find(name) else { continue };
            let place = |record: Option<u32>| record.map_or(Place::Gone, Place::Record);
            places.extend(laid.everything().map(|(id, record)| (kind.path(id).into_boxed_str(), place(record))));
        }
        places.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        (places, self.shelf)
    }

    /// Returns what was laid over the records of a kind; nothing where nothing was.
    fn laid(&self, kind: &Kind) -> Option<&Laid> {
        self.kinds.get(kind.name)
    }

    /// Returns the number of the record that was laid at a path that is no record's own: nothing where it was removed, and
    /// nothing at all where nothing was laid.
    fn link(&self, path: &str) -> Option<bool> {
        self.others.get(path).map(|place| matches!(place, Place::Record(_)))
    }
}

impl<S: Shelf> Snapshot for Overlay<'_, S> {
    fn find(&self, kind: &'static Kind, id: &str) -> Result<Option<Arc<dyn Record>>> {
        match self.laid(kind).and_then(|laid| laid.find(id)) {
            Some(record) => record.map(|number| self.shelf.get(number)).transpose(),
            None => self.below.find(kind, id),
        }
    }

    fn contains(&self, kind: &'static Kind, id: &str) -> Result<bool> {
        match self.laid(kind).and_then(|laid| laid.find(id)) {
            Some(record) => Ok(record.is_some()),
            None => self.below.contains(kind, id),
        }
    }

    fn ids(&self, kind: &'static Kind) -> Result<Vec<Id>> {
        let mut ids = self.below.ids(kind)?;
        if let Some(laid) = self.laid(kind) {
            ids.retain(|id| !laid.has(id));
            ids.extend(laid.all().map(|(id, _)| id));
            ids.sort();
        }
        Ok(ids)
    }

    fn scan(&self, kind: &'static Kind) -> Result<Vec<Arc<dyn Record>>> {
        let mut records = self.below.scan(kind)?;
        if let Some(laid) = self.laid(kind) {
            records.retain(|record| !laid.has(record.id()));
            for (_, number) in laid.all() {
                records.push(self.shelf.get(number)?);
            }
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
        for (path, place) in self.others.range(folder.clone()..).take_while(|(path, _)| path.starts_with(&folder)) {
            if let Some((_, id)) = recipient::locate(path).filter(|(owner, _)| owner == recipient) {
                let _ = if matches!(place, Place::Record(_)) { ids.insert(id) } else { ids.remove(&id) };
            }
        }
        Ok(ids.into_iter().collect())
    }

    fn is_linked(&self, recipient: &Recipient, message: &Id) -> Result<bool> {
        match self.link(&recipient.path(message)) {
            Some(is_linked) => Ok(is_linked),
            None => self.below.is_linked(recipient, message),
        }
    }

    fn links(&self) -> Result<Vec<(Recipient, Id)>> {
        let mut links: BTreeSet<(Recipient, Id)> = self.below.links()?.into_iter().collect();
        for (path, place) in &self.others {
            let Some(link) = recipient::locate(path) else { continue };
            if matches!(place, Place::Record(_)) {
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
        match self.others.get(config::PATH) {
            Some(Place::Settings(settings)) => Ok(settings.as_ref().clone()),
            _ => self.below.config(),
        }
    }

    fn twin(&self, kind: &'static Kind, id: &str) -> Result<Option<Id>> {
        let Some(laid) = self.laid(kind) else { return self.below.twin(kind, id) };
        if let Some(twin) = laid.twin(id) {
            return Ok(Some(twin));
        }
        Ok(self.below.twin(kind, id)?.filter(|twin| !laid.has(twin)))
    }

    fn starting(&self, kind: &'static Kind, folded: &str) -> Result<Vec<Id>> {
        let mut ids = self.below.starting(kind, folded)?;
        if let Some(laid) = self.laid(kind) {
            ids.retain(|id| !laid.has(id));
            ids.extend(laid.starting(folded));
            ids.sort();
        }
        Ok(ids)
    }

    fn under(&self, kind: &'static Kind, wanted: &Select) -> Result<Vec<Id>> {
        let mut ids = self.below.under(kind, wanted)?;
        if let Some(laid) = self.laid(kind) {
            ids.retain(|id| !laid.has(id));
            ids.extend(laid.wanted(wanted));
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
        overlay.lay(&changes).expect("laid");
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
        overlay.lay(&again).expect("laid");
        assert!(overlay.children("D").expect("children").is_empty());
        assert_eq!(overlay.children("c").expect("children").len(), 1);
        overlay.lay(&changes).expect("laid");
        assert_eq!(overlay.ids(&TASK).expect("ids"), made.ids(&TASK).expect("ids"));
        assert_eq!(overlay.scan(&TASK).expect("tasks").len(), 3);
        assert_eq!(overlay.inbox("bob").expect("inbox"), made.inbox("bob").expect("inbox"));

        let mut read = Changeset::new("");
        read.remove(bob.path("01KAHD4V2M0000000000000000"));
        overlay.lay(&read).expect("laid");
        assert!(overlay.inbox("bob").expect("inbox").is_empty());
    }
}
