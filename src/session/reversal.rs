//! What a commit changed, read from the history so that it can be taken back.

use super::{Session, history};
use crate::base::{Error, Result, text};
use crate::ops::undo::{Changed, Undo, not_undoable};
use crate::state::Rotation;
use crate::store::{Commit, Oid};

impl Session {
    /// Returns what the commit that a text names changed; without a name, what the asker's last commit did.
    ///
    /// # Errors
    /// `not_found` (4) where there is no such commit in the history of the state; `not_undoable` (5) for the first
    /// commit and for merges.
    pub fn reversal(&self, name: Option<&str>, agent: &str) -> Result<Undo> {
        let commit = match name {
            Some(name) => self.named(name)?,
            None => self.last_of(agent)?,
        };
        let mut undo = Undo {
            commit: commit.id.to_string(),
            subject: commit.subject(),
            at: commit.author_time,
            rotation: Rotation::told_by(&commit.trailers()),
            ..Undo::default()
        };
        match commit.parents.as_slice() {
            [parent] => undo.files = self.changed(*parent, commit.id, &undo)?,
            [] if self.store().is_shallow(commit.id)? => {
                return Err(not_undoable(&undo, "what was before it is not here: this clone is shallow"));
            }
            [] => return Err(not_undoable(&undo, "it is the first commit")),
            _ => return Err(not_undoable(&undo, "it is a merge")),
        }
        Ok(undo)
    }

    fn named(&self, name: &str) -> Result<Commit> {
        let commit = self.commit_at(name)?;
        if !self.store().is_ancestor(commit, self.tip()?)? {
            return Err(Error::not_found(format!("{} is no commit of the state's history", text::excerpt(name, 60)))
                .hint("git coord log"));
        }
        self.store().commit(commit)
    }

    /// Merges and what nobody in particular made are passed over.
    fn last_of(&self, agent: &str) -> Result<Commit> {
        for commit in self.store().log(self.tip()?)? {
            let commit = commit?;
            if commit.parents.len() == 1 && history::agent_of(&commit) == agent {
                return Ok(commit);
            }
        }
        Err(Error::not_found(format!("{} has done nothing that could be undone", text::excerpt(agent, 40)))
            .hint("git coord log"))
    }

    fn changed(&self, parent: Oid, commit: Oid, undo: &Undo) -> Result<Vec<Changed>> {
        let [old, new] = [parent, commit].map(|id| self.store().tree(id));
        let (old, new) = (old?, new?);
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes)
                .map_err(|error| not_undoable(undo, "it changed a file that is no text").because(error))
        };
        let mut files = Vec::new();
        for change in self.store().diff(Some(parent), commit)? {
            let before = change.old.map(|blob| old.blob(blob).and_then(text)).transpose()?;
            let after = change.new.map(|blob| new.blob(blob).and_then(text)).transpose()?;
            files.push(Changed { path: change.path, before, after });
        }
        Ok(files)
    }
}
