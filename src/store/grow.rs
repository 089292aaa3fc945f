//! Making the next tree: a base tree with some paths set or removed, each folder on the way written once.
//!
//! Entries that are not touched are carried over byte for byte, whatever they are. What is asked for is a sorted list
//! that is cut into the parts of each folder, so that a million files take no more memory than their list does.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use gix::objs::Kind;

use super::Oid;
use super::objects::Objects;
use super::tree::{self, FILE, FOLDER, Raw};
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
        let before = base.map(|id| tree::entries(self.objects, id)).transpose()?.unwrap_or_default();
        let mut after: BTreeMap<Vec<u8>, (u32, Oid)> =
            before.into_iter().map(|entry| (entry.name, (entry.mode, entry.id))).collect();
        let (mut rest, mut changed) = (wishes, false);
        while let Some(first) = rest.first() {
            let name = name_at(first.path(), start);
            let (mine, others) = rest.split_at(rest.partition_point(|wish| name_at(wish.path(), start) == name));
            rest = others;
            if mine.iter().all(|wish| wish.wanted() == Wanted::Leave) {
                continue;
            }
            let old = after.get(name.as_bytes()).copied();
            let new = self.place(old, mine, start + name.len())?;
            changed |= new != old;
            match new {
                Some(entry) => after.insert(name.as_bytes().to_vec(), entry),
                None => after.remove(name.as_bytes()),
            };
        }
        match base {
            _ if after.is_empty() => Ok(None),
            Some(id) if !changed => Ok(Some(id)),
            _ => self.sink.add(Kind::Tree, encode(after)).map(Some),
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

fn encode(entries: BTreeMap<Vec<u8>, (u32, Oid)>) -> Vec<u8> {
    let mut entries: Vec<Raw> = entries.into_iter().map(|(name, (mode, id))| Raw { name, mode, id }).collect();
    entries.sort_by(in_order);
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend_from_slice(format!("{:o} ", entry.mode).as_bytes());
        bytes.extend_from_slice(&entry.name);
        bytes.push(0);
        bytes.extend_from_slice(entry.id.as_bytes());
    }
    bytes
}

/// The order in which git sorts: a folder as if `/` followed.
fn in_order(a: &Raw, b: &Raw) -> Ordering {
    let end = |entry: &Raw| if entry.is_folder() { &b"/"[..] } else { b"" };
    a.name.iter().chain(end(a)).cmp(b.name.iter().chain(end(b)))
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
