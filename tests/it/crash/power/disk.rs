//! A disk that loses its power: what was done to it, what of that it vouches for, and what may be left.
//!
//! Two models. *Strict* is what POSIX promises and no more: the bytes of a file are there after a sync of the file, a
//! name is there after a sync of its folder, and everything else is there or not, each for itself. *Journal* is what
//! the common file systems do: names become durable in the order in which they were made, bytes come when they like.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::log::{Holding, Op};

/// How many of what is not vouched for are lost or kept alone.
const MANY: usize = 24;

/// How a disk forgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Strict,
    Journal,
}

/// The number of a file, whatever its names are.
pub(super) type File = usize;

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Node {
    Folder,
    File(File),
}

/// A change of names. A rename within a folder is one: no file system shows half of it.
#[derive(Debug, Clone)]
enum Change {
    Make(String, Node),
    Remove(String),
    Move(String, String, Node),
}

#[derive(Debug, Clone)]
struct Naming {
    folder: String,
    change: Change,
    is_durable: bool,
    /// Whether its maker is dead, and nobody knows of it any more.
    is_orphaned: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) inode: u64,
    pub(super) modified: (i64, i64),
    /// What it has held, one after the other; at first what the disk held from the start, or nothing.
    pub(super) versions: Vec<Arc<[u8]>>,
    pub(super) durable: usize,
}

/// What a wait that has begun will vouch for.
enum Wait {
    Names(Vec<usize>),
    Bytes(File, usize),
}

/// A disk.
#[derive(Default)]
pub(super) struct Disk {
    pub(super) base: BTreeMap<String, Node>,
    pub(super) contents: Vec<Content>,
    namings: Vec<Naming>,
    waits: BTreeMap<String, Wait>,
    /// The names as they are now.
    pub(super) now: BTreeMap<String, Node>,
}

/// What is left after the power was cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Left {
    pub(super) names: BTreeMap<String, Node>,
    pub(super) bytes: BTreeMap<File, Arc<[u8]>>,
}

