//! Writing loose objects, durably and in a way that `git gc` beside us cannot spoil.
//!
//! An object is always written, even where one of its name exists: the new file is as young as can be, so no
//! prune takes it, and an object that so far was only in a cruft pack is kept with it. A blob that is used by its
//! name alone is made young where it lies, or written again.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use gix::objs::Kind;

use super::deflate::Deflate;
use super::edit::{Draft, Fresh};
use super::fault;
use super::files::{self, Files};
use super::{Oid, Store};
use crate::base::{Error, Result};

/// How often a folder that `git gc` removes under our hands is made again.
const PATIENCE: u32 = 100;

/// One thing that has to be on the disk before the names are made durable.
enum Job<'a> {
    /// An object to write: its file and what goes into it.
    Write(PathBuf, Vec<u8>),
    /// An object that is there, but perhaps in memory only.
    Sync(PathBuf),
    /// Something of the caller's that may as well be waited for now.
    Other(&'a Beside<'a>),
}

/// Work that is done beside the writing of objects.
pub(super) type Beside<'a> = dyn Fn() -> Result<()> + Sync + 'a;

/// Writes the objects of a draft, and does what is asked beside it. When this returns they are durable; nothing refers
/// to them yet, so a crash on the way leaves unreachable objects and `tmp_obj_` files, which `git gc` prunes.
///
/// The disk is waited for twice, however many objects there are: once for their bytes, once for their names.
pub(super) fn write(store: &Store, draft: &Draft, beside: &Beside<'_>) -> Result<()> {
    let files = store.files;
    let mut deflate = Deflate::new(store.compression);
    let mut write = |id, kind, bytes: &[u8]| {
        let whole = [format!("{kind} {}\0", bytes.len()).as_bytes(), bytes].concat();
        Job::Write(place(&store.places.objects_dir, id), deflate.run(&whole).to_vec())
    };
    let mut jobs = vec![Job::Other(beside)];
    for id in &draft.named {
        jobs.push(match freshen(store, *id)? {
            Freshened::Loose(path) => Job::Sync(path),
            Freshened::Packed(bytes) => write(*id, Kind::Blob, &bytes),
        });
    }
    for Fresh { id, kind, bytes } in &draft.fresh {
        jobs.push(write(*id, *kind, bytes));
    }
    settle(files, &jobs)
}

/// Waits for objects that were made young and not written again.
pub(super) fn sync(files: Files, paths: Vec<PathBuf>) -> Result<()> {
    settle(files, &paths.into_iter().map(Job::Sync).collect::<Vec<_>>())
}

fn settle(files: Files, jobs: &[Job<'_>]) -> Result<()> {
    files.side_by_side(jobs, |job| job.run(files))?;
    let folders: BTreeSet<&Path> = jobs.iter().filter_map(Job::folder).collect();
    let folders: Vec<&Path> = folders.into_iter().collect();
    files.side_by_side(&folders, |folder| sync_folder(files, folder))
}

impl Job<'_> {
    fn run(&self, files: Files) -> Result<()> {
        match self {
            Job::Write(path, bytes) => write_one(files, path, bytes),
            Job::Sync(path) => sync_one(files, path),
            Job::Other(beside) => beside(),
        }
    }

    fn folder(&self) -> Option<&Path> {
        match self {
            Job::Write(path, _) | Job::Sync(path) => path.parent(),
            Job::Other(_) => None,
        }
    }
}

/// The names must be durable too. A folder that is gone had its objects packed and removed by a gc, which is as good.
fn sync_folder(files: Files, folder: &Path) -> Result<()> {
    match files.sync_dir("object-syncdir", folder) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(|err| fault::io(format!("sync {}", folder.display()), err)),
    }
}

/// The same for a file that a gc has packed meanwhile.
fn sync_one(files: Files, path: &Path) -> Result<()> {
    match std::fs::File::open(path).and_then(|file| files.sync("object-sync", path, &file)) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(|err| fault::io(format!("sync {}", path.display()), err)),
    }
}

fn write_one(files: Files, path: &Path, bytes: &[u8]) -> Result<()> {
    let fail = |err| fault::io(format!("write the object {}", path.display()), err);
    for _ in 0..PATIENCE {
        match try_write(files, path, bytes) {
            // The folder went away between our mkdir and create or rename.
            Err(err) if err.kind() == io::ErrorKind::NotFound => {}
            done => return done.map_err(fail),
        }
    }
    Err(fail(io::ErrorKind::NotFound.into()))
}

fn try_write(files: Files, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let temporary = folder.join(format!("tmp_obj_{}", random_name()?));
    let mut file = match files.create("object-create", &temporary, 0o444) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            files.make_dir("object-mkdir", folder)?;
            files.create("object-create", &temporary, 0o444)?
        }
        created => created?,
    };
    // A crash from here to the rename leaves a `tmp_obj_` file, which `git gc` removes. The bytes are durable before
    // the name is, so that no name ever stands for half an object.
    let written = files
        .write("object-write", &temporary, &mut file, bytes)
        .and_then(|()| files.sync("object-sync", &temporary, &file))
        .and_then(|()| files.rename("object-rename", &temporary, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// How a blob that is used by its name outlives the next prune.
pub(super) enum Freshened {
    /// Its file is young now.
    Loose(PathBuf),
    /// It lies in a pack or an alternate, and is written again. Whether that is a cruft pack, or who else may prune it, is
    /// not worth asking.
    Packed(Vec<u8>),
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

fn place(objects_dir: &Path, id: Oid) -> PathBuf {
    let hex = id.to_string();
    objects_dir.join(&hex[..2]).join(&hex[2..])
}

fn random_name() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|err| io::Error::other(err.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
