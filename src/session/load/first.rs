//! The first of many changes, in the order of their paths: what a commit message or a rehearsal names of them.

use std::collections::BTreeMap;

use crate::base::Result;
use crate::records::codec;
use crate::records::record::AnyRecord;
use crate::session::DraftFile;
use crate::state::event::Difference;

/// How many are kept.
const MOST: usize = 200;

/// The first changes, each with the record before and after.
#[derive(Default)]
pub(super) struct First {
    changes: BTreeMap<String, (Option<AnyRecord>, AnyRecord)>,
}

impl First {
    /// Returns whether a change at this path is among the first so far.
    pub(super) fn wants(&self, path: &str) -> bool {
        self.changes.len() < MOST || self.changes.last_key_value().is_some_and(|(last, _)| path <= last.as_str())
    }

    pub(super) fn note(&mut self, path: &str, before: Option<AnyRecord>, after: AnyRecord) {
        self.changes.insert(path.to_owned(), (before, after));
        if self.changes.len() > MOST {
            self.changes.pop_last();
        }
    }

    pub(super) fn forget(&mut self, path: &str) {
        self.changes.remove(path);
    }

    pub(super) fn differences(&self) -> Vec<Difference> {
        let difference = |(path, (before, after)): (&String, &(Option<AnyRecord>, AnyRecord))| Difference {
            path: path.clone(),
            before: before.clone(),
            after: Some(after.clone()),
            blob: None,
            settings: None,
        };
        self.changes.iter().map(difference).collect()
    }

    /// Returns the files as they would be.
    pub(super) fn files(&self) -> Result<Vec<DraftFile>> {
        let text = |record: &AnyRecord| -> Result<String> {
            codec::encode(record.as_ref()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        let file = |(path, (before, after)): (&String, &(Option<AnyRecord>, AnyRecord))| {
            let before = before.as_ref().map(text).transpose()?;
            Ok(DraftFile { path: path.clone(), before, after: Some(text(after)?) })
        };
        self.changes.iter().map(file).collect()
    }
}
