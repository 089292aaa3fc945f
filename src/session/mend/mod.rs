//! What `doctor --fix` can mend. A check says what is wrong and names the remedy, as data; here remedies are words, and
//! are carried out.
//!
//! Nothing is mended that nobody has found, and nothing goes without a copy of it in `coord/backup/`
//! (`docs/decisions/0017`).

mod entries;
mod lost;
mod rescue;
mod upkeep;

use std::path::{Path, PathBuf};

use super::setup::{NOBODY, Wanted};
use super::{Identity, Session};
use crate::base::{Error, Result};
use crate::store::rescue::Backup;
use crate::store::{Oid, Person};

pub use lost::{Lost, LostCommit};

/// What mends something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// The ref names the newest whole state that can be had.
    Rescue,
    /// What was acknowledged and is in history no longer is joined with the state again.
    BringBack,
    /// What can no longer be read goes out of the reflog.
    ClearReflog,
    /// The moves of the ref are noted from now on.
    BeginReflog,
    /// The lock that a killed writer of ours left is removed.
    Unlock,
    /// Git learns a setting.
    Set(Wanted),
    /// Git forgets a value of a setting.
    Unset(Wanted),
    /// The replica gets an id.
    NameReplica,
    /// The index goes, and is made anew when it is next asked.
    DropIndex,
    /// A file that nobody uses goes.
    Remove(PathBuf),
    /// A commit without the entries that git would refuse.
    Strip,
    /// A commit in which every link leads to its message.
    Relink,
}

impl Remedy {
    /// Returns how it mends, for people.
    pub fn words(&self) -> String {
        match self {
            Remedy::Rescue => "goes back to what can be read, and says what is lost".to_owned(),
            Remedy::BringBack => {
                "makes a commit that joins it with the state again, as the next write would".to_owned()
            }
            Remedy::ClearReflog => "takes them out of the reflog; a copy of it is kept".to_owned(),
            Remedy::BeginReflog => "begins the reflog".to_owned(),
            Remedy::Unlock => "removes the lock".to_owned(),
            Remedy::Set(Wanted { key, value }) => format!("adds {key} = {value}"),
            Remedy::Unset(Wanted { key, value }) => {
                format!("takes out {key} = {value}; a copy of the settings is kept")
            }
            Remedy::NameReplica => "gives it one".to_owned(),
            Remedy::DropIndex => "removes it; it is made anew when it is next asked".to_owned(),
            Remedy::Remove(_) => "removes it".to_owned(),
            Remedy::Strip => "makes a commit without it; it stays in history".to_owned(),
            Remedy::Relink => "makes a commit in which the inbox is right".to_owned(),
        }
    }
}

/// What came of mending.
#[derive(Debug, Default)]
pub struct Mended {
    /// What was lost of the records.
    pub lost: Vec<Lost>,
    /// The commits that are in history no longer.
    pub gone: Vec<LostCommit>,
    /// The folder in which what was there before is kept, where there was something to keep.
    pub backup: Option<PathBuf>,
    /// What could not be mended, and why.
    pub failed: Vec<(Remedy, Error)>,
}

impl Session {
    /// Carries remedies out, each once and in an order in which one is of use to the next. Where an earlier call has
    /// begun a backup, it is gone on with.
    pub fn mend(&self, remedies: &[Remedy], begun: Option<&Path>) -> Mended {
        let mut mended = Mended::default();
        let mut backup = begun.map(|folder| self.store().back_up_into(folder));
        for remedy in in_order(remedies) {
            if let Err(error) = self.apply(remedy, &mut backup, &mut mended) {
                mended.failed.push((remedy.clone(), error));
            }
        }
        mended.backup = backup.as_ref().and_then(Backup::folder);
        mended
    }

    /// Says what mending would cost, and changes nothing.
    ///
    /// # Errors
    /// `left_out`, `io`: what cannot be read here need not be lost.
    pub fn would_mend(&self, remedies: &[Remedy]) -> Result<Mended> {
        let mut mended = Mended::default();
        if remedies.contains(&Remedy::Rescue) {
            rescue::foresee(self, &mut mended)?;
        }
        if remedies.contains(&Remedy::BringBack) {
            rescue::foresee_lost_tip(self, &mut mended)?;
        }
        Ok(mended)
    }

    fn apply<'s>(&'s self, remedy: &Remedy, backup: &mut Option<Backup<'s>>, mended: &mut Mended) -> Result<()> {
        match remedy {
            Remedy::Rescue => rescue::carry_out(self, self.backup(backup), mended),
            Remedy::BringBack => rescue::bring_back(self, self.backup(backup), mended),
            Remedy::ClearReflog => rescue::clear_reflog(self, self.backup(backup)),
            Remedy::BeginReflog => upkeep::begin_reflog(self),
            // Whoever enters the queue removes what a dead writer of ours left there.
            Remedy::Unlock => self.store().lock(self.settings().lock_timeout).map(drop),
            Remedy::Set(wanted) => upkeep::set(self, wanted),
            Remedy::Unset(unwanted) => upkeep::unset(self, unwanted, self.backup(backup)),
            Remedy::NameReplica => upkeep::name_replica(self),
            Remedy::DropIndex => upkeep::drop_index(self),
            Remedy::Remove(path) => upkeep::remove(path),
            Remedy::Strip => entries::strip(self),
            Remedy::Relink => entries::relink(self),
        }
    }

    /// Returns the backup of this command, begun where it was not.
    fn backup<'a, 's>(&'s self, backup: &'a mut Option<Backup<'s>>) -> &'a Backup<'s> {
        let moment: String = self.now().to_string().chars().filter(char::is_ascii_alphanumeric).collect();
        backup.get_or_insert_with(|| self.store().back_up(&moment))
    }

    /// Returns who makes a commit that mends: nobody in particular, where git knows no one.
    fn mender(&self) -> Identity {
        self.identity().unwrap_or_else(|_| {
            let nobody = Person::new(NOBODY.0, NOBODY.1);
            let (author, committer) = (nobody.clone(), nobody);
            Identity { agent: NOBODY.0.to_owned(), source: "nobody", session: None, author, committer }
        })
    }
}

/// Returns the remedies without doubles: the state first, then what is about it.
fn in_order(remedies: &[Remedy]) -> Vec<&Remedy> {
    let rank = |remedy: &Remedy| match remedy {
        Remedy::Unlock => 0,
        Remedy::DropIndex => 1,
        Remedy::Rescue | Remedy::BringBack => 2,
        Remedy::ClearReflog | Remedy::BeginReflog => 3,
        Remedy::Set(_) | Remedy::Unset(_) | Remedy::NameReplica | Remedy::Remove(_) => 4,
        Remedy::Strip => 5,
        Remedy::Relink => 6,
    };
    let mut ordered: Vec<&Remedy> = Vec::new();
    for remedy in remedies {
        if !ordered.contains(&remedy) {
            ordered.push(remedy);
        }
    }
    ordered.sort_by_key(|remedy| rank(remedy));
    ordered
}

/// Returns the start of an id, as people are shown it.
fn short(id: Oid) -> String {
    id.to_string().chars().take(10).collect()
}
