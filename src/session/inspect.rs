//! What is odd about the files at one commit, for `doctor`: what is no record, what links to nothing, what git or a
//! file system would stumble over.

use std::collections::{BTreeMap, BTreeSet};

use super::TreeSnapshot;
use super::refused::why_in_the_way;
use super::snapshot::decode;
use crate::base::{Error, Result, Timestamp, id};
use crate::records::message::MESSAGE;
use crate::records::recipient::{self, FOLDER, Recipient};
use crate::records::{config, conflict, kind};
use crate::store::Entry;
use crate::store::rescue::Removal;

/// How deep oddities are looked for. Nothing of ours lies so deep.
const DEEPEST: usize = 16;

/// A file in the tree that is no record, and why.
#[derive(Debug)]
pub struct Unreadable {
    /// Where it lies.
    pub path: String,
    /// Why it is no record.
    pub error: Error,
}

/// A link in an inbox that leads to no message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dangling {
    /// Where it stands.
    pub path: String,
    /// Why it leads nowhere.
    pub why: &'static str,
}

/// An entry of the tree that no `git coord` would write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// Where it stands; what is not UTF-8 in it is shown as `�`.
    pub path: String,
    /// What is odd about it.
    pub why: &'static str,
    /// The folder that it is in.
    folder: String,
    /// Which of the entries of that folder it is.
    at: usize,
    /// Whether git, or a file system, would refuse it, or it lies where something of ours has to.
    pub is_refused: bool,
}

/// Returns the entries as a commit without them needs them named.
pub(super) fn removals(odd: &[Odd]) -> Vec<Removal> {
    let mut folders: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for odd in odd {
        folders.entry(&odd.folder).or_default().push(odd.at);
    }
    folders.into_iter().map(|(folder, at)| Removal { folder: folder.to_owned(), at }).collect()
}

