//! Making the next tree: a base tree with some paths set or removed, each folder on the way written once.
//!
//! Entries that are not touched are carried over byte for byte, whatever they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use gix::objs::Kind;

use super::objects::Objects;
use super::tree::{self, FILE, FOLDER, Raw};
use super::{ObjectFormat, Oid};
use crate::base::{Error, Result};

/// One path to set or to remove.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Where: components joined by `/`.
    pub path: String,
    /// What stands there afterwards; nothing removes it. Removing what is not there changes nothing.
    pub content: Option<Content>,
}

/// What a path is set to.
#[derive(Debug, Clone)]
pub enum Content {
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// A blob that the repository has.
    Existing(Oid),
}

/// An object that is to be written.
pub(super) struct Fresh {
    pub(super) id: Oid,
    pub(super) kind: Kind,
    pub(super) bytes: Arc<[u8]>,
}

/// Collects objects that do not exist yet.
pub(super) struct Draft {
    format: ObjectFormat,
    pub(super) fresh: Vec<Fresh>,
    /// Blobs that were named by id, and must be there and be kept.
    pub(super) named: Vec<Oid>,
}

impl Draft {
    pub(super) fn new(format: ObjectFormat) -> Self {
        Draft { format, fresh: Vec::new(), named: Vec::new() }
    }

    pub(super) fn add(&mut self, kind: Kind, bytes: Arc<[u8]>) -> Result<Oid> {
        let id = gix::objs::compute_hash(self.format.kind(), kind, &bytes)
            .map_err(|err| Error::invalid("bad_object", "cannot store these bytes").because(err))?;
        self.fresh.push(Fresh { id: Oid(id), kind, bytes });
        Ok(Oid(id))
    }

    /// Applies the edits to a tree and returns the id of the result. The last edit of a path counts.
    pub(super) fn apply(&mut self, objects: &Objects, base: Option<Oid>, edits: &[Edit]) -> Result<Oid> {
        let mut plan = Folder::default();
        for edit in edits {
            check_path(&edit.path)?;
            let content = match &edit.content {
                None => None,
                Some(Content::Bytes(bytes)) => Some(self.add(Kind::Blob, Arc::clone(bytes))?),
                Some(Content::Existing(id)) => {
                    self.named.push(*id);
                    Some(*id)
                }
            };
            plan.insert(&edit.path, content);
        }
        match self.rewrite(objects, base, &plan, "")? {
            Some(id) => Ok(id),
            None => self.add(Kind::Tree, Arc::from(Vec::new())),
        }
    }

    /// Writes one folder; nothing where it came out empty, as git has no empty folders.
    fn rewrite(&mut self, objects: &Objects, base: Option<Oid>, plan: &Folder, dir: &str) -> Result<Option<Oid>> {
        let before = base.map(|id| tree::entries(objects, id)).transpose()?.unwrap_or_default();
        let mut after: BTreeMap<Vec<u8>, Raw> =
            before.iter().map(|entry| (entry.name.clone(), entry.clone())).collect();
        for (name, node) in &plan.0 {
            let path = tree::join(dir, name);
            let new = self.place(objects, after.get(name.as_bytes()), node, &path)?;
            let name = name.as_bytes().to_vec();
            match new {
                Some((mode, id)) => after.insert(name.clone(), Raw { name, mode, id }),
                None => after.remove(&name),
            };
        }
        if after.is_empty() {
            return Ok(None);
        }
        let mut after: Vec<Raw> = after.into_values().collect();
        after.sort_by_cached_key(Raw::sort_key);
        match base {
            Some(id) if after == before => Ok(Some(id)),
            _ => self.add(Kind::Tree, encode(&after)).map(Some),
        }
    }

    /// Decides what stands at one name afterwards.
    fn place(&mut self, objects: &Objects, old: Option<&Raw>, node: &Node, path: &str) -> Result<Option<(u32, Oid)>> {
        let folder = old.filter(|old| old.is_folder()).map(|old| old.id);
        if let (Some(file), None, None) = (old, folder, node.file) {
            // Nothing says that the file has to go. Removing what cannot be below it changes nothing.
            return if node.below.sets() { Err(is_file(path)) } else { Ok(Some((file.mode, file.id))) };
        }
        let below = match node.below.0.is_empty() {
            true => folder,
            false => self.rewrite(objects, folder, &node.below, path)?,
        };
        match (node.file, below) {
            (Some(Some(id)), None) => Ok(Some((FILE, id))),
            (Some(Some(_)), Some(_)) => Err(is_folder(path)),
            (Some(None), Some(_)) if folder.is_some() => Err(is_folder(path)),
            (_, below) => Ok(below.map(|id| (FOLDER, id))),
        }
    }
}

fn encode(entries: &[Raw]) -> Arc<[u8]> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend_from_slice(format!("{:o} ", entry.mode).as_bytes());
        bytes.extend_from_slice(&entry.name);
        bytes.push(0);
        bytes.extend_from_slice(entry.id.as_bytes());
    }
    bytes.into()
}

/// The edits of one folder, by name.
#[derive(Default)]
struct Folder(BTreeMap<String, Node>);

/// The edits at one name, and below it.
#[derive(Default)]
struct Node {
    /// The file there: set, removed, or not spoken of.
    file: Option<Option<Oid>>,
    below: Folder,
}

impl Folder {
    fn insert(&mut self, path: &str, content: Option<Oid>) {
        match path.split_once('/') {
            Some((name, rest)) => self.0.entry(name.to_owned()).or_default().below.insert(rest, content),
            None => self.0.entry(path.to_owned()).or_default().file = Some(content),
        }
    }

    fn sets(&self) -> bool {
        self.0.values().any(|node| matches!(node.file, Some(Some(_))) || node.below.sets())
    }
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
