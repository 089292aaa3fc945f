//! Keeping the repository small: after enough writes git packs what they have left, in the background.
//!
//! Nothing is counted. Now and then a write looks into a few object folders (`pile`), and where enough has piled up, or
//! more than the last run has left (`log`), a shell is started that outlives the command and has git pack it (`run`). A
//! kernel lock of its own lets one of them run at a time; no writer waits for it, and it fails nobody's command.
//! `docs/decisions/0016-packing-in-the-background.md` says why it is done in this way.

mod log;
mod pile;
mod run;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Config, Oid, Store, fault, open};
use crate::base::{Error, Result, Timestamp, text};
use log::{End, Last};
use pile::Pile;

/// The file whose lock means that maintenance runs.
const LOCK: &str = "maintenance.lock";

/// The note that says when all of the repository was last collected.
const COLLECTED: &str = "collected";

/// How long nothing is tried again after a run that failed or was cut off.
const PAUSE: Duration = Duration::from_secs(600);

/// How often git collects the whole repository, since its own thresholds are not reached any more: its time of grace.
const COLLECT_EVERY: Duration = Duration::from_secs(14 * 24 * 3600);

/// A change of more files than this is looked at in any case.
const MANY: usize = 100;

/// What is done about what has piled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Loose objects and small packs become one pack; large ones stay.
    Pack,
    /// All of the repository is packed anew, and what nobody has referred to for long is removed.
    Collect,
}

/// What went wrong with the last maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// When it was started.
    pub at: Timestamp,
    /// git's own words, the last of them; nothing where it was ended before its end.
    pub words: Option<String>,
    /// Where all of them are.
    pub log: PathBuf,
}

impl Store {
    /// Has git pack in the background, where enough has piled up. Called when a commit has landed, with the number of
    /// files that it changed; most calls look at nothing but these two.
    ///
    /// # Errors
    /// Where it is due and cannot be started, or a setting of git makes no sense.
    pub fn maintain(&self, landed: Oid, files: usize, now: Timestamp) -> Result<()> {
        let is_looked_at = files > MANY || landed.as_bytes().last().is_some_and(|byte| byte & 0x0F == 0);
        if !is_looked_at || !self.lets_maintain()? {
            return Ok(());
        }
        let work = self.suitable_work();
        let pile = Pile::of(&self.places.objects_dir);
        if !pile.exceeds(Pile::default(), work) {
            return Ok(());
        }
        // Held from here on, first by this process, then by the shell that does the work.
        let Some(lock) = self.take_maintenance()? else { return Ok(()) };
        if !is_due(pile, work, log::last(self).as_ref(), now) {
            return Ok(());
        }
        let work = if self.must_collect(now)? { Work::Collect } else { work };
        run::start(self, work, lock, now)
    }

    /// Returns what went wrong with the last maintenance; nothing where all is well, or one runs now.
    pub fn maintenance_trouble(&self) -> Option<Trouble> {
        let last = log::last(self)?;
        // Read only: what only looks makes no file.
        let runs = File::open(self.coord_dir.join(LOCK)).is_ok_and(|lock| lock.try_lock_shared().is_err());
        let words = match last.end {
            End::Failed(words) => Some(words),
            End::CutOff if !runs => None,
            _ => return None,
        };
        Some(Trouble { at: last.started, words, log: log::path(self) })
    }

    /// Returns whether git and the user let anybody maintain this repository.
    fn lets_maintain(&self) -> Result<bool> {
        let is_on = is_maintained(&self.config)?
            && self.config.boolean("maintenance.auto")? != Some(false)
            && self.config.integer("gc.auto")?.is_none_or(|limit| limit > 0);
        // git refuses to remove a pack of such a repository.
        let is_precious = self.config.boolean("extensions.preciousObjects")? == Some(true);
        // Somebody else's object folder, as in a hook that looks at a push before it is let in.
        let elsewhere = ["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH"];
        Ok(is_on && !is_precious && elsewhere.iter().all(|name| self.environment.var(name).is_none()))
    }

