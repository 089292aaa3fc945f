//! Writing loose objects, durably and in a way that `git gc` beside us cannot spoil.
//!
//! An object is always written, even where one of its name exists: the new file is as young as can be, so no
//! prune takes it, and an object that so far was only in a cruft pack is kept with it. A blob that is used by its
//! name alone is made young where it lies, or written again.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flate2::{Compress, Compression, FlushCompress, Status};
use gix::objs::Kind;

use super::edit::{Draft, Fresh};
use super::fault;
use super::files::{self, Files};
use super::{Oid, Store};
use crate::base::{Error, Result};

/// How often a folder that `git gc` removes under our hands is made again.
const PATIENCE: u32 = 100;

/// Writes the objects of a draft. When this returns they are durable; nothing refers to them yet, so a crash on the
/// way leaves unreachable objects and `tmp_obj_` files, which `git gc` prunes.
pub(super) fn write(store: &Store, draft: &Draft) -> Result<()> {
    let mut folders = BTreeSet::new();
    let mut deflate = Deflate::new(store.compression);
    for id in &draft.named {
        keep(store, *id, &mut deflate, &mut folders)?;
    }
    for object in &draft.fresh {
        let path = write_one(store, object, &mut deflate)?;
        folders.extend(path.parent().map(Path::to_owned));
    }
    for folder in &folders {
        sync_folder(store.files, folder)?;
    }
    Ok(())
}

/// The names must be durable too. A folder that is gone had its objects packed and removed by a gc, which is as good.
fn sync_folder(files: Files, folder: &Path) -> Result<()> {
    match files.sync_dir("object-syncdir", folder) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(|err| fault::io(format!("sync {}", folder.display()), err)),
    }
}

fn write_one(store: &Store, object: &Fresh, deflate: &mut Deflate) -> Result<PathBuf> {
    let path = place(&store.places.objects_dir, object.id);
    let bytes = deflate.object(object.kind, &object.bytes);
    let fail = |err| fault::io(format!("write object {} to {}", object.id, path.display()), err);
    for _ in 0..PATIENCE {
        match try_write(store.files, &path, &bytes) {
            // The folder went away between our mkdir and create or rename.
            Err(err) if err.kind() == io::ErrorKind::NotFound => {}
            done => return done.map(|()| path.clone()).map_err(fail),
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
    // A crash from here to the rename leaves a `tmp_obj_` file, which `git gc` removes.
    let written = files
        .write("object-write", &temporary, &mut file, bytes)
        .and_then(|()| files.sync("object-sync", &temporary, &file))
        .and_then(|()| files.rename("object-rename", &temporary, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Makes sure that a blob used by its name is there and outlives the next prune.
fn keep(store: &Store, id: Oid, deflate: &mut Deflate, folders: &mut BTreeSet<PathBuf>) -> Result<()> {
    if store.objects.kind(id)? != Some(Kind::Blob) {
        return Err(Error::invalid("no_such_blob", format!("Cannot store {id}: the repository has no such blob")));
    }
    let path = place(&store.places.objects_dir, id);
    if touch(&path) {
        folders.extend(path.parent().map(Path::to_owned));
        return Ok(());
    }
    // It lies in a pack or an alternate. Whether that is a cruft pack, or who else may prune it, is not worth asking.
    let bytes = store.objects.read(id, Kind::Blob)?;
    let path = write_one(store, &Fresh { id, kind: Kind::Blob, bytes: bytes.into() }, deflate)?;
    folders.extend(path.parent().map(Path::to_owned));
    Ok(())
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

/// One compressor for all objects of a commit: making one takes longer than a small object does.
struct Deflate {
    state: Compress,
    plain: Vec<u8>,
}

impl Deflate {
    fn new(level: u32) -> Self {
        Deflate { state: Compress::new(Compression::new(level), true), plain: Vec::new() }
    }

    /// Returns header and content as git stores them.
    fn object(&mut self, kind: Kind, content: &[u8]) -> Vec<u8> {
        self.plain.clear();
        self.plain.extend_from_slice(format!("{kind} {}\0", content.len()).as_bytes());
        self.plain.extend_from_slice(content);
        self.state.reset();
        let mut packed = Vec::with_capacity(self.plain.len() / 2 + 64);
        loop {
            let done = usize::try_from(self.state.total_in()).unwrap_or(self.plain.len());
            let status = self.state.compress_vec(&self.plain[done..], &mut packed, FlushCompress::Finish);
            match status.expect("deflating from memory to memory cannot fail") {
                Status::StreamEnd => return packed,
                // flate2 fills what capacity there is, so it grows by steps and not by a guess.
                Status::Ok | Status::BufError => packed.reserve((self.plain.len() - done) / 2 + 256),
            }
        }
    }
}
