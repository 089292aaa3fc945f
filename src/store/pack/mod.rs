//! Many objects in one file: a pack with its index, as git makes them when it fetches.
//!
//! A [`Pack`] takes objects one by one and keeps no more of them than their names; [`Pack::finish`] makes it part of the
//! repository. Nothing is deltified, that is for git's own maintenance, but what a group says of folders (`group.rs`).
//! What dies on the way is told in `trace.rs`.

mod entries;
pub(super) mod group;
mod index;
mod packer;
mod trace;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use gix::objs::Kind;

use super::edit::{Draft, Fresh};
use super::fault;
use super::files::{self, Files};
use super::loose::{self, Freshened};
use super::waiters::{self, Job, Waiters};
use super::{ObjectFormat, Oid, Store};
use crate::base::{Error, Result};
use entries::Entries;
use trace::Trace;

pub use packer::{Packed, Packer, Packing};

/// How many bytes are collected before they are written.
const CHUNK: usize = 1 << 20;

/// Where the number of objects stands in a pack.
const COUNT_AT: usize = 8;

/// From so many objects on, those of a commit are better off in one pack than in a file for each.
pub(super) const MANY: usize = 64;

/// The same for the objects of several commits that are made at once: others wait for them.
pub(super) const MANY_OF_A_GROUP: usize = 24;

/// Writes the objects of a draft into one pack. When this returns their bytes are durable, and their names when the
/// waiters of the store have finished; they are kept until the value that is returned is dropped, which the caller
/// does when the ref has moved.
///
/// # Errors
/// `disk_full`, `read_only`, `io`; `no_such_blob`, `damaged` for a blob that the draft names.
pub(super) fn write(store: &Store, draft: &Draft) -> Result<Option<Kept>> {
    let (mut pack, mut packer) = (Pack::begin(store)?, store.packing()?.packer());
    let mut young = Vec::new();
    for &id in &draft.named {
        match loose::freshen(store, id)? {
            Freshened::Loose(path) => young.push(path),
            Freshened::Packed(bytes) => pack.add(id, packer.entry(Kind::Blob, &bytes))?,
        }
    }
    for Fresh { id, kind, bytes, .. } in &draft.fresh {
        pack.add(*id, packer.entry(*kind, bytes))?;
    }
    loose::sync(&store.waiters, young)?;
    pack.finish(&store.waiters)
}

/// A pack that is being written, under a name that git does not look at.
pub(super) struct Pack {
    files: Files,
    format: ObjectFormat,
    trace: Trace,
    /// Made when there is something to write: a `git clone` of this repository ends where a file grows that it has seen.
    file: Option<File>,
    /// What is not in the file yet.
    chunk: Vec<u8>,
    /// How many bytes are in the file.
    written: u64,
    entries: Entries,
}

/// A pack that is in its place, and kept there whatever a `git repack` beside us thinks of it: nothing refers to it
/// before the ref has moved. Dropping this makes it a pack like the others.
#[must_use = "dropping it early lets a `git repack` remove what nothing refers to yet"]
pub struct Kept {
    _trace: Trace,
}

impl Pack {
    /// Begins a pack.
    ///
    /// # Errors
    /// `disk_full`, `read_only`, `io`.
    pub(super) fn begin(store: &Store) -> Result<Pack> {
        let trace = Trace::begin(store)?;
        let mut chunk = Vec::with_capacity(CHUNK + (64 << 10));
        chunk.extend_from_slice(b"PACK\0\0\0\x02\0\0\0\0");
        Ok(Pack {
            files: store.files,
            format: store.format,
            trace,
            file: None,
            chunk,
            written: 0,
            entries: Entries::default(),
        })
    }

    /// Adds an object as a [`Packer`] has made it; one that is in the pack already is passed over.
    ///
    /// # Errors
    /// `disk_full`, `io`; `too_many` for more objects than a pack can hold.
    pub(super) fn add(&mut self, id: Oid, entry: &[u8]) -> Result<()> {
        if !self.entries.add(id, self.position(), entry)? {
            return Ok(());
        }
        self.chunk.extend_from_slice(entry);
        if self.chunk.len() >= CHUNK {
            self.file = Some(self.spill()?);
        }
        Ok(())
    }

