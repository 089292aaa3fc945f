//! Reading one commit's tree.
//!
//! Paths are components joined by `/`, without one at the ends; the top is the empty path. What git would refuse
//! in a tree (odd modes, names that are not UTF-8) is shown by [`Tree::list`] for what it is and never followed.

use gix::objs::{Kind, TreeRefIter};

use super::fault;
use super::objects::Objects;
use super::{Oid, Store};
use crate::base::Result;

/// The mode of a folder in a tree.
pub(super) const FOLDER: u32 = 0o040_000;
/// The mode of a plain file.
pub(super) const FILE: u32 = 0o100_644;
/// How deep a walk goes. Nothing of ours lies so deep: what does is an attack on the stack, and is passed over.
pub(super) const DEEPEST: usize = 64;

/// The tree of one commit.
pub struct Tree<'s> {
    store: &'s Store,
    root: Oid,
}

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The id of its bytes.
    pub id: Oid,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// One name in a folder of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name; what is not UTF-8 in it is shown as `�`.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// What it names.
    pub id: Oid,
    /// The mode as git writes it: 0o100644 a file, 0o120000 a symbolic link, 0o160000 a submodule.
    pub mode: u32,
    /// Whether the name is exactly the bytes that the tree holds.
    pub is_utf8: bool,
}

impl Entry {
    /// Returns whether it is a file (executable or not) with a readable name, which is all that is ever read.
    pub fn is_file(&self) -> bool {
        self.is_utf8 && is_file(self.mode)
    }
}

impl<'s> Tree<'s> {
    pub(super) fn new(store: &'s Store, root: Oid) -> Self {
        Tree { store, root }
    }

    /// Returns the id of the tree itself.
    pub fn id(&self) -> Oid {
        self.root
    }

    /// Returns the file at a path; nothing where there is no file there.
    ///
    /// # Errors
    /// `damaged` where an object on the way is missing or broken.
    pub fn read(&self, path: &str) -> Result<Option<Blob>> {
        let Some(id) = self.find(path)? else { return Ok(None) };
        Ok(Some(Blob { id, bytes: self.blob(id)? }))
    }

    /// Returns the id of the file at a path; nothing where there is no file there.
    ///
    /// # Errors
    /// `damaged` where a folder on the way is missing or broken.
    pub fn find(&self, path: &str) -> Result<Option<Oid>> {
        Ok(self.entry(path)?.filter(|(mode, _)| is_file(*mode)).map(|(_, id)| id))
    }

    /// Returns what stands in a folder, in git's order; nothing where there is no such folder.
    ///
    /// # Errors
    /// `damaged` where a folder on the way is missing or broken.
    pub fn list(&self, dir: &str) -> Result<Vec<Entry>> {
        let Some(id) = self.folder(dir)? else { return Ok(Vec::new()) };
        Ok(entries(&self.store.objects, id)?.into_iter().map(Raw::show).collect())
    }

    /// Calls `visit` with path and id of every file below a folder, in git's order. What is not a file with a
    /// UTF-8 name is passed over.
    ///
    /// # Errors
    /// `damaged` where a folder is missing or broken, and whatever `visit` returns.
    pub fn walk(&self, dir: &str, visit: &mut dyn FnMut(&str, Oid) -> Result<()>) -> Result<()> {
        match self.folder(dir)? {
            Some(id) => walk(&self.store.objects, id, dir, 0, visit),
            None => Ok(()),
        }
    }

    /// Returns the bytes of a file by its id.
    ///
    /// # Errors
    /// `damaged` where it is missing or broken, `too_large` above 64 MiB.
    pub fn blob(&self, id: Oid) -> Result<Vec<u8>> {
        self.store.objects.read(id, Kind::Blob)
    }

    fn folder(&self, dir: &str) -> Result<Option<Oid>> {
        if dir.is_empty() {
            return Ok(Some(self.root));
        }
        Ok(self.entry(dir)?.filter(|(mode, _)| *mode == FOLDER).map(|(_, id)| id))
    }

    fn entry(&self, path: &str) -> Result<Option<(u32, Oid)>> {
        let mut at = (FOLDER, self.root);
        for name in path.split('/') {
            if at.0 != FOLDER {
                return Ok(None);
            }
            let bytes = self.store.objects.read(at.1, Kind::Tree)?;
            match find_in(at.1, &bytes, name.as_bytes())? {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
        Ok(Some(at))
    }
}

/// One entry with its name as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) name: Vec<u8>,
    pub(super) mode: u32,
    pub(super) id: Oid,
}

impl Raw {
    pub(super) fn is_folder(&self) -> bool {
        self.mode == FOLDER
    }

    fn show(self) -> Entry {
        let is_dir = self.is_folder();
        let (name, is_utf8) = match String::from_utf8(self.name) {
            Ok(name) => (name, true),
            Err(err) => (String::from_utf8_lossy(err.as_bytes()).into_owned(), false),
        };
        Entry { name, is_dir, id: self.id, mode: self.mode, is_utf8 }
    }
}

/// Reads the entries of a tree object, in the order in which they stand.
pub(super) fn entries(objects: &Objects, id: Oid) -> Result<Vec<Raw>> {
    let bytes = objects.read(id, Kind::Tree)?;
    let entries = TreeRefIter::from_bytes(&bytes, id.0.kind()).map(|entry| {
        let entry = entry.map_err(|err| fault::unreadable(id, err))?;
        Ok(Raw { name: entry.filename.to_vec(), mode: u32::from(entry.mode.value()), id: Oid(entry.oid.to_owned()) })
    });
    entries.collect()
}

fn find_in(id: Oid, bytes: &[u8], name: &[u8]) -> Result<Option<(u32, Oid)>> {
    for entry in TreeRefIter::from_bytes(bytes, id.0.kind()) {
        let entry = entry.map_err(|err| fault::unreadable(id, err))?;
        if entry.filename == name {
            return Ok(Some((u32::from(entry.mode.value()), Oid(entry.oid.to_owned()))));
        }
    }
    Ok(None)
}

pub(super) fn is_file(mode: u32) -> bool {
    mode & 0o170_000 == 0o100_000
}

fn walk(
    objects: &Objects,
    id: Oid,
    dir: &str,
    depth: usize,
    visit: &mut dyn FnMut(&str, Oid) -> Result<()>,
) -> Result<()> {
    if depth > DEEPEST {
        return Ok(());
    }
    for entry in entries(objects, id)? {
        let Ok(name) = std::str::from_utf8(&entry.name) else { continue };
        let path = join(dir, name);
        if entry.is_folder() {
            walk(objects, entry.id, &path, depth + 1, visit)?;
        } else if is_file(entry.mode) {
            visit(&path, entry.id)?;
        }
    }
    Ok(())
}

pub(super) fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}
