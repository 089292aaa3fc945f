//! Reading one commit's tree.
//!
//! Paths are components joined by `/`, without one at the ends; the top is the empty path. What git would refuse
//! in a tree (odd modes, names that are not UTF-8) is shown by [`Tree::list`] for what it is and never followed.

use gix::bstr::ByteSlice as _;
use gix::hash::ObjectId;
use gix::objs::Kind;

use super::fault;
use super::objects::Objects;
use super::{Oid, Store};
use crate::base::{Error, Result};

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
        Ok(self.store.objects.read(id, Kind::Blob)?.to_vec())
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

    /// Returns whether what it names has to be in the repository, as a submodule's commit has not.
    pub(super) fn is_in_the_repository(&self) -> bool {
        self.mode & 0o170_000 != 0o160_000
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

/// Returns the bytes of a tree object of entries that stand in git's order.
pub(super) fn encode(entries: &[Raw]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend_from_slice(format!("{:o} ", entry.mode).as_bytes());
        bytes.extend_from_slice(&entry.name);
        bytes.push(0);
        bytes.extend_from_slice(entry.id.as_bytes());
    }
    bytes
}

/// Reads the entries of a tree object, in the order in which they stand.
pub(super) fn entries(objects: &Objects, id: Oid) -> Result<Vec<Raw>> {
    parse(id, &objects.read(id, Kind::Tree)?)
}

/// Understands the bytes of a tree object.
pub(super) fn parse(id: Oid, bytes: &[u8]) -> Result<Vec<Raw>> {
    let raw = |row: Result<Row<'_>>| row.map(|row| Raw { name: row.name.to_vec(), mode: row.mode, id: row.id });
    rows(id, bytes).map(raw).collect()
}

/// Finds an entry. Only that one is understood; of the others no more is looked at than where they end.
fn find_in(id: Oid, bytes: &[u8], name: &[u8]) -> Result<Option<(u32, Oid)>> {
    let (mut rest, width) = (bytes, id.as_bytes().len());
    while !rest.is_empty() {
        let (space, end) = bounds(rest).ok_or_else(|| no_tree(id))?;
        if rest[space + 1..end] == *name {
            let row = row(rest, width).ok_or_else(|| no_tree(id))?;
            return Ok(Some((row.mode, row.id)));
        }
        rest = rest.get(end + 1 + width..).ok_or_else(|| no_tree(id))?;
    }
    Ok(None)
}

/// One entry as it stands in the bytes of a tree.
#[derive(Clone, Copy)]
pub(super) struct Row<'b> {
    pub(super) name: &'b [u8],
    pub(super) mode: u32,
    pub(super) id: Oid,
    /// All of it: `mode name`, a NUL, the bytes of the id.
    pub(super) bytes: &'b [u8],
}

/// Goes through the bytes of a tree. Where they make no sense there is an error, and then nothing more.
pub(super) fn rows(tree: Oid, bytes: &[u8]) -> impl Iterator<Item = Result<Row<'_>>> {
    let (mut rest, width) = (bytes, tree.as_bytes().len());
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let row = row(rest, width);
        rest = row.map_or(&[], |row| &rest[row.bytes.len()..]);
        Some(row.ok_or_else(|| no_tree(tree)))
    })
}

/// Returns the first of the entries that are left of a tree; nothing where none is.
pub(super) fn first((tree, rest): (Oid, &[u8])) -> Result<Option<Row<'_>>> {
    if rest.is_empty() {
        return Ok(None);
    }
    row(rest, tree.as_bytes().len()).map(Some).ok_or_else(|| no_tree(tree))
}

/// Returns how many bytes at the start of two trees are entries that both have.
pub(super) fn skip_same(a: &[u8], b: &[u8], width: usize) -> usize {
    let mut same = 0;
    while let Some((_, end)) = bounds(&a[same..]) {
        let next = same + end + 1 + width;
        match (a.get(same..next), b.get(same..next)) {
            (Some(a), Some(b)) if a == b => same = next,
            _ => break,
        }
    }
    same
}

fn no_tree(tree: Oid) -> Error {
    fault::damaged(format!("object {tree} cannot be read: it is no tree"))
}

/// Returns where the name of the first entry begins and ends: the places of the blank before it and the NUL behind it.
fn bounds(bytes: &[u8]) -> Option<(usize, usize)> {
    // Nearly all modes have six digits, and those of folders five.
    let space = match bytes {
        [_, _, _, _, _, _, b' ', ..] => 6,
        [_, _, _, _, _, b' ', ..] => 5,
        _ => bytes.iter().take(8).position(|&byte| byte == b' ')?,
    };
    Some((space, space + 1 + bytes[space + 1..].find_byte(0)?))
}

/// Returns the first entry; nothing where there is no whole one.
fn row(bytes: &[u8], width: usize) -> Option<Row<'_>> {
    let (space, end) = bounds(bytes)?;
    let digit = |mode: u32, byte: &u8| (b'0'..=b'7').contains(byte).then(|| mode << 3 | u32::from(byte - b'0'));
    let mode = bytes[..space].iter().try_fold(0, digit).filter(|_| space > 0)?;
    let (name, id) = (&bytes[space + 1..end], bytes.get(end + 1..end + 1 + width)?);
    let id = Oid(ObjectId::try_from(id).ok()?);
    (!name.is_empty()).then(|| Row { name, mode, id, bytes: &bytes[..end + 1 + width] })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ObjectFormat;

    #[test]
    fn a_tree_is_read_entry_by_entry_up_to_where_it_makes_no_sense() {
        let tree = ObjectFormat::Sha1.zero();
        let entry = |start: &[u8]| [start, &[7; 20]].concat();
        let (file, folder) = (entry(b"100644 a b\xff\0"), entry(b"40000 c\0"));
        let good = [file.clone(), folder].concat();
        let read: Vec<Row<'_>> = rows(tree, &good).collect::<Result<_>>().expect("a tree");
        let seen: Vec<(&[u8], u32)> = read.iter().map(|row| (row.name, row.mode)).collect();
        assert_eq!(seen, [(&b"a b\xff"[..], FILE), (b"c", FOLDER)]);
        assert_eq!(read[0].bytes, file);
        assert_eq!(rows(tree, b"").count(), 0);
        let broken: [&[u8]; 6] =
            [b"1", &entry(b"100648 a\0"), &entry(b" a\0"), &entry(b"40000 \0"), b"40000 a\0short", b"40000 a"];
        for bytes in broken {
            let mut read = rows(tree, bytes);
            assert_eq!(read.next().expect("something").err().expect("no entry").code(), "damaged", "{bytes:?}");
            assert!(read.next().is_none());
        }
    }
}
