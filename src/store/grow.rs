//! Making the next tree: a base tree with some paths set or removed, each folder on the way written once.
//!
//! Entries that are not touched are carried over byte for byte, whatever they are. What is asked for is a sorted list
//! that is cut into the parts of each folder, so that a million files take no more memory than their list does.

use std::cmp::Ordering;
use std::collections::HashMap;

use gix::objs::Kind;

use super::Oid;
use super::objects::Objects;
use super::tree::{self, FILE, FOLDER, Row};
use crate::base::{Error, Result};

/// What is asked for at one path.
pub trait Wish {
    /// Returns where: components joined by `/`.
    fn path(&self) -> &str;
    /// Returns what is to stand there.
    fn wanted(&self) -> Wanted;
}

/// What is to stand at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// This file.
    Set(Oid),
    /// No file. Removing what is not there changes nothing.
    Remove,
    /// What stands there now.
    Leave,
}

/// Where the objects go that a tree is made of.
pub(super) trait Sink {
    /// Takes an object and returns its name.
    fn add(&mut self, kind: Kind, bytes: Vec<u8>) -> Result<Oid>;

    /// Takes a folder that was made from another one, and returns its name.
    fn replace(&mut self, _base: Option<Oid>, bytes: Vec<u8>) -> Result<Oid> {
        self.add(Kind::Tree, bytes)
    }
}

/// Brings wishes into the order that [`grow`] needs: by component, those of one path as they came.
pub(super) fn sort<W: Wish>(wishes: &mut [W]) {
    // A component ends before all that may stand in one.
    let key = |byte: u8| if byte == b'/' { 0 } else { byte };
    wishes.sort_by(|a, b| a.path().bytes().map(key).cmp(b.path().bytes().map(key)));
}

/// Returns the tree that a base becomes by sorted wishes. The last wish for a path counts.
///
/// # Errors
/// `bad_path`; `path_clash` where a file would lie in the place of a folder or below a file; `damaged`.
pub(super) fn grow<W: Wish>(objects: &Objects, sink: &mut dyn Sink, base: Option<Oid>, wishes: &[W]) -> Result<Oid> {
    wishes.iter().try_for_each(|wish| check_path(wish.path()))?;
    match (Grower { objects, sink }).folder(base, wishes, 0)? {
        Some(id) => Ok(id),
        None => sink.add(Kind::Tree, Vec::new()),
    }
}

struct Grower<'a> {
    objects: &'a Objects,
    sink: &'a mut dyn Sink,
}

impl Grower<'_> {
    /// Writes one folder, whose names begin at `start` in all paths; nothing where it came out empty, as git has no
    /// empty folders.
    fn folder<W: Wish>(&mut self, base: Option<Oid>, wishes: &[W], start: usize) -> Result<Option<Oid>> {
        let bytes = base.map(|id| self.objects.read(id, Kind::Tree)).transpose()?;
        let mut names = Names::read(base.zip(bytes.as_deref()), wishes.len())?;
        let (mut rest, mut changed) = (wishes, false);
        while let Some(first) = rest.first() {
            let name = name_at(first.path(), start);
            let (mine, others) = rest.split_at(rest.partition_point(|wish| name_at(wish.path(), start) == name));
            rest = others;
            if mine.iter().all(|wish| wish.wanted() == Wanted::Leave) {
                continue;
            }
            let place = names.place(name.as_bytes());
            let old = place.map(|place| (names.entries[place].mode, names.entries[place].id));
            let new = self.place(old, mine, start + name.len())?;
            if new != old {
                names.set(name.as_bytes(), place, new);
                changed = true;
            }
        }
        match base {
            Some(id) if !changed && !names.entries.is_empty() => Ok(Some(id)),
            _ => names.encode().map(|bytes| self.sink.replace(base, bytes)).transpose(),
        }
    }

    /// Decides what stands at one name afterwards, which ends at `end` in the paths.
    fn place<W: Wish>(&mut self, old: Option<(u32, Oid)>, wishes: &[W], end: usize) -> Result<Option<(u32, Oid)>> {
        let path = &wishes[0].path()[..end];
        let (here, below) = wishes.split_at(wishes.partition_point(|wish| wish.path().len() == end));
        let here = here.iter().map(Wish::wanted).rfind(|wanted| *wanted != Wanted::Leave);
        let folder = old.filter(|(mode, _)| *mode == FOLDER).map(|(_, id)| id);
        if let (Some(file), None, None) = (old, folder, here) {
            // Nothing says that the file has to go. Removing what cannot be below it changes nothing.
            let sets = below.iter().any(|wish| matches!(wish.wanted(), Wanted::Set(_)));
            return if sets { Err(is_file(path)) } else { Ok(Some(file)) };
        }
        let below = if below.is_empty() { folder } else { self.folder(folder, below, end + 1)? };
        match (here, below) {
            (Some(Wanted::Set(id)), None) => Ok(Some((FILE, id))),
            (Some(Wanted::Set(_)), Some(_)) => Err(is_folder(path)),
            (Some(Wanted::Remove), Some(_)) if folder.is_some() => Err(is_folder(path)),
            (_, below) => Ok(below.map(|id| (FOLDER, id))),
        }
    }
}

