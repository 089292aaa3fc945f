//! A batch that is too long to be held: its operations come one by one, and of each only what the later ones need is kept.
//!
//! Everything is decided and written before our turn in the queue comes. Where the tip has moved by then, or a sign of life
//! was given that may decide otherwise, all of it is decided again, while others wait: so each operation is decided
//! on the very tip that is replaced, as those of a short batch are.

mod land;
mod pour;
mod shelf;
mod told;

use super::{Session, TreeSnapshot};
use crate::base::{Error, Kind, Progress, Result};
use crate::ops::batch::Bench;
use crate::ops::{Context, Operation};
use crate::records::record::AnyRecord;
use crate::state::{Overlay, Snapshot};
use shelf::FileShelf;
use told::Told;

/// Gives the operations of a batch, from the first on; asked again where they have to be decided again.
pub type Steps<'a> = dyn Fn(&mut Course<'_>) -> Result<()> + 'a;

/// A batch whose operations come one by one.
pub struct Long<'a> {
    /// One line that says what they are together; the subject of the commit.
    pub subject: &'a str,
    /// Where they come from.
    pub steps: &'a Steps<'a>,
    /// Who shows how far it is.
    pub progress: &'a dyn Progress,
}

/// The operations of a batch, as they are decided one after the other.
pub struct Course<'s> {
    session: &'s Session,
    before: &'s TreeSnapshot<'s>,
    bench: Bench<'s, FileShelf>,
    told: Told,
    knows_files: bool,
    is_prepared: bool,
    takes_tasks: bool,
}

impl<'s> Course<'s> {
    fn new(session: &'s Session, before: &'s TreeSnapshot<'s>, context: &Context, subject: &str) -> Self {
        Course {
            session,
            before,
            bench: Bench::new(Overlay::on(before, FileShelf::default()), context),
            told: Told::new(subject),
            knows_files: false,
            is_prepared: false,
            takes_tasks: false,
        }
    }

    /// Returns the records as the operations so far leave them.
    pub fn records(&self) -> &dyn Snapshot {
        self.bench.records()
    }

    /// Does a further operation, and returns the record that it was about.
    ///
    /// # Errors
    /// Its refusal.
    pub fn add(&mut self, operation: &Operation) -> Result<Option<AnyRecord>> {
        if operation.looks_at_files() && !self.knows_files {
            self.bench.know_files(self.session.tracked_files()?);
            self.knows_files = true;
        }
        if operation.looks_at_others() && !self.is_prepared {
            self.before.prepare();
            self.is_prepared = true;
        }
        if operation.takes_tasks() && !self.takes_tasks {
            self.session.refuse_undecided()?;
            self.takes_tasks = true;
        }
        let change = self.bench.add(operation)?;
        let about = change.about.clone();
        self.told.take(change);
        Ok(about)
    }
}

impl Session {
    /// Refuses claims that the remote of the team would have to decide: it is asked for one small commit at a time.
    fn refuse_undecided(&self) -> Result<()> {
        match &self.settings().remote {
            Some(remote) if !self.is_offline() && !self.is_rehearsal() => {
                let message = format!("so long a file can take no task, as {remote} decides who gets it");
                Err(Error::new(Kind::Remote, "too_long_to_claim", message)
                    .hint("claim in a file of its own, or with --offline, on this machine alone"))
            }
            _ => Ok(()),
        }
    }
}
