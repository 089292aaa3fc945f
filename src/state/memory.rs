//! A snapshot in memory, for tests of what is pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Id, Result};
use crate::records::recipient::{self, Recipient};
use crate::records::record::Record;
use crate::records::{Config, Kind};
use crate::state::{Changeset, Edit, Snapshot};

/// Records in memory, by path.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: BTreeMap<String, Arc<dyn Record>>,
    /// The settings of the team.
    pub settings: Config,
}

impl Memory {
    /// Makes what a changeset wants.
    pub fn apply(&mut self, changes: &Changeset) {
        for (path, edit) in changes.edits() {
            match edit {
                Edit::Put(record) => drop(self.files.insert(path.clone(), record.clone())),
                Edit::Settings(settings) => self.settings = settings.as_ref().clone(),
                Edit::Remove => drop(self.files.remove(path)),
            }
        }
    }

    /// Puts a record at its own path.
    pub fn put(&mut self, record: impl Record) {
        self.put_any(Arc::new(record));
    }

    /// Puts a record of any kind at its own path.
    pub fn put_any(&mut self, record: Arc<dyn Record>) {
        self.files.insert(record.kind().path(record.id()), record);
    }
}

impl Snapshot for Memory {
    fn find(&self, kind: &'static Kind, id: &str) -> Result<Option<Arc<dyn Record>>> {
        Ok(self.files.get(&kind.path(id)).cloned())
    }

    fn contains(&self, kind: &'static Kind, id: &str) -> Result<bool> {
        Ok(self.files.contains_key(&kind.path(id)))
    }

    fn ids(&self, kind: &'static Kind) -> Result<Vec<Id>> {
        let mut ids: Vec<Id> = self.scan(kind)?.iter().map(|record| record.id().clone()).collect();
        ids.sort();
        Ok(ids)
    }

    fn scan(&self, kind: &'static Kind) -> Result<Vec<Arc<dyn Record>>> {
        let own =
            |(path, record): &(&String, &Arc<dyn Record>)| record.kind() == kind && kind.path(record.id()) == **path;
        let mut records: Vec<_> = self.files.iter().filter(own).map(|(_, record)| record.clone()).collect();
        records.sort_by(|a, b| a.id().cmp(b.id()));
        Ok(records)
    }

    fn linked(&self, recipient: &Recipient) -> Result<Vec<Id>> {
        let ours = |path: &String| recipient::locate(path).filter(|(owner, _)| owner == recipient);
        Ok(self.files.keys().filter_map(ours).map(|(_, message)| message).collect())
    }

    fn links(&self) -> Result<Vec<(Recipient, Id)>> {
        Ok(self.files.keys().filter_map(|path| recipient::locate(path)).collect())
    }

    fn config(&self) -> Result<Config> {
        Ok(self.settings.clone())
    }
}
