//! A head that is pushed to a server: whether it may become the state there. Nothing is put right here, unlike in a clone: who
//! pushes is told what is wrong, and the ref stays as it is.

use super::Session;
use super::settings::is_signing_required;
use super::snapshot::decode;
use super::unite::union;
use crate::base::{Error, Result, text};
use crate::merge::MERGER;
use crate::records::kind;
use crate::store::{Commit, Oid, Writer};

/// The most things that are named.
const MOST_NAMED: usize = 5;

impl Session {
    /// Refuses a head that is no state, or in which entries or records are broken that the state before has not, or whose commits
    /// are not signed where they have to be. Whether it follows the state before has been looked at.
    ///
    /// # Errors
    /// `broken_push`, `unsigned`, `not_a_state`, `newer_format`, `too_many_entries`, `damaged`.
    pub fn check_received(&self, old: Option<Oid>, new: Oid) -> Result<()> {
        // Each commit stays in history, so none of them may hold what git itself would refuse; the records that count are the last.
        let mut commits: Vec<Commit> = self.store().log_since(new, old)?.collect::<Result<_>>()?;
        commits.reverse();
        for commit in &commits {
            let known = commit.parents.first().copied();
            self.refuse_faults(commit.id, known)?;
        }
        self.refuse_records(old, new)?;
        if is_signing_required(self.store().config())? {
            self.refuse_unsigned(&commits)?;
        }
        Ok(())
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

    /// A merge, and the first commit of all, are the same on every machine, and so they need no signature: they are made again.
    fn refuse_unsigned(&self, commits: &[Commit]) -> Result<()> {
        let store = self.store();
        let mut writer: Option<Writer<'_>> = None;
        for commit in commits {
            if store.is_signed(commit.id)? {
                continue;
            }
            let again = match commit.parents[..] {
                [] => Some(super::setup::root()?),
                [a, b] if commit.author.name == MERGER => Some(union(store, a, b)?.0),
                _ => None,
            };
            if let Some(again) = again {
                let writer = match &mut writer {
                    Some(writer) => writer,
                    empty => empty.insert(store.lock(self.settings().lock_timeout)?),
                };
                if writer.make(&again)? == commit.id {
                    continue;
                }
            }
            let by = text::excerpt(&commit.author.name, 40);
            let message = format!(
                "commit {} by {by} has no signature that this server trusts, and coord.requireSigned is on",
                commit.id
            );
            return Err(Error::invalid("unsigned", message));
        }
        Ok(())
    }
}

fn broken(head: Oid, mut told: Vec<String>) -> Error {
    let more = told.len().saturating_sub(MOST_NAMED);
    told.truncate(MOST_NAMED);
    let more = if more == 0 { String::new() } else { format!(", and {more} more") };
    Error::invalid("broken_push", format!("{head} is not taken: {}{more}", told.join("; ")))
}