impl Disk {
    /// Does one thing.
    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Nothing => {}
            Op::Mkdir { path } => self.name(path, Change::Make(path.clone(), Node::Folder)),
            Op::Holds { path, file } => match self.now.get(path) {
                Some(Node::File(id)) => self.hold(*id, file),
                _ => self.make(path, file),
            },
            Op::Replaced { path, file } => {
                for folder in above(path).filter(|folder| !folder.is_empty()).map(str::to_owned).collect::<Vec<_>>() {
                    if !self.now.contains_key(&folder) {
                        self.name(&folder, Change::Make(folder.clone(), Node::Folder));
                    }
                }
                self.make(path, file);
                // Git has synced it, or leaves it to the file system, which lets no rename put half a file in the place of
                // a whole one.
                let content = self.contents.last_mut().expect("the file");
                content.durable = content.versions.len() - 1;
            }
            Op::Rename { from, to } => {
                let node = *self.now.get(from).unwrap_or_else(|| panic!("{from} is renamed and was never made"));
                if parent(from) == parent(to) {
                    self.name(to, Change::Move(from.clone(), to.clone(), node));
                } else {
                    self.name(to, Change::Make(to.clone(), node));
                    self.name(from, Change::Remove(from.clone()));
                }
            }
            Op::Link { from, to } => {
                let node = *self.now.get(from).unwrap_or_else(|| panic!("{from} is linked and was never made"));
                self.name(to, Change::Make(to.clone(), node));
            }
            Op::Unlink { path } => {
                if self.now.contains_key(path) {
                    self.name(path, Change::Remove(path.clone()));
                }
            }
            Op::Begin { path, sync } => {
                let wait = match self.now.get(path) {
                    Some(Node::File(id)) => Wait::Bytes(*id, self.contents[*id].versions.len() - 1),
                    _ => {
                        let here = |naming: &Naming| naming.folder == *path || naming.is_orphan(path);
                        Wait::Names((0..self.namings.len()).filter(|at| here(&self.namings[*at])).collect())
                    }
                };
                self.waits.insert(sync.clone(), wait);
            }
            Op::Synced { sync } => match self.waits.remove(sync).expect("a sync that has begun") {
                Wait::Bytes(id, version) => self.contents[id].durable = self.contents[id].durable.max(version),
                Wait::Names(names) => names.into_iter().for_each(|at| self.namings[at].is_durable = true),
            },
        }
    }

    /// The process that did all this has died. A folder that it has made is there for those who come after, who wait for
    /// what they put into it and not for its own name. Every file system that has a say here brings that name along,
    /// also those without a journal, so a wait for the folder is taken to do so, although POSIX promises nothing.
    pub(super) fn orphan(&mut self) {
        self.namings.iter_mut().for_each(|naming| naming.is_orphaned = true);
    }

    fn make(&mut self, path: &str, file: &Holding) {
        let (inode, modified) = (file.inode, file.modified);
        self.contents.push(Content { inode, modified, versions: vec![Arc::from([])], durable: 0 });
        let id = self.contents.len() - 1;
        self.name(path, Change::Make(path.to_owned(), Node::File(id)));
        self.hold(id, file);
    }

    fn hold(&mut self, id: File, file: &Holding) {
        let content = &mut self.contents[id];
        content.modified = file.modified;
        if content.versions.last() != Some(&file.bytes) {
            content.versions.push(file.bytes.clone());
        }
    }

    fn name(&mut self, path: &str, change: Change) {
        change.apply(&mut self.now);
        self.namings.push(Naming { folder: parent(path).to_owned(), change, is_durable: false, is_orphaned: false });
    }

    /// Lets time pass, until all is on the disk, but for one file that may be as old as can be.
    pub(super) fn settle(&mut self, but: &str) {
        let kept = match self.now.get(but) {
            Some(Node::File(id)) => Some(*id),
            _ => None,
        };
        self.base = self.now.clone();
        self.namings.clear();
        for (id, content) in self.contents.iter_mut().enumerate().filter(|(id, _)| Some(*id) != kept) {
            debug_assert!(Some(id) != kept);
            content.versions = content.versions.split_off(content.versions.len() - 1);
            content.durable = 0;
        }
    }

    /// Returns everything as the program sees it, as if no power had been cut.
    pub(super) fn whole(&self) -> Left {
        self.left(&|_| true, &|_| None)
    }

    /// Returns what may be left if the power is cut now, each possibility once.
    pub(super) fn survivors(&self, model: Model) -> BTreeSet<Left> {
        match model {
            Model::Strict => self.strict(),
            Model::Journal => self.journal(),
        }
    }

    /// All of what is not vouched for is lost, or kept; and each of it is lost alone, or kept alone.
    fn strict(&self) -> BTreeSet<Left> {
        let loose: Vec<usize> = (0..self.namings.len()).filter(|at| !self.namings[*at].is_durable).collect();
        // Of many that wait at once, as the objects of a large change do, some stand for all.
        let every = loose.len().div_ceil(MANY).max(1);
        let (lost, kept) = (&|id| Some(self.durable(id)), &|_| None);
        let mut left = BTreeSet::from([
            self.left(&|at| self.namings[at].is_durable, lost),
            self.left(&|at| self.namings[at].is_durable, kept),
            self.left(&|_| true, lost),
            self.whole(),
        ]);
        for &one in loose.iter().step_by(every) {
            left.insert(self.left(&|at| self.namings[at].is_durable || at == one, lost));
            left.insert(self.left(&|at| self.namings[at].is_durable || at == one, kept));
            left.insert(self.left(&|at| at != one, kept));
        }
        left.extend(self.damaged(&|_| true));
        left
    }

    /// Names are kept up to some moment not before the last one that is vouched for.
    fn journal(&self) -> BTreeSet<Left> {
        let durable = self.namings.iter().rposition(|naming| naming.is_durable).map_or(0, |at| at + 1);
        let mut left = BTreeSet::new();
        let every = (self.namings.len() - durable).div_ceil(MANY).max(1);
        for end in (durable..=self.namings.len()).step_by(every) {
            left.insert(self.left(&|at| at < end, &|id| Some(self.durable(id))));
            left.insert(self.left(&|at| at < end, &|_| None));
        }
        left.extend(self.damaged(&|at| at < durable));
        left.extend(self.damaged(&|_| true));
        left
    }

    /// The bytes of one file are lost alone: as they were at any time since the sync, cut off, or zeros.
    fn damaged(&self, keeps: &dyn Fn(usize) -> bool) -> BTreeSet<Left> {
        let mut left = BTreeSet::new();
        let loose: Vec<File> = (0..self.contents.len())
            .filter(|id| self.contents[*id].durable + 1 < self.contents[*id].versions.len())
            .collect();
        for &one in loose.iter().step_by(loose.len().div_ceil(MANY).max(1)) {
            let content = &self.contents[one];
            let newest = content.versions.last().expect("a version");
            let mut damaged = content.versions[content.durable..content.versions.len() - 1].to_vec();
            damaged.extend([Arc::from(&newest[..newest.len() / 2]), Arc::from(vec![0; newest.len()])]);
            for bytes in damaged {
                left.insert(self.left(keeps, &|id| (id == one).then(|| bytes.clone())));
            }
        }
        left
    }

    fn durable(&self, id: File) -> Arc<[u8]> {
        self.contents[id].versions[self.contents[id].durable].clone()
    }

    fn left(&self, keeps: &dyn Fn(usize) -> bool, bytes: &dyn Fn(File) -> Option<Arc<[u8]>>) -> Left {
        let mut names = self.base.clone();
        for (at, naming) in self.namings.iter().enumerate() {
            if keeps(at) {
                naming.change.apply(&mut names);
            }
        }
        // What is in a folder goes with it.
        let folders: BTreeSet<String> =
            names.iter().filter(|(_, node)| **node == Node::Folder).map(|(path, _)| path.clone()).collect();
        let has_place = |path: &str| above(path).all(|folder| folders.contains(folder));
        names.retain(|path, _| has_place(path));
        let files = names.values().filter_map(|node| match node {
            Node::File(id) => Some(*id),
            Node::Folder => None,
        });
        let newest = |id: File| self.contents[id].versions.last().expect("a version").clone();
        let bytes = files.map(|id| (id, bytes(id).unwrap_or_else(|| newest(id)))).collect();
        Left { names, bytes }
    }
}

impl Naming {
    /// Returns whether this made a folder at a path, and was not waited for by its maker.
    fn is_orphan(&self, path: &str) -> bool {
        self.is_orphaned && matches!(&self.change, Change::Make(made, Node::Folder) if made == path)
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, Node>) {
        match self {
            Change::Make(path, node) => drop(names.insert(path.clone(), *node)),
            Change::Remove(path) => drop(names.remove(path)),
            Change::Move(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
        }
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}
