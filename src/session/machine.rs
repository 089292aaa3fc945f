//! What belongs to this machine and never to git: held claims, signs of life, what was delivered, the replica's id.
//!
//! Small files under `<common dir>/coord/`, each written whole and renamed into place. Losing them loses no record:
//! a holder then proves its claim by id or session, and signs of life start anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::{Id, Result, Timestamp, id};
use crate::query::Signs;
use crate::query::stale::SignKey;
use crate::records::task::Claim;
use crate::store::Store;

/// How long a claim that is remembered may not have landed yet: longer than a writer waits for its turn.
const IN_FLIGHT: Duration = Duration::from_secs(120);

/// How long a session's sign of life is kept after it was given.
const SIGNS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// What this machine remembers.
pub struct Machine<'s> {
    store: &'s Store,
    /// Another worktree than the one we are in, whose claims are meant.
    worktree: Option<String>,
}

impl<'s> Machine<'s> {
    pub(super) fn new(store: &'s Store) -> Self {
        Machine { store, worktree: None }
    }

    /// Returns the same for what another worktree remembers.
    pub(super) fn of(self, worktree: &str) -> Self {
        Machine { worktree: Some(worktree.to_owned()), ..self }
    }

    /// Returns what names the worktree: where its git dir lies below the common dir, so that a repository may be moved or
    /// mounted elsewhere.
    pub(super) fn worktree(&self) -> String {
        let git_dir = self.store.git_dir();
        let below = git_dir.strip_prefix(self.store.common_dir()).unwrap_or(git_dir);
        self.worktree.clone().unwrap_or_else(|| below.to_string_lossy().into_owned())
    }

    /// Returns the id of this replica; nothing before `init`.
    pub fn replica(&self) -> Option<String> {
        let text = fs::read_to_string(self.path("replica")).ok()?;
        Id::parse(text.trim()).ok().map(String::from)
    }

