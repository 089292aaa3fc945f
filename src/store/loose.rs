//! Writing loose objects, durably and in a way that `git gc` beside us cannot spoil.
//!
//! An object is always written, even where one of its name exists: the new file is as young as can be, so no
//! prune takes it, and an object that so far was only in a cruft pack is kept with it. A blob that is used by its
//! name alone is made young where it lies, or written again.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use gix::objs::Kind;

use super::deflate::{Deflate, stored};
use super::edit::{Draft, Fresh};
use super::fault;
use super::files;
use super::loose_read::place;
use super::waiters::{self, Failed, Job, Waiters};
use super::{Oid, Store};
use crate::base::{Error, Result};

/// How often a folder that `git gc` removes under our hands is made again.
const PATIENCE: u32 = 100;

/// An object that is not larger takes a block of the disk, compressed or not.
const BLOCK: usize = 4096;

/// Writes the objects of a draft. When this returns their bytes are durable, and what else was to be waited for so far;
/// their names are when the waiters have finished. Nothing refers to them yet, so a crash on the way leaves unreachable
/// objects and `tmp_obj_` files, which `git gc` prunes.
///
/// The disk is waited for twice, however many objects there are: once for their bytes, once for their names.
pub(super) fn write(store: &Store, draft: &Draft) -> Result<()> {
    let mut loose = Loose {
        store,
        deflate: None,
        temporary: Temporary::draw()?,
        written: Vec::new(),
        // The names of the folders too: somebody may have made them a moment ago.
        folders: BTreeSet::from([store.places.objects_dir.clone()]),
    };
    let begun = loose.begin_all(draft);
    // To the end also where something failed, so that no file is left under a name that is not its own.
    let ended: Vec<Result<()>> = store.waiters.finish().into_iter().map(|failed| loose.mend(failed)).collect();
    ended.into_iter().fold(begun, Result::and)?;
    for path in loose.folders {
        store.waiters.add(Job::Names { step: "object-syncdir", path });
    }
    Ok(())
}

/// Waits for objects that were made young and not written again, and for their names.
pub(super) fn sync(waiters: &Waiters, paths: Vec<PathBuf>) -> Result<()> {
    let folders: BTreeSet<PathBuf> = paths.iter().filter_map(|path| path.parent()).map(Path::to_owned).collect();
    for path in paths {
        keep(path, waiters)?;
    }
    waiters::check(waiters.finish())?;
    for path in folders {
        waiters.add(Job::Names { step: "object-syncdir", path });
    }
    waiters::check(waiters.finish())
}

/// What the objects of one change share while they are written.
struct Loose<'s> {
    store: &'s Store,
    /// Made for the first object that is worth it: making it takes longer than writing a small object.
    deflate: Option<Deflate>,
    temporary: Temporary,
    written: Vec<Written>,
    folders: BTreeSet<PathBuf>,
}

struct Written {
    to: PathBuf,
    kind: Kind,
    bytes: Arc<[u8]>,
}

