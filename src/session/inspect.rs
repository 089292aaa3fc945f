//! What is odd about the files at one commit, for `doctor`: what is no record, what links to nothing, what git or a
//! file system would stumble over.

use std::collections::{BTreeMap, BTreeSet};

use super::TreeSnapshot;
use super::snapshot::decode;
use crate::base::{Error, Result, id};
use crate::records::message::MESSAGE;
use crate::records::recipient::{self, FOLDER, Recipient};
use crate::records::{config, kind};

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

/// An entry of the tree that no `git coord` would write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// Where it stands; what is not UTF-8 in it is shown as `�`.
    pub path: String,
    /// What is odd about it.
    pub why: &'static str,
}

impl TreeSnapshot<'_> {
    /// Lists every file in the tree that is no record and should be one, with the reason.
    ///
    /// # Errors
    /// `damaged` where the tree itself cannot be read.
    pub fn unreadable(&self) -> Result<Vec<Unreadable>> {
        let mut faults = Vec::new();
        self.tree.walk("", &mut |path, blob| {
            if path == config::PATH || recipient::locate(path).is_some() {
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
    pub fn dangling_links(&self) -> Result<Vec<Odd>> {
        let mut dangling = Vec::new();
        self.tree.walk(FOLDER, &mut |path, blob| {
            let Some((_, message)) = recipient::locate(path) else { return Ok(()) };
            let why = match self.tree.find(&MESSAGE.path(&message))? {
                None => "there is no such message",
                Some(whole) if whole != blob => "the message is another one",
                Some(_) => return Ok(()),
            };
            dangling.push(Odd { path: path.to_owned(), why });
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

    fn odd_below(&self, folder: &str, depth: usize, odd: &mut Vec<Odd>) -> Result<()> {
        let mut seen: BTreeMap<String, ()> = BTreeMap::new();
        for entry in self.tree.list(folder)? {
            let path = if folder.is_empty() { entry.name.clone() } else { format!("{folder}/{}", entry.name) };
            let why = match entry.mode {
                _ if !entry.is_utf8 => Some("its name is not UTF-8"),
                0o120_000 => Some("it is a symbolic link"),
                0o160_000 => Some("it is a submodule"),
                _ if seen.insert(id::fold(&entry.name), ()).is_some() => {
                    Some("another name beside it differs from it only in case")
                }
                _ if entry.is_dir && depth >= DEEPEST => Some("it lies too deep to be looked into"),
                _ => None,
            };
            match why {
                Some(why) => odd.push(Odd { path, why }),
                None if entry.is_dir => self.odd_below(&path, depth + 1, odd)?,
                None => {}
            }
        }
        Ok(())
    }
}
