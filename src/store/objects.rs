//! Reading objects: those that are about to be written, loose, packed and borrowed from alternates.
//!
//! A missing or broken object is an error of code `damaged`, never an empty answer. An object larger than
//! [`LARGEST`] is refused before memory is taken for it.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::objs::{Find, Kind};
use gix::odb::pack::cache::lru::StaticLinkedList;
use gix::odb::store::init::{Options, Slots};
use gix::odb::{HandleArc, Header};

use super::edit::Fresh;
use super::fault;
use super::loose_read::LooseReader;
use super::{ObjectFormat, Oid, STATE_REF};
use crate::base::{Error, Result};

/// The most bytes that an object may have.
pub(super) const LARGEST: u64 = 64 << 20;

/// Objects kept unpacked, because the next one read is often a delta of one of them.
const PACK_CACHE: usize = 64;
/// The most bytes that they take.
const PACK_CACHE_BYTES: usize = 16 << 20;

/// The most trees and commits that are kept after they were read.
const SEEN: usize = 1024;
/// The most bytes that one of them may have.
const SEEN_BYTES: usize = 64 << 10;

/// How often an object is looked for in databases opened anew, before it counts as missing.
const LOOKS: usize = 3;

/// After so many more objects that were not loose than were, the packs are asked first: much of a state is being read.
const NOT_LOOSE: u32 = 32;

/// How many packs are expected, which spares a look into their folder. Where there are more, all are counted.
const PACKS: u16 = 64;

/// Kind and bytes of objects by their names.
type Known = HashMap<Oid, (Kind, Arc<[u8]>)>;

/// The object databases of the repository: its own first, then those of GIT_ALTERNATE_OBJECT_DIRECTORIES.
pub(super) struct Objects {
    folders: Vec<PathBuf>,
    format: ObjectFormat,
    loose: LooseReader,
    /// How many objects more were not loose than were; one that was weighs two.
    not_loose: Cell<u32>,
    handles: OnceCell<Vec<HandleArc>>,
    /// In a partial clone, the remote that has what a filter has left out.
    promisor: Option<String>,
    /// Trees and commits read before: a command looks at the same few again when it decides, and when it writes.
    seen: RefCell<Known>,
    /// Objects that are about to be written, which can be read before they are.
    pending: RefCell<Known>,
}

impl Objects {
    pub(super) fn new(own: &Path, borrowed: &[PathBuf], format: ObjectFormat, promisor: Option<String>) -> Objects {
        let borrowed = borrowed.iter().filter(|path| path.is_dir());
        let folders = std::iter::once(own).chain(borrowed.map(PathBuf::as_path)).map(Path::to_owned).collect();
        Objects {
            folders,
            format,
            loose: LooseReader::new(own),
            not_loose: Cell::default(),
            handles: OnceCell::new(),
            promisor,
            seen: RefCell::default(),
            pending: RefCell::default(),
        }
    }

    /// Returns the bytes of an object that must be there and of this kind.
    pub(super) fn read(&self, id: Oid, kind: Kind) -> Result<Arc<[u8]>> {
        for known in [&self.pending, &self.seen] {
            if let Some((_, bytes)) = known.borrow().get(&id).filter(|(seen, _)| *seen == kind) {
                return Ok(Arc::clone(bytes));
            }
        }
        match self.find(id)? {
            Some((found, bytes)) if found == kind => {
                let bytes = Arc::from(bytes);
                self.remember(id, kind, &bytes);
                Ok(bytes)
            }
            Some((found, _)) => Err(fault::damaged(format!("object {id} is a {found}, not a {kind}"))),
            None => Err(self.missing(id)),
        }
    }

    /// Lets objects be read that are not written yet. Whoever does not write them takes them away again.
    pub(super) fn add_pending(&self, fresh: &[Fresh]) {
        let mut pending = self.pending.borrow_mut();
        pending.extend(fresh.iter().map(|object| (object.id, (object.kind, Arc::clone(&object.bytes)))));
    }

    /// Says that the objects have been written, and are there like all others.
    pub(super) fn settle_pending(&self) {
        for (id, (kind, bytes)) in self.pending.borrow_mut().drain() {
            self.remember(id, kind, &bytes);
        }
    }

    /// Forgets the objects that were to be written.
    pub(super) fn drop_pending(&self) {
        self.pending.borrow_mut().clear();
    }

    /// What a filter has left out is brought by git alone: reading does not go to the network.
    fn missing(&self, id: Oid) -> Error {
        let Some(remote) = &self.promisor else { return fault::damaged(format!("object {id} is missing")) };
        let message = format!("object {id} of the state is not here: this partial clone has left it out");
        Error::fatal("left_out", message).hint(format!("git fetch --refetch --no-filter {remote} {STATE_REF}"))
    }

