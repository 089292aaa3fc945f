//! What an operation wants to be different: files put, linked and removed, in one commit or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Rotation;
use crate::base::Id;
use crate::records::record::Record;
use crate::records::task::Claim;
use crate::records::{Config, Kind, config};

/// The change of one path.
#[derive(Debug, Clone)]
pub enum Edit {
    /// The record lies at this path: at its own, or at a second one that links to the same bytes.
    Put(Arc<dyn Record>),
    /// The settings of the team lie at this path, which is theirs.
    Settings(Arc<Config>),
    /// Nothing lies at this path.
    Remove,
}

/// Something the user should know although the operation went through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Warning {
    /// The stable machine word.
    pub code: String,
    /// What is odd.
    pub message: String,
}

impl Warning {
    /// Makes a warning from its machine word and what is odd.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Warning { code: code.to_owned(), message: message.into() }
    }
}

/// What an operation wants to be different.
#[derive(Debug, Clone, Default)]
pub struct Changeset {
    /// The record that the operation was about, changed or not.
    pub about: Option<Arc<dyn Record>>,
    /// One line that says what was done; the subject of the commit.
    pub subject: String,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// The claim that the asker has taken, or has shown to be its own: this is a sign of its life.
    pub holds: Option<Claim>,
    /// The claim that is over by this change.
    pub ends: Option<Claim>,
    /// Whether it puts away what is closed, or brings it back: then that is one event, however much it is.
    pub rotation: Option<Rotation>,
    /// What it is made of, where it is several changes in one; their edits are in this one's.
    pub parts: Vec<Changeset>,
    edits: BTreeMap<String, Edit>,
}

impl Changeset {
    /// Returns a changeset with nothing in it but the line that says what was done.
    pub fn new(subject: impl Into<String>) -> Self {
        Changeset { subject: subject.into(), ..Self::default() }
    }

    /// Returns a changeset that is about a record and changes nothing.
    pub fn about(record: Arc<dyn Record>) -> Self {
        Changeset { about: Some(record), ..Self::default() }
    }

    /// Puts a record at its own path.
    pub fn put(&mut self, record: impl Record) {
        self.put_any(Arc::new(record));
    }

    /// Puts a record of any kind at its own path.
    pub fn put_any(&mut self, record: Arc<dyn Record>) {
        self.edits.insert(record.kind().path(record.id()), Edit::Put(record));
    }

    /// Puts a record at its own path and makes it the one that the operation was about.
    pub fn put_main(&mut self, record: impl Record) {
        let record: Arc<dyn Record> = Arc::new(record);
        self.about = Some(record.clone());
        self.put_any(record);
    }

    /// Links a record at a second path.
    pub fn link(&mut self, path: String, record: Arc<dyn Record>) {
        self.edits.insert(path, Edit::Put(record));
    }

    /// Puts the settings of the team.
    pub fn put_settings(&mut self, settings: Config) {
        self.edits.insert(config::PATH.to_owned(), Edit::Settings(Arc::new(settings)));
    }

    /// Returns the settings of the team that the changeset puts, if it does.
    pub fn settings(&self) -> Option<Arc<Config>> {
        match self.edits.get(config::PATH) {
            Some(Edit::Settings(settings)) => Some(settings.clone()),
            _ => None,
        }
    }

    /// Removes what lies at a path.
    pub fn remove(&mut self, path: String) {
        self.edits.insert(path, Edit::Remove);
    }

    /// Takes in a further change, which was decided on what this one leaves behind.
    pub fn absorb(&mut self, mut part: Changeset) {
        // One by one: `append` would build all that is there anew each time.
        self.edits.extend(std::mem::take(&mut part.edits));
        self.warnings.append(&mut part.warnings);
        self.parts.push(part);
    }

    /// Returns the change itself, and all that it is made of.
    pub fn all_parts(&self) -> Vec<&Changeset> {
        let below = self.parts.iter().flat_map(Changeset::all_parts);
        std::iter::once(self).chain(below).collect()
    }

    /// Returns the claims that the asker has taken or shown to be its own, in all that it is made of.
    pub fn holds(&self) -> impl Iterator<Item = &Claim> {
        self.all_parts().into_iter().filter_map(|part| part.holds.as_ref())
    }

    /// Returns the claims that are over, in all that it is made of.
    pub fn ends(&self) -> impl Iterator<Item = &Claim> {
        self.all_parts().into_iter().filter_map(|part| part.ends.as_ref())
    }

    /// Adds something the user should know.
    pub fn warn(&mut self, code: &str, message: impl Into<String>) {
        self.warnings.push(Warning::new(code, message));
    }

    /// Returns whether nothing would be different.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Returns the changes in the order of their paths.
    pub fn edits(&self) -> &BTreeMap<String, Edit> {
        &self.edits
    }

    /// Returns the record that the changeset puts at its own path, if it does.
    pub fn record(&self, kind: &Kind, id: &Id) -> Option<&Arc<dyn Record>> {
        match self.edits.get(&kind.path(id)) {
            Some(Edit::Put(record)) => Some(record),
            _ => None,
        }
    }
}
