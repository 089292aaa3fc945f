//! All paths that changed since the base, on one side or the other; what neither side touched is not looked at.
//!
//! Changed on one side: taken, whatever it is. On both: see `file`. Then the values that found no place are put into
//! conflicts, and a file where a folder has to be gives way to the folder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::dispute::{Dispute, Held, Kept};
use super::file::{self, Chosen, nobody};
use crate::base::{Id, Result};
use crate::records::conflict::{CONFLICT, id_of};
use crate::records::message::MESSAGE;
use crate::records::{Conflict, Stamp, codec, config, kind, recipient, stamps};

/// What a path holds: a blob that is there, by its name, or bytes that a merge has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<B> {
    /// A blob.
    Existing(B),
    /// Bytes.
    Bytes(Arc<[u8]>),
}

/// What a path held at the base and holds on one side; nothing where nothing lies there.
#[derive(Debug, Clone)]
pub struct Delta<B> {
    /// At the base.
    pub base: Option<Content<B>>,
    /// On the side.
    pub side: Option<Content<B>>,
}

/// The changes of one side by their paths.
pub type Deltas<B> = BTreeMap<String, Delta<B>>;

/// Paths to set and to remove.
pub type Edits<B> = BTreeMap<String, Option<Content<B>>>;

/// What a merge of trees asks for.
pub trait Trees<B> {
    /// Returns the bytes of a blob.
    ///
    /// # Errors
    /// Where it is not there, or cannot be read; `too_large` where nobody ever reads so much.
    fn read(&self, blob: &B) -> Result<Vec<u8>>;

    /// Returns what lies at a path on our side.
    ///
    /// # Errors
    /// Where the tree cannot be read.
    fn find(&self, path: &str) -> Result<Option<Content<B>>>;
}

/// What came of two trees.
#[derive(Debug)]
pub struct Merged<B> {
    /// What is different on our side in the end, the conflicts not counted.
    pub edits: Edits<B>,
    /// The values that found no place.
    pub disputes: Vec<Dispute>,
}

/// Merges two sides.
///
/// # Errors
/// Whatever cannot be read; `unsupported_format` where one side has a newer format.
pub fn merge<B: Clone + Ord>(ours: &Deltas<B>, theirs: &Deltas<B>, trees: &dyn Trees<B>) -> Result<Merged<B>> {
    let mut work = Work { ours, theirs, trees, edits: Edits::new(), disputes: Vec::new() };
    for (path, change) in theirs {
        match ours.get(path) {
            _ if path == config::PATH => {}
            None => work.set(path, change.side.clone()),
            Some(own) => work.both(path, [&change.base, &own.side, &change.side])?,
        }
    }
    work.settings()?;
    work.links();
    work.make_room();
    Ok(Merged { edits: work.edits, disputes: work.disputes })
}

struct Work<'a, B> {
    ours: &'a Deltas<B>,
    theirs: &'a Deltas<B>,
    trees: &'a dyn Trees<B>,
    edits: Edits<B>,
    disputes: Vec<Dispute>,
}

