//! Many objects in one file: a pack with its index, as git makes them when it fetches.
//!
//! A [`Pack`] takes objects one by one and keeps no more of them than their names; [`Pack::finish`] makes it part of the
//! repository. Nothing is deltified: that is for git's own maintenance. What dies on the way is told in `trace.rs`.

mod entries;
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
use super::files::Files;
use super::loose::{self, Beside, Freshened};
use super::{ObjectFormat, Oid, Store};
use crate::base::{Error, Result};
use entries::Entries;
use trace::Trace;

pub use packer::{Packed, Packer};

/// How many bytes are collected before they are written.
const CHUNK: usize = 1 << 20;

/// Where the number of objects stands in a pack.
const COUNT_AT: usize = 8;

/// From so many objects on, those of a commit are better off in one pack than in a file for each.
pub(super) const MANY: usize = 64;

/// Writes the objects of a draft into one pack, and does what is asked beside it. When this returns they are durable, and
/// kept until the value that is returned is dropped, which the caller does when the ref has moved.
///
/// # Errors
/// `disk_full`, `read_only`, `io`; `no_such_blob`, `damaged` for a blob that the draft names.
pub(super) fn write(store: &Store, draft: &Draft, beside: &Beside<'_>) -> Result<Option<Kept>> {
    let (mut pack, mut packer) = (Pack::begin(store)?, store.packer()?);
    let mut young = Vec::new();
    for &id in &draft.named {
        match loose::freshen(store, id)? {
            Freshened::Loose(path) => young.push(path),
            Freshened::Packed(bytes) => pack.add(id, packer.entry(Kind::Blob, &bytes))?,
        }
    }
    for Fresh { id, kind, bytes } in &draft.fresh {
        pack.add(*id, packer.entry(*kind, bytes))?;
    }
    loose::sync(store.files, young)?;
    pack.finish(beside)
}

/// A pack that is being written, under a name that git does not look at.
pub(super) struct Pack {
    files: Files,
    format: ObjectFormat,
    trace: Trace,
    file: File,
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
        let path = trace.temporary_pack();
        let created = store.files.create("pack-create", &path, 0o444);
        let file = created.map_err(|err| fault::io(format!("make the pack {}", path.display()), err))?;
        let mut chunk = Vec::with_capacity(CHUNK + (64 << 10));
        chunk.extend_from_slice(b"PACK\0\0\0\x02\0\0\0\0");
        Ok(Pack {
            files: store.files,
            format: store.format,
            trace,
            file,
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
        if !self.entries.add(id, self.written + self.chunk.len() as u64, entry)? {
            return Ok(());
        }
        self.chunk.extend_from_slice(entry);
        if self.chunk.len() >= CHUNK { self.spill() } else { Ok(()) }
    }

    /// Makes the pack and its index durable, and then puts them where git finds them; with no object in it, nothing
    /// becomes of it. Something of the caller's is done while the disk is waited for.
    ///
    /// # Errors
    /// `disk_full`, `io`: then nothing is left.
    pub(super) fn finish(mut self, beside: &Beside<'_>) -> Result<Option<Kept>> {
        if self.entries.is_empty() {
            return beside().map(|()| None);
        }
        let trailer = self.close()?;
        let (path, name) = (self.trace.temporary_index(), self.trace.temporary_pack());
        let bytes = index::encode(&mut self.entries, trailer)?;
        let index = self.write_index(&path, &bytes);
        let index = index.map_err(|err| fault::io(format!("write the index {}", path.display()), err))?;
        drop(bytes);
        let files = self.files;
        let waits: [&Beside<'_>; 3] =
            [&|| sync(files, "pack-sync", &name, &self.file), &|| sync(files, "index-sync", &path, &index), beside];
        files.side_by_side(&waits, |wait| wait())?;
        self.trace.put_in_place()?;
        Ok(Some(Kept { _trace: self.trace }))
    }

    fn write_index(&self, path: &Path, bytes: &[u8]) -> io::Result<File> {
        let mut file = self.files.create("index-create", path, 0o444)?;
        self.files.write("index-write", path, &mut file, bytes)?;
        Ok(file)
    }

    /// Writes what is left, the number of objects, and the hash of it all, which it returns.
    fn close(&mut self) -> Result<Oid> {
        let count = self.entries.count().to_be_bytes();
        let hash = if self.written == 0 {
            self.chunk[COUNT_AT..][..count.len()].copy_from_slice(&count);
            let mut hash = gix::hash::hasher(self.format.kind());
            hash.update(&self.chunk);
            hash
        } else {
            // How many there are is only known now, and it stands where the hash begins.
            self.spill()?;
            let path = self.trace.temporary_pack();
            let counted = self.file.write_all_at(&count, COUNT_AT as u64).and_then(|()| hash_of(&path, self.format));
            counted.map_err(|err| fault::io(format!("write the pack {}", path.display()), err))?
        };
        let trailer = finalize(hash)?;
        self.chunk.extend_from_slice(trailer.as_bytes());
        self.spill()?;
        Ok(trailer)
    }

    fn spill(&mut self) -> Result<()> {
        let path = self.trace.temporary_pack();
        let written = self.files.write("pack-write", &path, &mut self.file, &self.chunk);
        written.map_err(|err| fault::io(format!("write the pack {}", path.display()), err))?;
        self.written += self.chunk.len() as u64;
        self.chunk.clear();
        Ok(())
    }
}

fn sync(files: Files, step: &'static str, path: &Path, file: &File) -> Result<()> {
    files.sync(step, path, file).map_err(|err| fault::io(format!("sync {}", path.display()), err))
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