    /// Returns where the next object will stand.
    fn position(&self) -> u64 {
        self.written + self.chunk.len() as u64
    }

    /// Makes the pack and its index durable, and then puts them where git finds them; with no object in it, nothing
    /// becomes of it. Their names are durable when the waiters have finished.
    ///
    /// # Errors
    /// `disk_full`, `io`: then nothing is left.
    pub(super) fn finish(mut self, waiters: &Waiters) -> Result<Option<Kept>> {
        if self.entries.is_empty() {
            return Ok(None);
        }
        let (trailer, file) = self.close()?;
        let path = self.trace.temporary_index();
        let bytes = index::encode(&mut self.entries, trailer)?;
        let index = self.write_index(&path, &bytes);
        let index = index.map_err(|err| fault::io(format!("write the index {}", path.display()), err))?;
        drop(bytes);
        waiters.add(Job::Bytes { step: "pack-sync", file, path: self.trace.temporary_pack() });
        waiters.add(Job::Bytes { step: "index-sync", file: index, path });
        waiters::check(waiters.finish())?;
        self.trace.put_in_place()?;
        waiters.add(Job::Names { step: "pack-syncdir", path: self.trace.folder().to_owned() });
        Ok(Some(Kept { _trace: self.trace }))
    }

    fn write_index(&self, path: &Path, bytes: &[u8]) -> io::Result<File> {
        let mut file = self.files.create("index-create", path, 0o444)?;
        self.files.write("index-write", path, &mut file, bytes)?;
        Ok(file)
    }

    /// Writes what is left, the number of objects, and the hash of it all, which it returns with the file.
    fn close(&mut self) -> Result<(Oid, File)> {
        let count = self.entries.count().to_be_bytes();
        let hash = match self.file {
            None => {
                self.chunk[COUNT_AT..][..count.len()].copy_from_slice(&count);
                let mut hash = gix::hash::hasher(self.format.kind());
                hash.update(&self.chunk);
                hash
            }
            Some(_) => {
                // How many there are is only known now, and it stands where the hash begins.
                let file = self.spill()?;
                let path = self.trace.temporary_pack();
                let count = || file.write_all_at(&count, COUNT_AT as u64);
                let counted =
                    files::run("pack-write", "write", &path, count).and_then(|()| hash_of(&path, self.format));
                self.file = Some(file);
                counted.map_err(|err| fault::io(format!("write the pack {}", path.display()), err))?
            }
        };
        let trailer = finalize(hash)?;
        self.chunk.extend_from_slice(trailer.as_bytes());
        Ok((trailer, self.spill()?))
    }

    /// Writes what is not in the file yet, and returns the file, which is no longer kept.
    fn spill(&mut self) -> Result<File> {
        let path = self.trace.temporary_pack();
        let mut write = || -> io::Result<File> {
            let mut file = match self.file.take() {
                Some(file) => file,
                None => self.files.create("pack-create", &path, 0o444)?,
            };
            self.files.write("pack-write", &path, &mut file, &self.chunk)?;
            Ok(file)
        };
        let file = write().map_err(|err| fault::io(format!("write the pack {}", path.display()), err))?;
        self.written += self.chunk.len() as u64;
        self.chunk.clear();
        Ok(file)
    }
}

fn hash_of(path: &Path, format: ObjectFormat) -> io::Result<gix::hash::Hasher> {
    let (mut file, mut bytes) = (File::open(path)?, vec![0; 256 << 10]);
    let mut hash = gix::hash::hasher(format.kind());
    loop {
        match file.read(&mut bytes) {
            Ok(0) => return Ok(hash),
            Ok(read) => hash.update(&bytes[..read]),
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
}

/// Returns the hash of what was hashed. The bytes of a pack that look like an attack on SHA-1 are no pack to write.
fn finalize(hash: gix::hash::Hasher) -> Result<Oid> {
    let hash = hash.try_finalize();
    hash.map(Oid).map_err(|err| Error::invalid("bad_object", "cannot store these bytes").because(err))
}
