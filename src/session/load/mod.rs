//! Many records on their way into one commit: each is stored as soon as it is met, and only its name and place are kept.
//!
//! What becomes of a record is decided by `ops::import`, beside the records of one tip; `land` makes that true of the tip
//! that is replaced.

mod first;
mod known;
mod land;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Draft, TreeSnapshot};
use crate::base::{Id, Progress, Result};
use crate::ops::import::{Intake, Taken};
use crate::records::codec;
use crate::records::record::AnyRecord;
use crate::state::Snapshot;
use crate::store::{Bulk, Packed, Packer, Wanted, Wish};
use first::First;
use known::Known;

pub use land::{Landed, Rows};

/// A record that was read, ready to be stored.
pub struct Arrival {
    line: usize,
    record: AnyRecord,
    path: String,
    file: Packed,
}

impl Arrival {
    /// Makes a record of a line ready; for threads beside the one that has the session.
    ///
    /// # Errors
    /// `bad_record`, `too_large` where it could not be read again.
    pub fn new(line: usize, record: AnyRecord, packer: &mut Packer) -> Result<Arrival> {
        let file = packer.blob(&codec::encode(record.as_ref())?)?;
        Ok(Arrival { line, path: record.kind().path(record.id()), record, file })
    }

    /// Returns the id of the record.
    pub fn id(&self) -> &Id {
        self.record.id()
    }
}

/// Records on their way in.
pub struct Load<'s> {
    before: TreeSnapshot<'s>,
    known: Known,
    intake: Intake,
    /// Where the files go; nowhere under `--dry-run`.
    bulk: Option<Bulk<'s>>,
    /// What is to stand where, by the place of the record in the intake.
    files: Vec<File>,
    first: First,
}

/// What is to stand in the place of one record.
struct File {
    path: Box<str>,
    wanted: Wanted,
}

impl Wish for File {
    fn path(&self) -> &str {
        &self.path
    }

    fn wanted(&self) -> Wanted {
        self.wanted
    }
}

impl<'s> Load<'s> {
    fn new(before: TreeSnapshot<'s>, speaks_for: BTreeSet<String>, bulk: Option<Bulk<'s>>) -> Self {
        let (known, first) = (Known::default(), First::default());
        Load { before, known, intake: Intake::new(speaks_for), bulk, files: Vec::new(), first }
    }

    /// Takes the records of one row of the source: the one that it is about, and those that come with it. Where the
    /// source has a newer row about the first, the others count only as far as nothing else says what they are.
    ///
    /// # Errors
    /// `bad_row` where the source has an id that differs only in case, `bad_record`, `unreadable` where what is there
    /// cannot be replaced, and what the store cannot write.
    pub fn take(&mut self, row: Vec<Arrival>) -> Result<()> {
        let mut is_lost = false;
        for (n, arrival) in row.into_iter().enumerate() {
            let Arrival { line, record, path, file } = arrival;
            if is_lost && self.intake.has_met(record.kind(), record.id()) {
                continue;
            }
            let (known, before) = (&mut self.known, &self.before);
            let taken = self.intake.take(line, &record, || known.there(before, &record, file.id()))?;
            match taken {
                Taken::AsItCame(place) => {
                    self.bulk.as_mut().map_or(Ok(()), |bulk| bulk.add(&file))?;
                    self.put(place, path, Wanted::Set(file.id()), Some(&record))?;
                }
                Taken::Merged(place, merged) => {
                    let bytes = codec::encode(merged.as_ref())?;
                    let blob = match &mut self.bulk {
                        Some(bulk) => bulk.blob(&bytes)?,
                        None => file.id(),
                    };
                    self.put(place, path, Wanted::Set(blob), Some(&merged))?;
                }
                Taken::Left(place) => self.put(place, path, Wanted::Leave, None)?,
                Taken::Lost => is_lost |= n == 0,
            }
        }
        Ok(())
    }

    /// Returns the ids of which the source has had several records.
    pub fn twice(&self) -> &BTreeSet<Id> {
        self.intake.twice()
    }

    fn put(&mut self, place: usize, path: String, wanted: Wanted, after: Option<&AnyRecord>) -> Result<()> {
        match after {
            Some(after) if self.first.wants(&path) => {
                let before = self.before.find(after.kind(), after.id())?;
                self.first.note(&path, before, Arc::clone(after));
            }
            Some(_) => {}
            None => self.first.forget(&path),
        }
        let file = File { path: path.into_boxed_str(), wanted };
        match self.files.get_mut(place) {
            Some(known) => *known = file,
            None => self.files.push(file),
        }
        Ok(())
    }

    /// Returns how many files would be different.
    fn changed(&self) -> usize {
        self.files.iter().filter(|file| file.wanted != Wanted::Leave).count()
    }

    fn draft(&self, subject: String) -> Result<Draft> {
        Ok(Draft { subject, files: self.first.files()?, total: self.changed() })
    }
}

/// Where the records come from.
pub struct Source<'a> {
    /// Its name, for the subject of the commit.
    pub name: &'a str,
    /// The fields that it has a word for; all where it is empty.
    pub speaks_for: BTreeSet<String>,
    /// Gives all its rows to a load, from the first on; asked again where the records have changed meanwhile. What it
    /// returns is odd about the source.
    pub rows: &'a Rows<'a>,
    /// Who shows how far it is.
    pub progress: &'a dyn Progress,
}