impl TreeSnapshot<'_> {
    /// Lists every file in the tree that is no record and should be one, with the reason.
    ///
    /// # Errors
    /// `damaged` where the tree itself cannot be read.
    pub fn unreadable(&self) -> Result<Vec<Unreadable>> {
        let mut faults = Vec::new();
        self.tree.walk("", &mut |path, blob| {
            let is_known =
                path == config::PATH || recipient::locate(path).is_some() || conflict::locate_value(path).is_some();
            if is_known {
                return Ok(());
            }
            let fault = match kind::locate(path) {
                None => Some(Error::invalid("unknown_file", "no record of a kind that this version knows")),
                Some((kind, id)) => self.tree.blob(blob).and_then(|bytes| decode(kind, &id, &bytes)).err(),
            };
            faults.extend(fault.map(|error| Unreadable { path: path.to_owned(), error }));
            Ok(())
        })?;
        Ok(faults)
    }

    /// Returns whom messages are linked for.
    ///
    /// # Errors
    /// `damaged` where the tree cannot be read.
    pub fn inboxes(&self) -> Result<BTreeSet<Recipient>> {
        let mut owners = BTreeSet::new();
        self.tree.walk(FOLDER, &mut |path, _| {
            owners.extend(recipient::locate(path).map(|(owner, _)| owner));
            Ok(())
        })?;
        Ok(owners)
    }

    /// Returns the links in inboxes that are not the very bytes of their message, with the reason.
    ///
    /// # Errors
    /// `damaged` where the tree cannot be read.
    pub fn dangling_links(&self) -> Result<Vec<Dangling>> {
        let mut dangling = Vec::new();
        self.tree.walk(FOLDER, &mut |path, blob| {
            let Some((_, message)) = recipient::locate(path) else { return Ok(()) };
            let why = match self.tree.find(&MESSAGE.path(&message))? {
                None => "there is no such message",
                Some(whole) if whole != blob => "the message is another one",
                Some(_) => return Ok(()),
            };
            dangling.push(Dangling { path: path.to_owned(), why });
            Ok(())
        })?;
        Ok(dangling)
    }

    /// Returns the entries of the tree that no `git coord` would write and that are passed over in silence.
    ///
    /// # Errors
    /// `damaged` where the tree cannot be read.
    pub fn oddities(&self) -> Result<Vec<Odd>> {
        let mut odd = Vec::new();
        self.odd_below("", 0, &mut odd)?;
        Ok(odd)
    }

    /// Returns those of the oddities that git, or a file system, would refuse, or that stand in the way of ours.
    ///
    /// # Errors
    /// `damaged` where the tree cannot be read.
    pub(super) fn refused_by_git(&self) -> Result<Vec<Odd>> {
        let mut odd = self.oddities()?;
        odd.retain(|odd| odd.is_refused);
        Ok(odd)
    }

    fn odd_below(&self, folder: &str, depth: usize, odd: &mut Vec<Odd>) -> Result<()> {
        let entries = self.tree.list(folder)?;
        let twins = self.lesser_twins(folder, &entries)?;
        for (at, entry) in entries.iter().enumerate() {
            let path = if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
            let why = match entry.mode {
                _ if !entry.is_utf8 => Some("its name is not UTF-8"),
                0o120_000 => Some("it is a symbolic link"),
                0o160_000 => Some("it is a submodule"),
                _ if is_trick(&entry.name) => Some("its name is one that git, or a file system, takes for another"),
                _ if why_in_the_way(&path, entry.is_dir).is_some() => why_in_the_way(&path, entry.is_dir),
                _ if twins.contains(&at) => Some("another name beside it differs from it only in case"),
                _ => None,
            };
            let is_too_deep = entry.is_dir && depth >= DEEPEST;
            match why.or(is_too_deep.then_some("it lies too deep to be looked into")) {
                Some(said) => {
                    let is_refused = why.is_some();
                    odd.push(Odd { path, why: said, folder: folder.to_owned(), at, is_refused });
                }
                None if entry.is_dir => self.odd_below(&path, depth + 1, odd)?,
                None => {}
            }
        }
        Ok(())
    }

    /// Returns which entries of a folder are twins of others that are more worth: that are records, or older.
    fn lesser_twins(&self, folder: &str, entries: &[Entry]) -> Result<BTreeSet<usize>> {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            groups.entry(id::fold(&entry.name)).or_default().push(at);
        }
        let mut lesser = BTreeSet::new();
        for group in groups.into_values().filter(|group| group.len() > 1) {
            let mut ranked = Vec::with_capacity(group.len());
            for at in group {
                ranked.push((self.worth(folder, &entries[at])?, at));
            }
            ranked.sort();
            lesser.extend(ranked.into_iter().skip(1).map(|(_, at)| at));
        }
        Ok(lesser)
    }

    /// Returns by what twins are ranked: the least is worth the most.
    fn worth(&self, folder: &str, entry: &Entry) -> Result<(u8, Timestamp)> {
        if entry.is_dir {
            return Ok((u8::from(entry.name != id::fold(&entry.name)), Timestamp::default()));
        }
        let path = if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
        let Some((kind, id)) = kind::locate(&path).filter(|_| entry.is_file()) else {
            return Ok((if path == config::PATH { 0 } else { 2 }, Timestamp::default()));
        };
        match self.tree.blob(entry.id).and_then(|bytes| decode(kind, &id, &bytes)) {
            Ok(record) => Ok((0, record.created_at())),
            Err(error) if matches!(error.code(), "unreadable" | "too_large") => Ok((1, Timestamp::default())),
            Err(error) => Err(error),
        }
    }
}

/// Returns whether a name is one that git refuses in a tree, because somewhere it would be another: `.git` in disguise, a
/// step up, or a path of its own.
pub(super) fn is_trick(name: &str) -> bool {
    // What HFS+ leaves out of a name, NTFS at its end, and the short name that it gives to `.git`.
    let is_left_out = |c: &char| matches!(*c as u32, 0x200C..=0x200F | 0x202A..=0x202E | 0x206A..=0x206F | 0xFEFF);
    let plain: String = name.chars().filter(|c| !is_left_out(c)).collect::<String>().to_ascii_lowercase();
    let plain = plain.split(':').next().unwrap_or_default().trim_end_matches([' ', '.']);
    matches!(name, "." | "..") || matches!(plain, ".git" | "git~1") || name.contains(['\\', '/'])
}

#[cfg(test)]
mod tests {
    use super::is_trick;

    #[test]
    fn names_in_disguise_are_known_and_others_are_left_alone() {
        for name in [".git", ".GIT", ".git ", ".git.", "git~1", ".g\u{200c}it", ".git::$INDEX", "..", "a\\b"] {
            assert!(is_trick(name), "{name:?}");
        }
        for name in ["T-1.md", ".gitignore", "git", "tasks", "x.git", "...", "審査.md"] {
            assert!(!is_trick(name), "{name:?}");
        }
    }
}
