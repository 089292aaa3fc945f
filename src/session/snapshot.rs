//! The records at one commit, read from its tree as they are asked for. Questions about many of them go to the index,
//! where there is one for this moment that can answer; where there is none, all records are read.
//!
//! A file that is no record is never an answer and never stops one: lists skip it, asking for it by id is an error.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Error, Id, Result};
use crate::index::{Keeper, View};
use crate::records::recipient::{self, Recipient};
use crate::records::record::Record;
use crate::records::{Config, Kind, Position, Term, config, kind};
use crate::state::{End, Page, Paging, Select, Snapshot, select};
use crate::store::{Oid, STATE_REF, Store, Tree};

/// The records at one commit.
pub struct TreeSnapshot<'s> {
    commit: Oid,
    pub(super) tree: Tree<'s>,
    config: Config,
    store: &'s Store,
    index: Option<&'s Keeper>,
    view: OnceCell<Option<View<'s>>>,
    scanned: RefCell<BTreeMap<&'static str, Records>>,
    broken: RefCell<BTreeMap<&'static str, Vec<Id>>>,
}

type Records = Vec<Arc<dyn Record>>;

/// The settings of the team as they were last read, and their file: one moment after the other has the same.
pub(super) type SeenConfig = RefCell<Option<(Oid, Config)>>;

impl<'s> TreeSnapshot<'s> {
    /// Opens the records at a commit, once its settings say that this version can read them.
    pub(super) fn open(store: &'s Store, commit: Oid, seen: &SeenConfig) -> Result<Self> {
        let tree = store.tree(commit)?;
        let config = read_config(&tree, commit, seen)?;
        Ok(TreeSnapshot {
            commit,
            tree,
            config,
            store,
            index: None,
            view: OnceCell::new(),
            scanned: RefCell::default(),
            broken: RefCell::default(),
        })
    }

    /// Lets the index answer what it can.
    pub(super) fn with_index(mut self, index: &'s Keeper) -> Self {
        self.index = Some(index);
        self
    }

    /// Has the index brought up to date, where it is far behind, before anybody has to wait for the answer.
    pub(super) fn prepare(&self) {
        if let Some(index) = self.index() {
            index.prepare(self);
        }
    }