    /// An object never changes under its name, so what was read once is true for ever.
    fn remember(&self, id: Oid, kind: Kind, bytes: &Arc<[u8]>) {
        let mut seen = self.seen.borrow_mut();
        if kind != Kind::Blob && bytes.len() <= SEEN_BYTES && seen.len() < SEEN {
            seen.insert(id, (kind, Arc::clone(bytes)));
        }
    }

    /// Returns kind and bytes of an object; nothing where there is none of that name.
    fn find(&self, id: Oid) -> Result<Option<(Kind, Vec<u8>)>> {
        if self.not_loose.get() < NOT_LOOSE {
            if let Some(found) = self.loose.find(id) {
                self.not_loose.set(self.not_loose.get().saturating_sub(2));
                return Ok(Some(found));
            }
            self.not_loose.set(self.not_loose.get() + 1);
        }
        self.look(|handles| find(handles, id))
    }

    /// Returns the kind of an object that is in the repository, or about to be.
    pub(super) fn kind(&self, id: Oid) -> Result<Option<Kind>> {
        match self.pending.borrow().get(&id) {
            Some((kind, _)) => Ok(Some(*kind)),
            None => self.look(|handles| kind(handles, id)),
        }
    }

    /// A `git gc` beside us moves objects from loose files to a pack, and from pack to pack: whoever has looked into
    /// the packs before and at the loose files after finds nothing. Only what is not in databases opened anew is missing.
    fn look<T>(&self, ask: impl Fn(&[HandleArc]) -> Result<Option<T>>) -> Result<Option<T>> {
        let mut found = self.handles().and_then(&ask);
        for _ in 0..LOOKS {
            if matches!(found, Ok(Some(_))) {
                break;
            }
            found = ask(&open(&self.folders, self.format, Slots::default())?);
        }
        found
    }

    /// Opened when something is first looked for that is not loose.
    fn handles(&self) -> Result<&[HandleArc]> {
        if let Some(handles) = self.handles.get() {
            return Ok(handles);
        }
        let handles = open(&self.folders, self.format, Slots::Given(PACKS))?;
        Ok(self.handles.get_or_init(|| handles))
    }
}

fn open(folders: &[PathBuf], format: ObjectFormat, slots: Slots) -> Result<Vec<HandleArc>> {
    let handles = folders.iter().map(|path| {
        // It makes paths absolute, which most are.
        let current_dir = path.is_absolute().then(|| path.clone());
        let alloc_limit_bytes = usize::try_from(LARGEST).ok();
        let options = Options { slots, alloc_limit_bytes, current_dir, ..Options::default() };
        let store = gix::odb::Store::at_opts(path.clone(), format.kind(), &mut std::iter::empty(), options);
        let store = Arc::new(store.map_err(|err| fault::io(format!("open the objects in {}", path.display()), err))?);
        let handle = HandleArc::from(store.to_handle_arc());
        Ok(handle.with_pack_cache(|| Box::new(StaticLinkedList::<PACK_CACHE>::new(PACK_CACHE_BYTES))))
    });
    handles.collect()
}

fn find(handles: &[HandleArc], id: Oid) -> Result<Option<(Kind, Vec<u8>)>> {
    for handle in handles {
        let mut bytes = Vec::new();
        let found = match handle.try_find(&id.0, &mut bytes) {
            Ok(found) => found.map(|data| data.kind),
            Err(err) => return Err(judge(handle, id, err)),
        };
        if let Some(kind) = found {
            let size = bytes.len() as u64;
            return if size > LARGEST { Err(too_large(id, size)) } else { Ok(Some((kind, bytes))) };
        }
    }
    Ok(None)
}

fn kind(handles: &[HandleArc], id: Oid) -> Result<Option<Kind>> {
    for handle in handles {
        if let Some(header) = handle.try_header(&id.0).map_err(|err| fault::unreadable(id, err))? {
            return Ok(Some(header.kind()));
        }
    }
    Ok(None)
}

/// Tells an object that is too large, for which the reader takes no memory, from one that is broken.
fn judge(handle: &HandleArc, id: Oid, err: gix::Error) -> Error {
    match handle.try_header(&id.0) {
        Ok(Some(header)) if header.size() > LARGEST => too_large(id, header.size()),
        _ => fault::unreadable(id, err),
    }
}

fn too_large(id: Oid, size: u64) -> Error {
    Error::invalid("too_large", format!("object {id} has {size} bytes; no more than {LARGEST} are read"))
}