    /// A geometric repack does not know which objects a remote has promised, and an older git stumbles over packs of
    /// another repository. There git collects as it always does.
    fn suitable_work(&self) -> Work {
        let borrows = self.places.objects_dir.join("info/alternates").exists();
        if borrows || open::promisor(&self.config).is_some() { Work::Collect } else { Work::Pack }
    }

    /// Returns the lock of maintenance, held; nothing where another one holds it.
    fn take_maintenance(&self) -> Result<Option<File>> {
        let path = self.coord_dir.join(LOCK);
        let opened = self.files.open("maintenance-open", &path);
        let file = opened.map_err(|err| fault::io(format!("open {}", path.display()), err))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(err)) => Err(fault::io(format!("lock {}", path.display()), err)),
        }
    }

    /// Returns whether it is time to collect the whole repository, and notes that it is done. The time begins with the
    /// first maintenance.
    fn must_collect(&self, now: Timestamp) -> Result<bool> {
        let noted = read_small(&self.coord_dir.join(COLLECTED)).unwrap_or_default();
        let last: Option<Timestamp> = noted.trim().parse().ok();
        let is_time = last.is_some_and(|last| now.since(last) > COLLECT_EVERY);
        if is_time || last.is_none() {
            self.write_note(COLLECTED, format!("{now}\n").as_bytes())?;
        }
        Ok(is_time)
    }
}

/// Returns whether more has piled up than the last run has left, or that run came to nothing and is long ago.
fn is_due(pile: Pile, work: Work, last: Option<&Last>, now: Timestamp) -> bool {
    match last {
        None => true,
        Some(Last { end: End::Done(left), .. }) => pile.exceeds(*left, work),
        // A clock that has gone back does not keep it from being tried.
        Some(Last { started, .. }) => now.since(*started) > PAUSE || now < *started,
    }
}

/// Reads `coord.maintenance`: on unless it is off.
///
/// # Errors
/// `bad_setting`.
pub fn is_maintained(config: &Config) -> Result<bool> {
    match config.text("coord.maintenance").as_deref() {
        None | Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(value) => config.boolean("coord.maintenance").map(|is_on| is_on.unwrap_or(true)).map_err(|_| {
            let shown = text::excerpt(value, 40);
            Error::invalid("bad_setting", format!("coord.maintenance is «{shown}», which is neither on nor off"))
                .hint("git coord config coord.maintenance")
        }),
    }
}

/// Reads a file of ours, or its end where it is long; nothing where it cannot be read.
fn read_small(path: &Path) -> Option<String> {
    use io::{Read, Seek, SeekFrom};
    const MOST: u64 = 64 << 10;
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST))).ok()?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_seconds(minutes * 60)
    }

    fn last(end: End) -> Last {
        Last { started: at(100), end }
    }

    #[test]
    fn what_the_last_run_has_left_does_not_make_the_next_one_due() {
        let full = Pile { loose: 100, packs: 0 };
        let left = Pile { loose: 90, packs: 0 };
        assert!(is_due(full, Work::Pack, None, at(0)));
        assert!(is_due(full, Work::Pack, Some(&last(End::Done(Pile::default()))), at(100)));
        assert!(!is_due(full, Work::Pack, Some(&last(End::Done(left))), at(100)));
        let more = Pile { loose: 190, packs: 0 };
        assert!(is_due(more, Work::Pack, Some(&last(End::Done(left))), at(100)));
    }

    #[test]
    fn what_came_to_nothing_is_not_tried_again_and_again() {
        let full = Pile { loose: 100, packs: 0 };
        for end in [End::CutOff, End::Failed("disk full".to_owned())] {
            let last = last(end);
            assert!(!is_due(full, Work::Pack, Some(&last), at(101)));
            assert!(!is_due(full, Work::Pack, Some(&last), at(110)));
            assert!(is_due(full, Work::Pack, Some(&last), at(111)));
            assert!(is_due(full, Work::Pack, Some(&last), at(99)), "the clock has gone back");
        }
    }
}
