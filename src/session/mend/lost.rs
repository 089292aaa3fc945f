//! What a rescue has cost, by name: records, and the commits that are in history no longer.

use super::short;
use crate::base::Result;
use crate::records::{Kind, kind};
use crate::store::Oid;
use crate::store::rescue::{Fate, Loss, Replay, Trace};

/// The most records that one commit names in its message.
const MOST_NAMED: usize = 20;

/// A record that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// `kind/id`; the path of a file that is no record; or, with `/` at its end, that of a folder of which nobody can tell
    /// what has changed in it.
    pub record: String,
    /// The commit whose version is there now; nothing where nothing is left.
    pub since: Option<Oid>,
}

impl Lost {
    /// Says it.
    pub fn words(&self) -> String {
        match self.since {
            Some(since) if self.record.ends_with('/') => {
                let what = if self.record == "/" { "the state" } else { &self.record };
                format!("{what}: what has changed in it since {} is lost", short(since))
            }
            Some(since) => format!("{}: its last change is lost; it is as {} has left it", self.record, short(since)),
            None => format!("{}: lost, nothing older is left of it", self.record),
        }
    }
}

/// A commit that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostCommit {
    /// Its id.
    pub commit: Oid,
    /// What it did, as far as it or the reflog can say.
    pub subject: Option<String>,
}

/// Names what was lost in making `was` into `is`.
pub(super) fn name(replay: &mut Replay<'_>, was: Oid, is: Option<Oid>) -> Result<Vec<Lost>> {
    let mut lost: Vec<Lost> = Vec::new();
    for loss in replay.losses(was, is)? {
        if !loss.is_folder {
            let record = kind::locate(&loss.path).map_or(loss.path.clone(), |(kind, id)| format!("{}/{id}", kind.name));
            lost.push(Lost { record, since: loss.since });
            continue;
        }
        let (names, is_all) = changed_in(replay, &loss, was)?;
        for record in names {
            // What was made meanwhile has not been there before.
            let path = path_of(&record).unwrap_or_default();
            let is_there = match is {
                Some(is) => replay.find(is, &path)?.is_some(),
                None => false,
            };
            let since = is.filter(|_| is_there).map(|is| replay.since(is, &path)).transpose()?;
            lost.push(Lost { record, since });
        }
        if !is_all {
            lost.push(Lost { record: format!("{}/", loss.path), since: loss.since });
        }
    }
    lost.sort_by(|a, b| a.record.cmp(&b.record));
    lost.dedup();
    Ok(lost)
}

/// Returns the records that were changed in a folder since what is left of it, as the commits say that did it; and
/// whether that is all of them.
fn changed_in(replay: &mut Replay<'_>, loss: &Loss, was: Oid) -> Result<(Vec<String>, bool)> {
    let (mut names, mut is_all, mut at) = (Vec::new(), loss.since.is_some(), Some(was));
    while let Some(id) = at {
        match replay.fate(id)? {
            Fate::Whole if Some(id) == loss.since => break,
            Fate::Remade(new) if Some(new) == loss.since => break,
            _ => {}
        }
        let Some(commit) = replay.original(id)? else {
            is_all = false;
            at = replay.led_to(id).first().copied();
            continue;
        };
        let named: Vec<String> =
            commit.trailers().into_iter().filter(|(key, _)| key == "Coord-Record").map(|(_, name)| name).collect();
        is_all &= !named.is_empty() && named.len() < MOST_NAMED;
        names.extend(named.into_iter().filter(|name| lies_in(name, &loss.path)));
        at = commit.parents.first().copied();
    }
    names.sort();
    names.dedup();
    is_all &= !names.is_empty();
    Ok((names, is_all))
}

fn lies_in(name: &str, folder: &str) -> bool {
    path_of(name).is_some_and(|path| folder.is_empty() || path.starts_with(&format!("{folder}/")))
}

fn path_of(name: &str) -> Option<String> {
    let (kind, id) = name.split_once('/')?;
    Some(Kind::find(kind)?.path(id))
}

/// Returns the commits that are gone, and what is known of them.
pub(super) fn commits(replay: &mut Replay<'_>, reflog: &[Trace]) -> Result<Vec<LostCommit>> {
    let mut lost = Vec::new();
    for commit in replay.gone() {
        let own = replay.original(commit)?.map(|commit| commit.subject());
        let noted = || reflog.iter().find(|trace| trace.new == commit);
        let subject = own.or_else(|| {
            let message = &noted()?.message;
            Some(message.strip_prefix("coord: ").unwrap_or(message).to_owned())
        });
        lost.push(LostCommit { commit, subject });
    }
    Ok(lost)
}