/// Returns the component that begins at `start`.
fn name_at(path: &str, start: usize) -> &str {
    let rest = &path[start..];
    rest.split_once('/').map_or(rest, |(name, _)| name)
}

/// From so many wishes on the names of a folder are looked up in a table, and not one after the other.
const MANY: usize = 16;

/// The entries of one folder, on their way from one tree to the next. What is not touched is never taken apart.
struct Names<'a> {
    entries: Vec<Name<'a>>,
    places: Option<HashMap<&'a [u8], usize>>,
}

struct Name<'a> {
    name: &'a [u8],
    mode: u32,
    id: Oid,
    /// The entry in the bytes of the tree, as long as it is that one.
    bytes: Option<&'a [u8]>,
    is_gone: bool,
}

impl<'a> Names<'a> {
    /// Takes the entries of a tree, to be asked about so many wishes.
    fn read(tree: Option<(Oid, &'a [u8])>, wishes: usize) -> Result<Self> {
        let rows = tree.into_iter().flat_map(|(id, bytes)| tree::rows(id, bytes));
        let keep = |row: Row<'a>| {
            let Row { name, mode, id, bytes } = row;
            Name { name, mode, id, bytes: Some(bytes), is_gone: false }
        };
        let entries = rows.map(|row| row.map(keep)).collect::<Result<Vec<_>>>()?;
        let places =
            (wishes >= MANY).then(|| entries.iter().enumerate().map(|(place, name)| (name.name, place)).collect());
        Ok(Names { entries, places })
    }

    fn place(&self, name: &[u8]) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(name).copied(),
            None => self.entries.iter().position(|entry| entry.name == name),
        }
    }

    /// Has a name stand for this, at its place where it has one. No name is set twice.
    fn set(&mut self, name: &'a [u8], place: Option<usize>, stands: Option<(u32, Oid)>) {
        match (place, stands) {
            (Some(place), None) => self.entries[place].is_gone = true,
            (None, None) => {}
            (place, Some((mode, id))) => {
                let new = Name { name, mode, id, bytes: None, is_gone: false };
                match place {
                    Some(place) => self.entries[place] = new,
                    None => self.entries.push(new),
                }
            }
        }
    }

    /// Returns the tree; nothing where no name is left.
    fn encode(mut self) -> Option<Vec<u8>> {
        self.entries.retain(|entry| !entry.is_gone);
        self.entries.sort_by(in_order);
        let width = self.entries.first()?.id.as_bytes().len();
        let size = self.entries.iter().map(|entry| entry.name.len() + width + 8).sum();
        let mut tree = Vec::with_capacity(size);
        for Name { name, mode, id, bytes, .. } in &self.entries {
            match bytes {
                Some(bytes) => tree.extend_from_slice(bytes),
                None => {
                    tree.extend_from_slice(format!("{mode:o} ").as_bytes());
                    tree.extend_from_slice(name);
                    tree.push(0);
                    tree.extend_from_slice(id.as_bytes());
                }
            }
        }
        Some(tree)
    }
}

/// The order in which git sorts: a folder as if `/` followed.
fn in_order(a: &Name<'_>, b: &Name<'_>) -> Ordering {
    let end = |entry: &Name<'_>| if entry.mode == FOLDER { b'/' } else { 0 };
    let shared = a.name.len().min(b.name.len());
    let ends = |entry: &Name<'_>| entry.name.get(shared).copied().unwrap_or_else(|| end(entry));
    a.name[..shared].cmp(&b.name[..shared]).then_with(|| ends(a).cmp(&ends(b)))
}

/// Returns whether git and file systems take a path, so that a file can be stored there.
pub fn is_path(path: &str) -> bool {
    check_path(path).is_ok()
}

/// Refuses a path that git or a file system would trip over.
fn check_path(path: &str) -> Result<()> {
    let fault = |name: &str| match name {
        "" => Some("it has an empty component"),
        "." | ".." => Some("it has a component `.` or `..`"),
        _ if name.eq_ignore_ascii_case(".git") => Some("it has a component `.git`"),
        _ if name.chars().any(|c| c.is_control() || c == '\\') => Some("it holds a control character or backslash"),
        _ => None,
    };
    match path.split('/').find_map(fault) {
        None if path.len() <= 4096 => Ok(()),
        None => Err(Error::invalid("bad_path", "cannot store a file: its path is longer than 4096 bytes")),
        Some(fault) => Err(Error::invalid("bad_path", format!("cannot store a file at {path:?}: {fault}"))),
    }
}

fn is_folder(path: &str) -> Error {
    Error::invalid("path_clash", format!("cannot store a file at {path}: a folder is there")).hint("git coord doctor")
}

fn is_file(path: &str) -> Error {
    Error::invalid("path_clash", format!("cannot store anything below {path}: a file is there"))
        .hint("git coord doctor")
}