impl Loose<'_> {
    /// Begins to write every object of a draft.
    fn begin_all(&mut self, draft: &Draft) -> Result<()> {
        for id in &draft.named {
            match freshen(self.store, *id)? {
                Freshened::Loose(path) => {
                    self.folders.extend(path.parent().map(Path::to_owned));
                    keep(path, &self.store.waiters)?;
                }
                Freshened::Packed(bytes) => self.write(*id, Kind::Blob, bytes)?,
            }
        }
        draft.fresh.iter().try_for_each(|Fresh { id, kind, bytes, .. }| self.write(*id, *kind, Arc::clone(bytes)))
    }

    fn write(&mut self, id: Oid, kind: Kind, bytes: Arc<[u8]>) -> Result<()> {
        let to = place(&self.store.places.objects_dir, id);
        let packed = self.pack(kind, &bytes);
        let (file, from) = self.begin(&to, &packed).map_err(|err| cannot_write(&to, err))?;
        self.folders.extend(to.parent().map(Path::to_owned));
        self.written.push(Written { to: to.clone(), kind, bytes });
        self.store.waiters.add(Job::Name { file, from, to });
        Ok(())
    }

    /// Returns header and content as git stores them. Where nobody has asked for a level, what fits into a block is
    /// only stored, and so are trees: they are names of objects, of which there is little to press out.
    fn pack(&mut self, kind: Kind, bytes: &[u8]) -> Vec<u8> {
        let head = format!("{kind} {}\0", bytes.len());
        let level = match self.store.compression {
            None if kind == Kind::Tree || head.len() + bytes.len() <= BLOCK => {
                return stored(&[head.as_bytes(), bytes]);
            }
            level => level.unwrap_or(1),
        };
        let deflate = self.deflate.get_or_insert_with(|| Deflate::new(level));
        deflate.run(&[head.as_bytes(), bytes].concat()).to_vec()
    }

    /// Writes an object under a temporary name.
    ///
    /// A crash from here to the rename leaves a `tmp_obj_` file, which `git gc` removes.
    fn begin(&mut self, to: &Path, bytes: &[u8]) -> io::Result<(File, PathBuf)> {
        let (files, folder) = (self.store.files, to.parent().unwrap_or(to));
        let from = folder.join(self.temporary.name());
        let mut file = files.create("object-create", &from, 0o444);
        for _ in 0..PATIENCE {
            match file {
                Err(err) if err.kind() == io::ErrorKind::NotFound => {}
                _ => break,
            }
            files.make_folder("object-mkdir", folder)?;
            file = files.create("object-create", &from, 0o444);
        }
        let mut file = file?;
        match files.write("object-write", &from, &mut file, bytes) {
            Ok(()) => Ok((file, from)),
            Err(err) => {
                let _ = std::fs::remove_file(&from);
                Err(err)
            }
        }
    }

    /// Looks into what could not be given its name.
    fn mend(&mut self, failed: Failed) -> Result<()> {
        let Job::Name { from, to, .. } = &failed.job else { return Err(failed.into_error()) };
        let _ = std::fs::remove_file(from);
        let written = self.written.iter().find(|object| object.to == *to);
        let Some((kind, bytes)) = written.map(|object| (object.kind, Arc::clone(&object.bytes))) else {
            return Err(failed.into_error());
        };
        let packed = self.pack(kind, &bytes);
        let mut error = failed.error;
        for _ in 0..PATIENCE {
            if error.kind() != io::ErrorKind::NotFound {
                break;
            }
            // A prune beside us took it for what a dead writer has left.
            match self.write_whole(to, &packed) {
                Ok(()) => return Ok(()),
                Err(err) => error = err,
            }
        }
        Err(cannot_write(to, error))
    }

    fn write_whole(&mut self, to: &Path, bytes: &[u8]) -> io::Result<()> {
        let files = self.store.files;
        let (file, from) = self.begin(to, bytes)?;
        let written = files.sync("object-sync", &from, &file).and_then(|()| files.rename("object-rename", &from, to));
        if written.is_err() {
            let _ = std::fs::remove_file(&from);
        }
        written
    }
}

/// How a blob that is used by its name outlives the next prune.
pub(super) enum Freshened {
    /// Its file is young now.
    Loose(PathBuf),
    /// It lies in a pack or an alternate, and is written again. Whether that is a cruft pack, or who else may prune it, is
    /// not worth asking.
    Packed(Arc<[u8]>),
}

/// Makes a blob young that is used by its name, or returns what it holds.
///
/// # Errors
/// `no_such_blob` where the repository has none of that name, `damaged` where it cannot be read.
pub(super) fn freshen(store: &Store, id: Oid) -> Result<Freshened> {
    if store.objects.kind(id)? != Some(Kind::Blob) {
        return Err(Error::invalid("no_such_blob", format!("cannot store {id}: the repository has no such blob")));
    }
    let path = place(&store.places.objects_dir, id);
    if touch(&path) {
        return Ok(Freshened::Loose(path));
    }
    Ok(Freshened::Packed(store.objects.read(id, Kind::Blob)?))
}

/// Sets the times of a file to now; false where it is not there or not ours to touch.
fn touch(path: &Path) -> bool {
    let done = files::run("freshen", "touch", path, || {
        let file = std::fs::File::open(path)?;
        file.set_modified(SystemTime::now())
    });
    done.is_ok()
}

/// Waits for a file that was made young. One that a gc has packed meanwhile was waited for by the gc.
fn keep(path: PathBuf, waiters: &Waiters) -> Result<()> {
    match File::open(&path) {
        Ok(file) => waiters.add(Job::Bytes { step: "object-sync", file, path }),
        Err(err) if err.kind() == io::ErrorKind::NotFound => {}
        Err(err) => return Err(fault::io(format!("open {}", path.display()), err)),
    }
    Ok(())
}

fn cannot_write(path: &Path, err: io::Error) -> Error {
    fault::io(format!("write the object {}", path.display()), err)
}

/// Names that nobody else has.
struct Temporary {
    random: String,
    used: usize,
}

impl Temporary {
    fn draw() -> Result<Self> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes)
            .map_err(|err| fault::io("draw a random name", io::Error::other(err.to_string())))?;
        Ok(Temporary { random: bytes.iter().map(|byte| format!("{byte:02x}")).collect(), used: 0 })
    }

    fn name(&mut self) -> String {
        self.used += 1;
        format!("tmp_obj_{}{:02}", self.random, self.used)
    }
}