    fn index(&self) -> Option<&View<'s>> {
        self.view.get_or_init(|| self.index?.view(self.store, self.commit)).as_ref()
    }

    /// Returns the commit.
    pub fn commit(&self) -> Oid {
        self.commit
    }

    /// Returns the settings of the team.
    pub fn settings(&self) -> &Config {
        &self.config
    }

    /// Returns the object id of a record's file.
    pub fn blob(&self, kind: &Kind, id: &str) -> Result<Option<Oid>> {
        self.tree.find(&kind.path(id))
    }

    /// Returns the object id of whatever lies at a path.
    pub fn blob_at(&self, path: &str) -> Result<Option<Oid>> {
        self.tree.find(path)
    }

    /// Returns how many files in the tree are no records and should be some.
    ///
    /// # Errors
    /// `damaged` where the tree itself cannot be read.
    pub fn count_unreadable(&self) -> Result<usize> {
        match self.index().and_then(|index| index.broken(self)) {
            Some(broken) => Ok(broken.len()),
            None => Ok(self.unreadable()?.len()),
        }
    }

    /// Reads every record of a kind; what cannot be read is passed over, and named.
    fn read_all(&self, kind: &'static Kind) -> Result<(Records, Vec<Id>)> {
        let (mut records, mut broken) = (Vec::new(), Vec::new());
        self.tree.walk(kind.folder(), &mut |path, blob| {
            let Some((_, id)) = kind::locate(path) else { return Ok(()) };
            // What is too large for a record is not looked into.
            let bytes = self.bytes(blob)?.unwrap_or_default();
            match decode(kind, &id, &bytes) {
                Ok(record) => records.push(record),
                Err(_) => broken.push(id),
            }
            Ok(())
        })?;
        records.sort_by(|a, b| a.id().cmp(b.id()));
        Ok((records, broken))
    }

    /// Returns the bytes of a file; nothing where it is larger than any record, so that one file stops no list.
    pub(super) fn bytes(&self, blob: Oid) -> Result<Option<Vec<u8>>> {
        match self.tree.blob(blob) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.code() == "too_large" => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Snapshot for TreeSnapshot<'_> {
    fn find(&self, kind: &'static Kind, id: &str) -> Result<Option<Arc<dyn Record>>> {
        let Ok(id) = Id::parse(id) else { return Ok(None) };
        match self.tree.read(&kind.path(&id))? {
            None => Ok(None),
            Some(blob) => decode(kind, &id, &blob.bytes).map(Some),
        }
    }

    fn contains(&self, kind: &'static Kind, id: &str) -> Result<bool> {
        Ok(Id::parse(id).is_ok() && self.tree.find(&kind.path(id))?.is_some())
    }

    fn ids(&self, kind: &'static Kind) -> Result<Vec<Id>> {
        let mut ids = Vec::new();
        self.tree.walk(kind.folder(), &mut |path, _| {
            ids.extend(kind::locate(path).map(|(_, id)| id));
            Ok(())
        })?;
        ids.sort();
        Ok(ids)
    }

    fn scan(&self, kind: &'static Kind) -> Result<Vec<Arc<dyn Record>>> {
        if let Some(known) = self.scanned.borrow().get(kind.name) {
            return Ok(known.clone());
        }
        let (records, broken) = self.read_all(kind)?;
        self.scanned.borrow_mut().insert(kind.name, records.clone());
        self.broken.borrow_mut().insert(kind.name, broken);
        Ok(records)
    }

    fn visit(&self, kind: &'static Kind, visit: &mut dyn FnMut(Arc<dyn Record>) -> Result<()>) -> Result<()> {
        self.visit_in_order(kind, visit)
    }

    fn visit_holding(
        &self,
        kind: &'static Kind,
        words: &[&str],
        visit: &mut dyn FnMut(Arc<dyn Record>) -> Result<()>,
    ) -> Result<()> {
        self.visit_files_holding(kind, words, visit)
    }

    fn broken(&self, kind: &'static Kind) -> Result<Vec<Id>> {
        if let Some(broken) = self.index().and_then(|index| index.broken(self)) {
            let places = broken.into_iter().filter_map(|file| file.place);
            return Ok(places.filter(|(of, _)| *of == kind.name).map(|(_, id)| id).collect());
        }
        self.scan(kind)?;
        Ok(self.broken.borrow().get(kind.name).cloned().unwrap_or_default())
    }

    fn linked(&self, recipient: &Recipient) -> Result<Vec<Id>> {
        let entries = self.tree.list(&recipient.folder())?;
        let names = entries.iter().filter(|entry| entry.is_file()).filter_map(|entry| entry.name.strip_suffix(".md"));
        let mut ids: Vec<Id> = names.filter_map(|name| Id::parse(name).ok()).collect();
        ids.sort();
        Ok(ids)
    }

    fn is_linked(&self, recipient: &Recipient, message: &Id) -> Result<bool> {
        Ok(self.tree.find(&recipient.path(message))?.is_some())
    }

    fn links(&self) -> Result<Vec<(Recipient, Id)>> {
        let mut links = Vec::new();
        self.tree.walk(recipient::FOLDER, &mut |path, _| {
            links.extend(recipient::locate(path));
            Ok(())
        })?;
        Ok(links)
    }

    fn file(&self, path: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.tree.read(path)?.map(|blob| blob.bytes))
    }

    fn config(&self) -> Result<Config> {
        Ok(self.config.clone())
    }

    /// Twins share a folder, so one folder is all that is looked at.
    fn twin(&self, kind: &'static Kind, id: &str) -> Result<Option<Id>> {
        let path = kind.path(id);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folded = crate::base::id::fold(id);
        let entries = self.tree.list(folder)?;
        let ids = entries.iter().filter_map(|entry| Id::parse(entry.name.strip_suffix(".md")?).ok());
        Ok(ids.into_iter().find(|other| other.folded() == folded))
    }

    fn broken_naming(&self, kind: &'static Kind, id: &str) -> Result<Vec<Id>> {
        let mut naming = Vec::new();
        for broken in self.broken(kind)?.into_iter().filter(|broken| broken.as_str() != id) {
            let blob = self.tree.find(&kind.path(&broken))?;
            let bytes = blob.map(|blob| self.bytes(blob)).transpose()?.flatten();
            // What is too large for a record is not looked into.
            if bytes.is_some_and(|bytes| holds(&bytes, id)) {
                naming.push(broken);
            }
        }
        Ok(naming)
    }

    fn select(&self, kind: &'static Kind, wanted: &Select, paging: &Paging, end: End) -> Result<Page<Id>> {
        if let Some(index) = self.index()
            && let Some(page) = index.select(self, kind, wanted, paging, end)?
        {
            return Ok(page);
        }
        select::scanned(&self.scan(kind)?, wanted, paging, end)
    }

    fn derived(&self, kind: &'static Kind, term: &Term, paging: &Paging) -> Result<Option<Page<Position>>> {
        match self.index() {
            Some(index) => index.derived(self, kind, term, paging),
            None => Ok(None),
        }
    }

    fn starting(&self, kind: &'static Kind, folded: &str) -> Result<Vec<Id>> {
        if let Some(ids) = self.index().and_then(|index| index.starting(self, kind, folded)) {
            return Ok(ids);
        }
        Ok(self.ids(kind)?.into_iter().filter(|id| id.folded().starts_with(folded)).collect())
    }
}

