//! Where a pack goes, and what of it is left behind by whom.
//!
//! A pack of ours has a name that nobody else can have: a hash of its content could be that of a pack which a `git gc`
//! beside us is about to remove. While it is made, a file of that name lies in `coord/packing`, locked by its maker:
//! the kernel lets go of the lock when the maker dies, and the next one that makes a pack removes what is left of it.
//!
//! What a crash leaves, step by step: `tmp_pack_` and `tmp_idx_` files, which git does not look at and `git gc` would
//! remove too, in its time; then an empty `.keep`; then a `.pack` without its `.idx`, which git does not look at
//! either; then a whole pack that is kept. The `.keep` goes where the maker is dead, and a whole pack stays: the ref
//! may have moved.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::base::Result;
use crate::store::files::Files;
use crate::store::{Store, fault, open};

/// The names of one pack of ours, on its way and in its place; dropping it removes what is not to stay.
pub(super) struct Trace {
    files: Files,
    name: String,
    /// `objects/pack`.
    folder: PathBuf,
    note: PathBuf,
    /// Holds the lock that says that we are alive.
    _alive: File,
}

impl Trace {
    /// Takes a name, and removes what dead makers have left.
    pub(super) fn begin(store: &Store) -> Result<Trace> {
        let (files, folder) = (store.files, store.places.objects_dir.join("pack"));
        let notes = store.coord_dir.join("packing");
        let make = || -> io::Result<Trace> {
            files.make_dir("pack-mkdir", &folder)?;
            files.make_dir("pack-mkdir", &notes)?;
            if open::locks_work(&notes) {
                sweep(files, &folder, &notes)?;
            }
            loop {
                let name = random_name(store.format.zero().as_bytes().len())?;
                let note = notes.join(&name);
                let file = files.create("packing-note", &note, 0o666)?;
                // Without locks nobody can tell whether we are alive, and nobody removes anything of ours.
                let _ = file.try_lock();
                if is_at(&file, &note) {
                    return Ok(Trace { files, name, folder: folder.clone(), note, _alive: file });
                }
                // Between making and locking it we looked dead.
            }
        };
        make().map_err(|err| fault::io(format!("begin a pack in {}", folder.display()), err))
    }

    pub(super) fn temporary_pack(&self) -> PathBuf {
        self.folder.join(format!("tmp_pack_{}", self.name))
    }

    pub(super) fn temporary_index(&self) -> PathBuf {
        self.folder.join(format!("tmp_idx_{}", self.name))
    }

    fn place(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("pack-{}.{ending}", self.name))
    }

    /// Returns the folder of packs.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Renames pack and index to where git finds them: the index last, as git takes a pack for one by its index.
    pub(super) fn put_in_place(&self) -> Result<()> {
        let put = || -> io::Result<()> {
            self.files.create("pack-keep", &self.place("keep"), 0o600)?;
            self.files.rename("pack-rename", &self.temporary_pack(), &self.place("pack"))?;
            self.files.rename("index-rename", &self.temporary_index(), &self.place("idx"))
        };
        put().map_err(|err| fault::io(format!("put a pack into {}", self.folder.display()), err))
    }
}

impl Drop for Trace {
    /// What fails here is left for the next maker of a pack.
    fn drop(&mut self) {
        if remove_rest(self.files, &self.folder, &self.name).is_ok() {
            let _ = self.files.unlink("packing-drop", &self.note);
        }
    }
}

/// Removes what is left of all makers that are dead.
fn sweep(files: Files, folder: &Path, notes: &Path) -> io::Result<()> {
    for entry in notes.read_dir()? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned).filter(|name| is_name(name)) else { continue };
        let Ok(file) = File::open(entry.path()) else { continue };
        if file.try_lock().is_ok() && is_at(&file, &entry.path()) {
            remove_rest(files, folder, &name)?;
            files.unlink("packing-drop", &entry.path())?;
        }
    }
    Ok(())
}

/// Removes what no reader needs of a pack whose maker has gone, or is done.
fn remove_rest(files: Files, folder: &Path, name: &str) -> io::Result<()> {
    let place = |start: &str, ending: &str| folder.join(format!("{start}{name}{ending}"));
    files.unlink("pack-clear", &place("tmp_pack_", ""))?;
    files.unlink("pack-clear", &place("tmp_idx_", ""))?;
    if !place("pack-", ".idx").exists() {
        files.unlink("pack-clear", &place("pack-", ".pack"))?;
    }
    files.unlink("pack-unkeep", &place("pack-", ".keep"))
}

fn is_name(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(ours), Ok(there)) = (file.metadata(), path.symlink_metadata()) else { return false };
    (ours.dev(), ours.ino()) == (there.dev(), there.ino())
}

/// Returns as many random bytes as a hash has, in hex: git knows packs by names of this form.
fn random_name(bytes: usize) -> io::Result<String> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|err| io::Error::other(err.to_string()))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
