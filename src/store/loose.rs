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
    let mut jobs = vec![Job::Other(beside)];
    for id in &draft.named {
        jobs.push(keep(store, *id, &mut deflate)?);
    }
    for Fresh { id, kind, bytes } in &draft.fresh {
        jobs.push(Job::Write(place(&store.places.objects_dir, *id), deflate.object(*kind, bytes)));
    }
    files.side_by_side(&jobs, |job| job.run(files))?;
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

/// Finds out how a blob that is used by its name outlives the next prune.
fn keep<'a>(store: &Store, id: Oid, deflate: &mut Deflate) -> Result<Job<'a>> {
    if store.objects.kind(id)? != Some(Kind::Blob) {
        return Err(Error::invalid("no_such_blob", format!("cannot store {id}: the repository has no such blob")));
    }
    let path = place(&store.places.objects_dir, id);
    if touch(&path) {
        return Ok(Job::Sync(path));
    }
    // It lies in a pack or an alternate. Whether that is a cruft pack, or who else may prune it, is not worth asking.
    let bytes = store.objects.read(id, Kind::Blob)?;
    Ok(Job::Write(path, deflate.object(Kind::Blob, &bytes)))
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
