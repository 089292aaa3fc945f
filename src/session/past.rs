//! Which moment is looked at: the present one, or one of the past that `--at` names.

use std::time::Duration;

use super::Session;
use crate::base::{Error, Result, Timestamp, text, time};
use crate::store::{Oid, STATE_REF};

impl Session {
    /// Returns whether the present moment is looked at.
    pub fn is_at_present(&self) -> bool {
        self.options().at.is_none()
    }

    /// Returns the commit that is looked at: the tip, or what `--at` names.
    ///
    /// # Errors
    /// `not_set_up`; `not_found` (4) where `--at` names no commit of the state, or a time before the first.
    pub fn viewed(&self) -> Result<Oid> {
        match &self.options().at {
            None => self.tip(),
            Some(at) => self.commit_at(at),
        }
    }

    /// Returns the commit of the state's history that a text names: a time, how long ago, `~3` for that many commits
    /// before the tip, or any revision that git knows.
    ///
    /// # Errors
    /// As [`viewed`](Self::viewed).
    pub fn commit_at(&self, name: &str) -> Result<Oid> {
        let name = name.trim();
        if let Some(moment) = moment(name, time::now()) {
            return self.commit_of_time(moment, name);
        }
        let rev = if name.starts_with(['~', '^', '@']) { format!("{STATE_REF}{name}") } else { name.to_owned() };
        let tip = self.tip()?;
        let found = self.store().resolve_commit(&rev)?;
        match found {
            Some(commit) if self.store().tree(commit)?.find(crate::records::config::PATH)?.is_some() => Ok(commit),
            Some(_) => Err(missing(name, "is no commit of the coordination state")),
            // `git log` of the state shows ids that need not be known by their beginning alone.
            None if tip.to_string().starts_with(name) && name.len() >= 4 => Ok(tip),
            None => Err(missing(name, "names no commit, and is no time")),
        }
    }

    /// Returns the time that `--at` names, or that of the commit it names.
    pub(super) fn moment_viewed(&self) -> Result<Timestamp> {
        if let Some(moment) = self.options().at.as_deref().and_then(|at| moment(at.trim(), time::now())) {
            return Ok(moment);
        }
        let commit = self.store().commit(self.viewed()?)?;
        Ok(commit.commit_time.max(commit.author_time))
    }

    /// The last commit of the tip's own line that was made at this time or before.
    fn commit_of_time(&self, moment: Timestamp, name: &str) -> Result<Oid> {
        let mut commit = self.store().commit(self.tip()?)?;
        while commit.commit_time.max(commit.author_time) > moment {
            let Some(parent) = commit.parents.first() else {
                return Err(missing(name, "is before the first commit of the coordination state"));
            };
            commit = self.store().commit(*parent)?;
        }
        // The first commit has no time of its own.
        Ok(commit.id)
    }
}

/// Reads a moment of the past: a time, a date in UTC, or how long ago.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let midnight = || format!("{text}T00:00:00Z").parse().ok();
    text.parse().ok().or_else(midnight).or_else(|| {
        let ago = humantime::parse_duration(text.strip_suffix(" ago").unwrap_or(text)).ok()?;
        (ago > Duration::ZERO).then(|| now.minus(ago))
    })
}

fn missing(name: &str, why: &str) -> Error {
    Error::not_found(format!("there is no such moment: «{}» {why}", text::excerpt(name, 60)))
        .hint("git coord log")
        .hint("give a commit, a time like 2026-01-02T03:04:05Z, or how long ago, like 2h")
}
