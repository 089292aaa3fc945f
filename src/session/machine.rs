//! What belongs to this machine and never to git: held claims, signs of life, what was delivered, the replica's id.
//!
//! Small files under `<common dir>/coord/`, each written whole and renamed into place. Losing them loses no record:
//! a holder then proves its claim by id or session, and signs of life start anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::base::{Id, Result, Timestamp, id};
use crate::query::Signs;
use crate::query::heard::Heard;
use crate::query::published::Sign;
use crate::query::stale::SignKey;
use crate::records::task::Claim;
use crate::store::Store;

/// How long a claim that is remembered may not have landed yet: longer than a writer waits for its turn.
const IN_FLIGHT: Duration = Duration::from_secs(120);

/// How long a session's sign of life is kept after it was given.
const SIGNS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The name of the note of what was heard of other machines.
const SEEN: &str = "seen";

/// What this machine remembers.
pub struct Machine<'s> {
    store: &'s Store,
    /// Where there is a remote of the team: nobody elsewhere need be heard of more often than once in so many minutes.
    shared: Option<u64>,
    /// Another worktree than the one we are in, whose claims are meant.
    worktree: Option<String>,
}

impl<'s> Machine<'s> {
    pub(super) fn new(store: &'s Store, shared: Option<u64>) -> Self {
        Machine { store, shared, worktree: None }
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
        self.rename_replica(fresh)?;
        Ok(fresh.to_string())
    }

    /// Gives this replica another id.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn rename_replica(&self, fresh: &Id) -> Result<()> {
        self.write("replica", &format!("{fresh}\n"))
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
        // What others call their claims may lead anywhere.
        let id = Id::parse(&claim.id).ok()?;
        if let Ok(noted) = fs::read_to_string(self.path(&provisional_file(&id))) {
            return Some(noted.trim_end().to_owned());
        }
        let is_there = |worktree: &String| {
            Machine { worktree: Some(worktree.clone()), ..*self }.held(&claim.agent).contains(&claim.id)
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
        let what = match key {
            SignKey::Session { session: "", .. } => String::new(),
            SignKey::Session { session, .. } => format!("session {session}\n"),
            SignKey::Claim(claim) => format!("claim {claim}\n"),
        };
        self.write(&sign_file(&key.name()), &format!("{at}\n{agent}\n{what}"))
    }

    /// Returns all signs of life that were noted, and what was heard of other machines.
    pub fn signs(&self) -> Signs {
        let signs = self.own_signs();
        let noted = signs.iter().map(|(name, sign)| (name.clone(), sign.at)).collect();
        let known = signs.values().fold(Signs::new(noted), |known, sign| known.with_seen(&sign.agent, sign.at));
        match self.shared {
            Some(minutes) => known.with_heard(self.heard(), minutes),
            None => known,
        }
    }

    /// Returns the signs of life that were given on this machine, by the name of their key.
    pub fn own_signs(&self) -> BTreeMap<String, Sign> {
        let folder = self.path("heartbeats");
        let read = |name: String| read_sign(&folder.join(&name)).map(|sign| (name, sign));
        names(&folder).into_iter().filter_map(read).collect()
    }

    /// Returns what was heard of other machines; nothing where that was lost.
    pub fn heard(&self) -> Heard {
        fs::read(self.path(SEEN)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Notes what was heard of other machines.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn note_heard(&self, heard: &Heard) -> Result<()> {
        self.write(SEEN, &serde_json::to_string(heard).unwrap_or_default())
    }

    /// Removes signs of life that are too old to matter to any claim.
    pub fn forget_old_signs(&self, now: Timestamp) {
        let folder = self.path("heartbeats");
        for name in names(&folder) {
            let path = folder.join(&name);
            if read_sign(&path).is_none_or(|sign| now.since(sign.at) > SIGNS_KEPT) {
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

/// Reads a sign of life: its moment, the agent that gave it, and its session or the claim that it is for.
fn read_sign(path: &Path) -> Option<Sign> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    let (at, agent) = (lines.next()?.parse().ok()?, lines.next()?.trim_end().to_owned());
    let what = lines.next().and_then(|line| line.split_once(' '));
    let named = |word: &str| what.filter(|(name, _)| *name == word).map(|(_, id)| id.to_owned());
    Some(Sign { agent, session: named("session"), claim: named("claim"), at })
}