    /// Gives this replica an id, where it has none.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn name_replica(&self, fresh: &Id) -> Result<String> {
        if let Some(known) = self.replica() {
            return Ok(known);
        }
        self.write("replica", &format!("{fresh}\n"))?;
        Ok(fresh.to_string())
    }

    /// Returns the ids of the claims that this worktree remembers for an agent.
    pub fn held(&self, agent: &str) -> BTreeSet<String> {
        names(&self.path(&self.held_folder(agent)))
    }

    /// Notes that a claim which was made here is yet to be confirmed by the remote of the team.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn note_provisional(&self, claim: &str) -> Result<()> {
        self.write(&provisional_file(claim), &format!("{}\n", self.worktree()))
    }

    /// Returns the claims that were made here and are yet to be confirmed.
    pub fn provisional(&self) -> BTreeSet<String> {
        names(&self.path("provisional"))
    }

    /// Forgets that a claim was to be confirmed: it is, or is lost.
    pub fn forget_provisional(&self, claim: &str) {
        self.store.remove_note(&provisional_file(claim));
    }

    /// Returns the worktree of this machine in which a claim was made; nothing where it was made elsewhere.
    pub fn worktree_of(&self, claim: &Claim) -> Option<String> {
        let noted = fs::read_to_string(self.path(&provisional_file(&claim.id)));
        // What others call their claims may be no name of a file.
        if let (Ok(_), Ok(noted)) = (Id::parse(&claim.id), noted) {
            return Some(noted.trim_end().to_owned());
        }
        let is_there = |worktree: &String| {
            Machine { store: self.store, worktree: Some(worktree.clone()) }.held(&claim.agent).contains(&claim.id)
        };
        self.store.worktrees().into_iter().find(is_there)
    }

    /// Returns the branch that is checked out in the worktree in which a claim was made, as far as that can be told.
    pub fn branch_of(&self, claim: &Claim) -> Option<String> {
        self.store.branch_in(&self.worktree_of(claim)?)
    }

    /// Remembers a claim, before it is known whether it is won: one that was not is the id of nothing.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn hold(&self, agent: &str, claim: &str, at: Timestamp) -> Result<()> {
        let file = format!("{}/{claim}", self.held_folder(agent));
        if self.path(&file).exists() {
            return Ok(());
        }
        self.write(&file, &format!("{at}\n"))
    }

    /// Returns whether a claim was remembered so long ago that, if it was ever to be made, it has been made.
    pub fn is_settled(&self, agent: &str, claim: &str, now: Timestamp) -> bool {
        let text = fs::read_to_string(self.path(&format!("{}/{claim}", self.held_folder(agent)))).unwrap_or_default();
        text.trim().parse().map_or(true, |at: Timestamp| now.since(at) > IN_FLIGHT)
    }

    /// Forgets a claim that is over, and its signs of life.
    pub fn let_go(&self, agent: &str, claim: &str) {
        // What cannot be removed is the id of nothing, and harmless.
        self.store.remove_note(&format!("{}/{claim}", self.held_folder(agent)));
        self.store.remove_note(&sign_file(&SignKey::Claim(claim).name()));
    }

    /// Notes a sign of life.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn note_sign(&self, key: SignKey<'_>, agent: &str, at: Timestamp) -> Result<()> {
        // Only a clock that has gone back notes an earlier moment: then the later one was wrong.
        self.write(&sign_file(&key.name()), &format!("{at}\n{agent}\n"))
    }

    /// Returns all signs of life that were noted.
    pub fn signs(&self) -> Signs {
        let folder = self.path("heartbeats");
        let read = |name: String| read_sign(&folder.join(&name)).map(|(at, agent)| (name, at, agent));
        let signs: Vec<_> = names(&folder).into_iter().filter_map(read).collect();
        let noted = signs.iter().map(|(name, at, _)| (name.clone(), *at)).collect();
        signs.iter().fold(Signs::new(noted), |known, (_, at, agent)| known.with_seen(agent, *at))
    }

    /// Removes signs of life that are too old to matter to any claim.
    pub fn forget_old_signs(&self, now: Timestamp) {
        let folder = self.path("heartbeats");
        for name in names(&folder) {
            let path = folder.join(&name);
            if read_sign(&path).is_none_or(|(noted, _)| now.since(noted) > SIGNS_KEPT) {
                self.store.remove_note(&format!("heartbeats/{name}"));
            }
        }
    }

    /// Returns the messages that were listed to an agent on this machine before.
    pub fn delivered(&self, agent: &str) -> BTreeSet<String> {
        let text = fs::read_to_string(self.path(&delivered_file(agent))).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Notes the messages that lie unread in an agent's inbox and have been listed to it.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn note_delivered(&self, agent: &str, messages: &BTreeSet<String>) -> Result<()> {
        let text: String = messages.iter().map(|id| format!("{id}\n")).collect();
        self.write(&delivered_file(agent), &text)
    }

    /// The claims of one agent in one worktree: two worktrees are two owners, whatever the name.
    fn held_folder(&self, agent: &str) -> String {
        format!("held/{}", id::digest(&format!("{}\n{agent}", self.worktree())))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.store.coord_dir().join(name)
    }

    /// Writes a file whole: beside its place, then renamed. A crash before the rename leaves a file that nobody reads.
    fn write(&self, name: &str, text: &str) -> Result<()> {
        self.store.write_note(name, text.as_bytes())
    }
}

fn sign_file(key: &str) -> String {
    format!("heartbeats/{key}")
}

fn provisional_file(claim: &str) -> String {
    format!("provisional/{claim}")
}

fn delivered_file(agent: &str) -> String {
    format!("delivered/{}", id::digest(agent))
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Reads a sign of life: its moment and the agent that gave it.
fn read_sign(path: &Path) -> Option<(Timestamp, String)> {
    let text = fs::read_to_string(path).ok()?;
    let (at, agent) = text.split_once('\n')?;
    Some((at.parse().ok()?, agent.trim_end().to_owned()))
}