pub(super) fn holds(bytes: &[u8], id: &str) -> bool {
    bytes.windows(id.len()).any(|window| window == id.as_bytes())
}

/// Reads a file as the record that its place says it is.
///
/// # Errors
/// `unreadable`, with the reason as its cause.
pub fn decode(kind: &'static Kind, id: &Id, bytes: &[u8]) -> Result<Arc<dyn Record>> {
    let unreadable = |why: Error| {
        Error::invalid("unreadable", format!("cannot read {} {id}: its file is no such record", kind.name))
            .hint("git coord doctor")
            .hint(format!("git show {STATE_REF}:{}", kind.path(id)))
            .because(why)
    };
    let record = (kind.decode)(bytes).map_err(unreadable)?;
    if record.id() != id {
        let other = record.id().clone();
        return Err(unreadable(Error::invalid("wrong_id", format!("the file calls itself {other}"))));
    }
    Ok(record)
}

fn read_config(tree: &Tree<'_>, commit: Oid, seen: &SeenConfig) -> Result<Config> {
    let found = tree.find(config::PATH)?;
    if let Some((_, config)) = seen.borrow().as_ref().filter(|(blob, _)| Some(*blob) == found) {
        return Ok(config.clone());
    }
    let Some(blob) = found else {
        return Err(Error::fatal(
            "damaged",
            format!("{STATE_REF} holds no coordination state: {commit} has no {}", config::PATH),
        )
        .hint("git coord doctor")
        .hint(format!("git log {STATE_REF}")));
    };
    let config = Config::decode(&tree.blob(blob)?).map_err(|why| {
        if why.code() == "unsupported_format" {
            return Error::fatal("newer_format", why.message().to_owned()).hint("install a newer git-coord");
        }
        Error::fatal("damaged", format!("cannot read {} at {STATE_REF}", config::PATH))
            .hint(format!("git show {STATE_REF}:{}", config::PATH))
            .because(why)
    })?;
    *seen.borrow_mut() = Some((blob, config.clone()));
    Ok(config)
}