impl<B: Clone + Ord> Work<'_, B> {
    fn set(&mut self, path: &str, content: Option<Content<B>>) {
        self.edits.insert(path.to_owned(), content);
    }

    /// Settings are never taken unseen: a side that has none, or broken ones, must not take them from the other.
    fn settings(&mut self) -> Result<()> {
        let (ours, theirs) = (self.ours.get(config::PATH), self.theirs.get(config::PATH));
        let Some(any) = ours.or(theirs) else { return Ok(()) };
        let base = any.base.clone();
        let side = |delta: Option<&Delta<B>>| delta.map_or_else(|| base.clone(), |delta| delta.side.clone());
        let (ours, theirs) = (side(ours), side(theirs));
        self.both(config::PATH, [&base, &ours, &theirs])
    }

    /// A path that both sides changed.
    fn both(&mut self, path: &str, sides: [&Option<Content<B>>; 3]) -> Result<()> {
        let [_, ours, theirs] = sides;
        if ours == theirs && !file::counts(path) {
            return Ok(());
        }
        let mut bytes = [None, None, None];
        for (n, side) in sides.into_iter().enumerate() {
            bytes[n] = match side.as_ref().map(|content| self.read(content)) {
                // Nobody can read it, so nobody wrote it with this program: the other side is all there is.
                Some(Err(error)) if error.code() == "too_large" => None,
                read => read.transpose()?,
            };
        }
        let is_same = bytes[1] == bytes[2] && ours.is_some() == theirs.is_some();
        if is_same && (bytes[1].is_none() || !file::counts(path)) {
            return Ok(());
        }
        let [base, own, other] = bytes.each_ref().map(Option::as_deref);
        let three = file::Three { path, base, ours: own, theirs: other, noted: self.noted(path)? };
        let merged = file::merge(&three)?;
        match merged.chosen {
            Chosen::Ours => {}
            Chosen::Theirs => self.set(path, theirs.clone()),
            Chosen::Base => self.set(path, sides[0].clone()),
            Chosen::Nothing => self.set(path, None),
            Chosen::Bytes(bytes) => self.set(path, Some(Content::Bytes(bytes))),
        }
        self.disputes.extend(merged.disputes);
        for (path, bytes) in merged.beside {
            self.set(&path, Some(Content::Bytes(bytes)));
        }
        Ok(())
    }

    fn read(&self, content: &Content<B>) -> Result<Vec<u8>> {
        match content {
            Content::Existing(blob) => self.trees.read(blob),
            Content::Bytes(bytes) => Ok(bytes.to_vec()),
        }
    }

    /// When both sides noted an artifact with its owner: its bytes go with those facts.
    fn noted(&self, path: &str) -> Result<Option<[Stamp; 2]>> {
        let Some((owner, part)) = owner_of(path) else { return Ok(None) };
        let Some((kind, _)) = kind::locate(&owner) else { return Ok(None) };
        let mut found = Vec::new();
        for side in [self.ours, self.theirs] {
            let Some(content) = side.get(&owner).and_then(|delta| delta.side.as_ref()) else { return Ok(None) };
            let Ok(record) = (kind.decode)(&self.read(content)?) else { return Ok(None) };
            found.push(stamps::of_part(record.as_ref(), &part));
        }
        Ok(found.try_into().ok())
    }

    /// A link is to the message as it is in the end, which may be another than the one that was linked.
    fn links(&mut self) {
        let mut links: BTreeSet<(&String, String)> = BTreeSet::new();
        for path in self.ours.keys().chain(self.theirs.keys()) {
            links.extend(recipient::locate(path).map(|(_, message)| (path, MESSAGE.path(&message))));
        }
        for (path, message) in links {
            let is_disputed = self.ours.contains_key(&message) && self.theirs.contains_key(&message);
            if is_disputed && self.last(path).is_some() && self.last(path) != self.last(&message) {
                let message = self.last(&message).cloned();
                self.edits.insert(path.clone(), message);
            }
        }
    }

    /// What one side has turned into a folder is a file no more, if the other still had one there. Settings alone stay: then
    /// it is what lies below that goes.
    fn make_room(&mut self) {
        let mut paths: BTreeSet<&String> = BTreeSet::new();
        for path in self.ours.keys().chain(self.theirs.keys()) {
            if self.last(path).is_some() {
                paths.insert(path);
            }
        }
        let below = |path: &str| {
            let start = format!("{path}/");
            let others = paths.range(start.clone()..).take_while(|other| other.starts_with(&start));
            others.map(|other| (*other).clone()).collect::<Vec<_>>()
        };
        let mut clashing: Vec<String> = Vec::new();
        for path in &paths {
            match below(path) {
                below if path.as_str() == config::PATH => clashing.extend(below),
                below => clashing.extend((!below.is_empty()).then(|| (*path).clone())),
            }
        }
        for path in clashing {
            let content = self.last(&path).cloned();
            let bytes = content.and_then(|content| self.read(&content).ok()).unwrap_or_default();
            self.disputes.extend(file_in_the_way(&path, &bytes));
            self.clear(&path);
        }
    }

    /// Leaves nothing at a path that one of the sides changed.
    fn clear(&mut self, path: &str) {
        let own = self.ours.get(path).map_or_else(|| self.theirs.get(path).map(|it| &it.base), |it| Some(&it.side));
        if own.is_some_and(Option::is_some) {
            self.set(path, None);
        } else {
            self.edits.remove(path);
        }
    }

    /// What lies at a path that one of the sides changed, as things stand.
    fn last(&self, path: &String) -> Option<&Content<B>> {
        match self.edits.get(path) {
            Some(content) => content.as_ref(),
            // What only theirs changed, and was not taken, is on our side as it was.
            None => match self.ours.get(path) {
                Some(own) => own.side.as_ref(),
                None => self.theirs.get(path)?.base.as_ref(),
            },
        }
    }
}

