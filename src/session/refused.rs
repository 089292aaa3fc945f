//! What is wrong with a head that somebody else made, and a commit on top of it in which it is right.
//!
//! Entries that git itself would refuse, or in whose place something of ours has to lie, are taken out, and settings that make no sense become those before them, so that
//! one bad push stops nobody. What has been looked at before, and has not changed, is not looked at again. Names that differ only in case are
//! left: both may be somebody's record, made on two machines (`docs/decisions/0019`).

use std::collections::{BTreeMap, BTreeSet};

use super::Session;
use super::inspect::is_trick;
use crate::base::{Error, Result, text};
use crate::merge::MERGER;
use crate::merge::commit::ADDRESS;
use crate::records::places::{self, Wanted};
use crate::records::{Config, config};
use crate::store::rescue::Removal;
use crate::store::{Content, Edit, Entry, Maker, NewCommit, Oid, Person, Signing, Tree};

/// The most entries that a state may have: many times more than anybody works with. Folders that hold each other in many
/// places would make a walk that never ends.
const MOST_ENTRIES: usize = 8_000_000;

/// How deep entries are looked for. Nothing of ours lies so deep, and nothing that does is ever read.
const DEEPEST: usize = 16;

/// How many commits are asked for settings that make sense.
const MOST_COMMITS: usize = 10_000;

/// The most entries that the message of a commit names.
const MOST_NAMED: usize = 50;

/// What has to be put right.
#[derive(Debug, Default)]
pub(super) struct Faults {
    removals: Vec<Removal>,
    told: Vec<String>,
    settings: Option<Vec<u8>>,
}

impl Faults {
    pub(super) fn is_empty(&self) -> bool {
        self.removals.is_empty() && self.settings.is_none()
    }

    /// Returns what is wrong, a line each.
    pub(super) fn told(&self) -> Vec<String> {
        let entries = self.told.iter().map(|line| line.trim_start_matches("- ").to_owned());
        let settings = self.settings.is_some().then(|| format!("{}: it makes no sense", config::PATH));
        entries.chain(settings).collect()
    }
}

impl Session {
    /// Returns what is wrong with a head of somebody else. What `known` has too is not looked at.
    ///
    /// # Errors
    /// `not_a_state` where there is nothing to put right, `newer_format`, `too_many_entries`, `damaged`.
    pub(super) fn faults_of(&self, head: Oid, known: Option<Oid>) -> Result<Faults> {
        let store = self.store();
        let tree = store.tree(head).map_err(|error| match error.code() {
            "left_out" => error,
            _ => not_a_state(head).because(error),
        })?;
        let settings = self.sensible_settings(head, &tree)?;
        let known = known.map(|known| store.tree(known)).transpose()?;
        let most = if cfg!(feature = "testing") {
            self.options().environment.text("GIT_COORD_TEST_MOST_ENTRIES").and_then(|text| text.parse().ok())
        } else {
            None
        };
        let mut faults = Faults { settings, ..Faults::default() };
        let mut walk = Walk { tree, known, left: most.unwrap_or(MOST_ENTRIES), head, faults: &mut faults };
        walk.folder("", 0)?;
        Ok(faults)
    }

    /// Returns the settings that a head had before those that make no sense; nothing where they do.
    fn sensible_settings(&self, head: Oid, tree: &Tree<'_>) -> Result<Option<Vec<u8>>> {
        match read_settings(tree)? {
            Some((_, Err(error))) if error.code() == "unsupported_format" => {
                return Err(Error::fatal("newer_format", error.message().to_owned()).hint("install a newer git-coord"));
            }
            Some((_, Ok(_))) => return Ok(None),
            _ => {}
        }
        let store = self.store();
        let mut at = store.commit(head)?.parents.first().copied();
        for _ in 0..MOST_COMMITS {
            let Some(commit) = at else { break };
            if let Some((bytes, Ok(_))) = read_settings(&store.tree(commit)?)? {
                return Ok(Some(bytes));
            }
            at = store.commit(commit)?.parents.first().copied();
        }
        Err(not_a_state(head))
    }

