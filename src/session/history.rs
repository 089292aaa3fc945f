//! What happened, from the commits of the state's ref.

use std::collections::BTreeSet;

use super::{Session, snapshot};
use crate::base::Result;
use crate::records::{Config, config, kind};
use crate::state::event::{self, Difference, Origin};
use crate::state::{Event, Rotation, merged};
use crate::store::{Commit, Oid};

impl Session {
    /// Returns what happened in one commit, derived from what it changed against its parent; a merge is one event
    /// ([`merged`]), as its sides tell of themselves. Of a commit at which
    /// history was cut nobody here can tell: not all that it holds was made by it.
    ///
    /// # Errors
    /// `damaged` where an object is missing.
    pub fn events_of(&self, commit: &Commit) -> Result<Vec<Event>> {
        Ok(self.events_up_to(commit, usize::MAX)?.unwrap_or_default())
    }

    /// As [`events_of`](Self::events_of); but one event, of the type `state.changed`, for a commit that has changed more
    /// than `most` files, as an import does.
    ///
    /// # Errors
    /// `damaged` where an object is missing.
    pub fn events_in_brief(&self, commit: &Commit, most: usize) -> Result<Vec<Event>> {
        let brief = || event::in_brief(&origin(commit));
        Ok(self.events_up_to(commit, most)?.unwrap_or_else(|| vec![brief()]))
    }

    /// Nothing where more than `most` files were changed.
    fn events_up_to(&self, commit: &Commit, most: usize) -> Result<Option<Vec<Event>>> {
        if self.store().is_shallow(commit.id)? {
            return Ok(Some(Vec::new()));
        }
        if let [first, rest @ ..] = commit.parents.as_slice()
            && !rest.is_empty()
        {
            return Ok(Some(vec![self.merged(commit, *first, rest, most)?]));
        }
        let parent = commit.parents.first().copied();
        let mut differences = Vec::new();
        let Some(changes) = self.store().diff_up_to(parent, commit.id, most)? else { return Ok(None) };
        for change in changes {
            differences.push(Difference {
                before: self.record_at(parent, &change.path, change.old)?,
                after: self.record_at(Some(commit.id), &change.path, change.new)?,
                settings: self.settings_in(commit, parent, &change.path)?,
                blob: change.new.map(|blob| blob.to_string()),
                path: change.path,
            });
        }
        Ok(Some(event::events(&differences, &origin(commit))))
    }

    /// Returns the event of a merge; without counts where one side is more than `most` files away.
    fn merged(&self, commit: &Commit, first: Oid, rest: &[Oid], most: usize) -> Result<Event> {
        let paths = |parent: Oid| -> Result<BTreeSet<String>> {
            let changes = self.store().diff_up_to(Some(parent), commit.id, most)?.unwrap_or_default();
            Ok(changes.into_iter().map(|change| change.path).collect())
        };
        let mut made = paths(first)?;
        for parent in rest {
            let paths = paths(*parent)?;
            made.retain(|path| paths.contains(path));
        }
        Ok(merged::event(made.iter().map(String::as_str), &origin(commit)))
    }

    /// Reads the settings of the team before and after a commit that has changed their file; nothing where one of them
    /// is not there or cannot be read.
    fn settings_in(&self, commit: &Commit, parent: Option<Oid>, path: &str) -> Result<Option<Box<(Config, Config)>>> {
        let Some(parent) = parent.filter(|_| path == config::PATH) else { return Ok(None) };
        let read = |commit: Oid| -> Result<Option<Config>> {
            let blob = self.store().tree(commit)?.read(path)?;
            Ok(blob.and_then(|blob| Config::decode(&blob.bytes).ok()))
        };
        Ok(read(parent)?.zip(read(commit.id)?).map(Box::new))
    }

    /// Reads the record in a file of a commit; nothing where there is none or it cannot be read.
    fn record_at(
        &self,
        commit: Option<Oid>,
        path: &str,
        blob: Option<Oid>,
    ) -> Result<Option<std::sync::Arc<dyn crate::records::Record>>> {
        let (Some(commit), Some(blob), Some((kind, id))) = (commit, blob, kind::locate(path)) else { return Ok(None) };
        match self.store().tree(commit)?.blob(blob) {
            Ok(bytes) => Ok(snapshot::decode(kind, &id, &bytes).ok()),
            Err(error) if error.code() == "too_large" => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Returns who made a commit, as its trailer says, else its author.
pub fn agent_of(commit: &Commit) -> String {
    origin(commit).agent
}

/// Who did what a commit did: its author, and what its trailers say.
fn origin(commit: &Commit) -> Origin {
    let trailers = commit.trailers();
    let trailer = |name: &str| trailers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    Origin {
        commit: commit.id.to_string(),
        agent: trailer("Coord-Agent").unwrap_or_else(|| commit.author.name.clone()),
        session: trailer("Coord-Session"),
        correlation_id: trailer("Coord-Correlation"),
        at: commit.author_time,
        rotation: Rotation::told_by(&trailers),
    }
}