/// Returns the path of the record to which an artifact belongs, and the part of it that holds the facts.
fn owner_of(path: &str) -> Option<(String, String)> {
    let mut names = path.strip_prefix("artifacts/")?.splitn(3, '/');
    let (kind, id, name) = (names.next()?, names.next()?, names.next()?);
    let kind = crate::records::Kind::find(kind)?;
    Some((kind.path(&Id::parse(id).ok()?), format!("artifacts/{name}")))
}

fn file_in_the_way(path: &str, bytes: &[u8]) -> Option<Dispute> {
    let dispute = Dispute {
        record: file::name(path),
        field: crate::records::conflict::WHOLE.to_owned(),
        base: None,
        values: vec![(Held::of_file(bytes), nobody())],
    };
    (!file::is_of_conflicts(path)).then_some(dispute)
}

/// Puts the values that found no place into conflicts, on top of what the edits make of our side. Returns how many
/// conflicts came or changed.
///
/// # Errors
/// Whatever cannot be read.
pub fn keep<B: Clone + Ord>(
    mut disputes: Vec<Dispute>,
    edits: &mut Edits<B>,
    ours: &Deltas<B>,
    trees: &dyn Trees<B>,
) -> Result<usize> {
    loop {
        let kept = united(&disputes);
        let mut files = BTreeMap::new();
        for (id, kept) in &kept {
            files.extend(on_top(id, kept.clone(), &|path| current(path, edits, ours, trees))?);
        }
        // A file where a folder must be, which only somebody else's program can have put there.
        let folders = files.keys().flat_map(|path| path.match_indices('/').map(|(end, _)| path[..end].to_owned()));
        let folders: BTreeSet<String> = folders.collect();
        let mut blocked = false;
        for folder in folders {
            if let Some(bytes) = current(&folder, edits, ours, trees)? {
                disputes.extend(file_in_the_way(&folder, &bytes));
                edits.insert(folder, None);
                blocked = true;
            }
        }
        if !blocked {
            let changed = files.into_iter().filter(|(_, (_, is_new))| *is_new);
            edits.extend(changed.map(|(path, (bytes, _))| (path, Some(Content::Bytes(bytes)))));
            return Ok(kept.len());
        }
    }
}

/// All disputes about one part are one conflict.
fn united(disputes: &[Dispute]) -> BTreeMap<Id, Kept> {
    let mut conflicts: BTreeMap<Id, Kept> = BTreeMap::new();
    for kept in disputes.iter().map(Dispute::kept) {
        let id = id_of(&kept.conflict.record, &kept.conflict.field);
        match conflicts.remove(&id) {
            Some(mut known) => {
                known.absorb(kept);
                conflicts.insert(id, known);
            }
            None => {
                conflicts.insert(id, kept);
            }
        }
    }
    conflicts
}

type Files = BTreeMap<String, (Arc<[u8]>, bool)>;

/// Returns the files of a conflict, united with the one that is there, and whether each is anything new.
fn on_top(id: &Id, mut kept: Kept, current: &dyn Fn(&str) -> Result<Option<Vec<u8>>>) -> Result<Files> {
    let path = CONFLICT.path(id);
    let mut is_untouchable = false;
    if let Some(bytes) = current(&path)? {
        match codec::decode::<Conflict>(&bytes) {
            Ok(conflict) if conflict.id == *id => kept.absorb(Kept { conflict, outside: BTreeMap::new() }),
            // It cannot be read, so it stays as it is; the values lie beside it.
            _ => {
                kept.empty();
                is_untouchable = true;
            }
        }
    }
    let mut files = Files::new();
    for (file, bytes) in kept.files() {
        if !(is_untouchable && file == path) {
            let is_new = current(&file)?.as_deref() != Some(&*bytes);
            files.insert(file, (bytes, is_new));
        }
    }
    Ok(files)
}

fn current<B: Clone>(path: &str, edits: &Edits<B>, ours: &Deltas<B>, trees: &dyn Trees<B>) -> Result<Option<Vec<u8>>> {
    let content = match (edits.get(path), ours.get(path)) {
        (Some(content), _) => content.clone(),
        (None, Some(delta)) => delta.side.clone(),
        (None, None) => trees.find(path)?,
    };
    match content {
        None => Ok(None),
        Some(Content::Bytes(bytes)) => Ok(Some(bytes.to_vec())),
        Some(Content::Existing(blob)) => trees.read(&blob).map(Some),
    }
}
