//! A head that is pushed to a server: whether it may become the state there. Nothing is put right here, unlike in a clone: who
//! pushes is told what is wrong, and the ref stays as it is.

use super::Session;
use super::snapshot::decode;
use crate::base::{Error, Result, text};
use crate::records::kind;
use crate::store::{Commit, Oid};

/// The most things that are named.
const MOST_NAMED: usize = 5;

impl Session {
    /// Refuses a head that is no state, or in which entries or records are broken that the state before has not, or whose commits
    /// are not signed where they have to be. Whether it follows the state before has been looked at.
    ///
    /// # Errors
    /// `broken_push`, `not_signed`, `not_a_state`, `newer_format`, `too_many_entries`, `damaged`.
    pub fn check_received(&self, old: Option<Oid>, new: Oid) -> Result<()> {
        // Each commit stays in history, so none of them may hold what git itself would refuse; the records that count are the last.
        let mut commits: Vec<Commit> = self.store().log_since(new, old)?.collect::<Result<_>>()?;
        commits.reverse();
        for commit in &commits {
            let known = commit.parents.first().copied();
            self.refuse_faults(commit.id, known)?;
        }
        self.refuse_records(old, new)?;
        self.check_answered(old, new)
    }

    fn refuse_faults(&self, head: Oid, known: Option<Oid>) -> Result<()> {
        let faults = self.faults_of(head, known)?;
        match faults.is_empty() {
            true => Ok(()),
            false => Err(broken(head, faults.told())),
        }
    }

    /// Looks at the records that are not as before.
    fn refuse_records(&self, old: Option<Oid>, new: Oid) -> Result<()> {
        let mut told = Vec::new();
        for change in self.store().diff(old, new)? {
            let Some(blob) = change.new else { continue };
            let read = self.store().blob(blob);
            let read = match (read, kind::locate(&change.path)) {
                (Ok(bytes), Some((kind, id))) => decode(kind, &id, &bytes).map(drop),
                // What a later version keeps in a place of its own is for a later version to judge.
                (read, _) => read.map(drop),
            };
            if let Err(error) = read {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                told.push(text::excerpt(&format!("{}: {error}{cause}", change.path), 300));
            }
        }
        if told.is_empty() { Ok(()) } else { Err(broken(new, told)) }
    }
}

fn broken(head: Oid, mut told: Vec<String>) -> Error {
    let more = told.len().saturating_sub(MOST_NAMED);
    told.truncate(MOST_NAMED);
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    Error::invalid("broken_push", format!("{head} is not taken: {}{more}", told.join("; ")))
}
