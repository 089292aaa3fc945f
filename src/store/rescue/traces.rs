//! Where the state has left its marks: what the ref holds, its reflog, what was acknowledged, other refs.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use crate::base::{Result, Timestamp};
use crate::store::commit::Commit;
use crate::store::git::Call;
use crate::store::{Oid, RefBackend, STATE_REF, Store, queue, refs};

/// What the state's ref was seen to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// There is no such ref.
    Absent,
    /// It names a commit, which need not be there.
    Names(Oid),
    /// It is there and names nothing.
    Broken {
        /// Its very bytes; of a symbolic link, where it leads.
        bytes: Vec<u8>,
        /// What is wrong with it.
        why: String,
    },
}

/// Whose a lock is that stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// There is none, or a living writer of ours holds it.
    None,
    /// A dead writer of ours left it; the next one removes it.
    Ours,
    /// A git holds it, or one that died left it: nobody can tell.
    Foreign,
}

/// One move of the ref, from its reflog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What it named before; nothing where it was made.
    pub old: Option<Oid>,
    /// What it has named since.
    pub new: Oid,
    /// When.
    pub at: Timestamp,
    /// What was said about it.
    pub message: String,
}

impl Store {
    /// Returns what the state's ref holds, be it what it may.
    ///
    /// # Errors
    /// Where it may not be read.
    pub fn look_at_ref(&self) -> Result<Seen> {
        refs::look(self, STATE_REF)
    }

    /// Returns the tip that was last acknowledged on this machine, without waiting for anybody.
    pub fn last_acknowledged(&self) -> Option<Oid> {
        queue::acknowledged(self)
    }

    /// Returns whose lock of the state's ref stands there.
    pub fn lock_left(&self) -> Left {
        refs::left(self, STATE_REF)
    }

    /// Returns whether the moves of the state's ref are noted.
    ///
    /// # Errors
    /// Where git had to be asked and could not be.
    pub fn has_reflog(&self) -> Result<bool> {
        match self.backend {
            RefBackend::Files => Ok(self.places.common_dir.join("logs").join(STATE_REF).is_file()),
            RefBackend::Reftable => Ok(Call::new(&["reflog", "exists", STATE_REF]).plain().run(self)?.is_success()),
        }
    }

    /// Returns the moves of the state's ref that are noted and can be understood, the latest first.
    ///
    /// # Errors
    /// Where git had to be asked and could not be.
    pub fn reflog(&self) -> Result<Vec<Trace>> {
        let parse = |line: &str| trace(line).filter(|trace| trace.new.format() == self.format);
        let mut traces: Vec<Trace> = match self.backend {
            RefBackend::Files => {
                let bytes = std::fs::read(self.places.common_dir.join("logs").join(STATE_REF)).unwrap_or_default();
                String::from_utf8_lossy(&bytes).lines().filter_map(parse).collect()
            }
            RefBackend::Reftable => {
                // Git tells what each move led to, and not from where; the latest first.
                let words = ["reflog", "show", "--no-abbrev", "--format=%H x <> 0 +0000%x09%gs", STATE_REF];
                let answer = Call::new(&words).plain().run(self)?;
                let mut traces: Vec<Trace> = answer
                    .output
                    .lines()
                    .rev()
                    .filter_map(|line| parse(&format!("{} {line}", self.format.zero())))
                    .collect();
                for at in 1..traces.len() {
                    traces[at].old = Some(traces[at - 1].new);
                }
                traces
            }
        };
        traces.reverse();
        Ok(traces)
    }

    /// Returns what all other refs name that could be a commit of the state: tracking refs first.
    ///
    /// # Errors
    /// Where git could not be asked.
    pub fn other_refs(&self) -> Result<Vec<(String, Oid)>> {
        let answer = Call::new(&["for-each-ref", "--format=%(objectname) %(refname)"]).plain().run(self)?;
        let parse = |line: &str| {
            let (id, name) = line.split_once(' ')?;
            Some((name.to_owned(), id.parse().ok()?))
        };
        let mut found: Vec<(String, Oid)> = answer.output.lines().filter_map(parse).collect();
        found.retain(|(name, _)| name != STATE_REF);
        found.sort_by_key(|(name, _)| !name.starts_with("refs/coord"));
        Ok(found)
    }
}

impl Store {
    /// Returns all commits that the repository has, whoever may refer to them, that satisfy a condition: those with the
    /// longest history first, of several the latest. For when nothing else is known.
    ///
    /// # Errors
    /// Where git could not be asked.
    pub fn any_commits(&self, is_wanted: impl Fn(&Commit) -> bool) -> Result<Vec<Oid>> {
        let words = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname) %(objecttype)"];
        let answer = Call::new(&words).within(LIMIT).plain().run(self)?;
        let ids = answer.output.lines().filter_map(|line| line.strip_suffix(" commit")?.parse::<Oid>().ok());
        let commits: HashMap<Oid, Commit> = ids
            .filter_map(|id| self.commit(id).ok())
            .filter(|commit| is_wanted(commit))
            .map(|commit| (commit.id, commit))
            .collect();
        let mut lengths: HashMap<Oid, usize> = HashMap::new();
        for &first in commits.keys() {
            let mut waiting = vec![first];
            while let Some(&id) = waiting.last() {
                let parents: Vec<Oid> =
                    commits[&id].parents.iter().copied().filter(|parent| commits.contains_key(parent)).collect();
                let open: Vec<Oid> = parents.iter().copied().filter(|parent| !lengths.contains_key(parent)).collect();
                if open.is_empty() {
                    let longest = parents.iter().filter_map(|parent| lengths.get(parent)).max();
                    lengths.insert(id, 1 + longest.copied().unwrap_or_default());
                    waiting.pop();
                }
                waiting.extend(open);
            }
        }
        let mut found: Vec<Oid> = commits.keys().copied().collect();
        found.sort_by_key(|id| Reverse((lengths[id], commits[id].commit_time, *id)));
        Ok(found)
    }
}

/// How long git may take to list all objects.
const LIMIT: Duration = Duration::from_secs(600);

/// Reads a line of a reflog: `old new Name <address> seconds zone<TAB>message`.
fn trace(line: &str) -> Option<Trace> {
    let (facts, message) = line.split_once('\t').unwrap_or((line, ""));
    let mut words = facts.split(' ');
    let (old, new): (Oid, Oid) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let seconds = facts.rsplit(' ').nth(1)?.parse().ok()?;
    let exists = |id: Oid| !id.0.is_null();
    exists(new).then(|| Trace {
        old: Some(old).filter(|old| exists(*old)),
        new,
        at: Timestamp::from_seconds(seconds),
        message: message.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_reflog_is_read_and_half_a_line_is_none() {
        let (zero, one) = ("0".repeat(40), "1".repeat(40));
        let line = format!("{zero} {one} Ada L <a@b> 1767323045 +0000\tcoord: set up");
        let read = trace(&line).expect("a line");
        assert_eq!((read.old, read.new.to_string(), read.message.as_str()), (None, one.clone(), "coord: set up"));
        assert_eq!(read.at.seconds(), 1_767_323_045);
        for bad in ["", "0000", &line[..60], &format!("{one} {zero} Ada <a@b> 5 +0000\tdeleted")] {
            assert_eq!(trace(bad), None, "{bad}");
        }
    }
}