    /// Makes the commits on top of a head with which it is right, the last of which is the new head; they are the same on every
    /// machine. No ref names them yet.
    pub(super) fn put_right(&self, maker: &dyn Maker, head: Oid, faults: &Faults) -> Result<Vec<Oid>> {
        let nobody = Person::new(MERGER, ADDRESS);
        let time = self.store().commit(head)?.commit_time;
        let mut new = NewCommit {
            expected: None,
            parents: vec![head],
            base: Some(head),
            edits: Vec::new(),
            author: nobody.clone(),
            author_time: time,
            committer: nobody,
            commit_time: time,
            message: String::new(),
            reflog: String::new(),
            signing: Signing::Never,
        };
        let mut made = Vec::new();
        if !faults.removals.is_empty() {
            let more = faults.told.len().saturating_sub(MOST_NAMED);
            let mut lines: Vec<String> = faults.told.iter().take(MOST_NAMED).cloned().collect();
            lines.extend((more > 0).then(|| format!("- and {more} more")));
            new.message = format!("Take out what git would refuse\n\n{}\n", lines.join("\n"));
            made.push(maker.make_without(&new, &faults.removals)?);
        }
        if let Some(bytes) = &faults.settings {
            let content = Some(Content::Bytes(bytes.clone().into()));
            let right = made.last().copied().unwrap_or(head);
            (new.parents, new.base) = (vec![right], Some(right));
            new.edits = vec![Edit { path: config::PATH.to_owned(), content }];
            new.message = format!("Take back settings that make no sense\n\n- {}\n", config::PATH);
            made.push(maker.make(&new)?);
        }
        Ok(made)
    }
}

/// Returns the settings in a tree, as bytes and as understood; nothing where there are none.
fn read_settings(tree: &Tree<'_>) -> Result<Option<(Vec<u8>, Result<Config>)>> {
    let Some(blob) = tree.find(config::PATH)? else { return Ok(None) };
    match tree.blob(blob) {
        Ok(bytes) => {
            let config = Config::decode(&bytes);
            Ok(Some((bytes, config)))
        }
        Err(error) if error.code() == "too_large" => Ok(None),
        Err(error) => Err(error),
    }
}

fn not_a_state(head: Oid) -> Error {
    Error::invalid("not_a_state", format!("cannot take over {head}: it holds no coordination state"))
        .hint(format!("git log -3 {head}"))
}

struct Walk<'a, 's> {
    tree: Tree<'s>,
    known: Option<Tree<'s>>,
    /// How many entries may still come.
    left: usize,
    head: Oid,
    faults: &'a mut Faults,
}

impl Walk<'_, '_> {
    fn folder(&mut self, folder: &str, depth: usize) -> Result<()> {
        let entries = self.tree.list(folder)?;
        self.left = self.left.checked_sub(entries.len()).ok_or_else(|| {
            Error::invalid("too_many_entries", format!("cannot take over {}: it has too many entries", self.head))
                .hint(format!("git log -3 {}", self.head))
        })?;
        let known = self.known.as_ref().map(|known| known.list(folder)).transpose()?.unwrap_or_default();
        let known: BTreeMap<&str, &Entry> = known.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        let (mut seen, mut gone) = (BTreeSet::new(), Vec::new());
        for (at, entry) in entries.iter().enumerate() {
            let is_first = seen.insert(entry.name.as_str());
            if is_first && known.get(entry.name.as_str()).is_some_and(|known| *known == entry) {
                continue;
            }
            let path = if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
            match why_refused(entry, is_first).or_else(|| why_in_the_way(&path, entry.is_dir)) {
                Some(why) => {
                    gone.push(at);
                    self.faults.told.push(format!("- {}: {why}", text::one_line(&path)));
                }
                None if entry.is_dir && depth < DEEPEST => self.folder(&path, depth + 1)?,
                None => {}
            }
        }
        if !gone.is_empty() {
            self.faults.removals.push(Removal { folder: folder.to_owned(), at: gone });
        }
        Ok(())
    }
}

/// Returns why an entry cannot stay, though git has nothing against it: something of ours needs its place, and could not be
/// written.
pub(super) fn why_in_the_way(path: &str, is_dir: bool) -> Option<&'static str> {
    match places::wanted(path) {
        Some(Wanted::File) if is_dir => Some("it is a folder in the place of a file"),
        Some(Wanted::Folder) if !is_dir => Some("it is a file in the place of a folder"),
        _ => None,
    }
}

/// Returns why git would refuse an entry.
fn why_refused(entry: &Entry, is_first: bool) -> Option<&'static str> {
    match entry.mode {
        _ if !is_first => Some("its name stands there twice"),
        _ if !entry.is_utf8 => Some("its name is not UTF-8"),
        0o120_000 => Some("it is a symbolic link"),
        0o160_000 => Some("it is a submodule"),
        _ if !entry.is_dir && !entry.is_file() => Some("it is neither file nor folder"),
        _ if is_trick(&entry.name) => Some("its name is one that git, or a file system, takes for another"),
        _ => None,
    }
}
