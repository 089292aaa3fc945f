//! What is kept of a damaged state before anything is put in its place: `coord/backup/<moment>/`.
//!
//! The ref's bytes and its reflog stand there as they were. The objects that nothing refers to any more, and that a `git
//! gc` would prune, lie in a database of their own, where plain git finds them with
//! `GIT_ALTERNATE_OBJECT_DIRECTORIES`; no ref can keep them, as git refuses to collect garbage while a ref leads to
//! something that is missing. Files of objects that cannot be read are moved there too: in their place they would keep
//! git from writing them well.
//!
//! What is kept is never replaced: of two remedies that touch the same thing, the first has seen what was there before.

use std::cell::OnceCell;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::objs::Kind;

use super::replay::Replay;
use super::survey;
use super::traces::Seen;
use crate::base::Result;
use crate::store::files::witnessed;
use crate::store::{STATE_REF, Store, fault};

/// How many backups of one moment there can be.
const MOST: usize = 1000;

/// A folder that is filled, and is made with the first thing in it.
pub struct Backup<'s> {
    store: &'s Store,
    moment: String,
    /// Its name, below [`Store::coord_dir`].
    name: OnceCell<String>,
}

impl<'s> Backup<'s> {
    /// Returns where it is; nothing where nothing was kept.
    pub fn folder(&self) -> Option<PathBuf> {
        self.name.get().map(|name| self.store.coord_dir().join(name))
    }

    /// Keeps a text, unless one of that name is kept already.
    ///
    /// # Errors
    /// `read_only`, `disk_full` or `io`.
    pub fn keep(&self, file: &str, bytes: &[u8]) -> Result<()> {
        let name = self.name()?;
        if !self.store.coord_dir().join(name).join(file).exists() {
            self.store.write_note(&format!("{name}/{file}"), bytes)?;
        }
        self.settle(&[file.to_owned()])
    }

    /// Makes the folder that nobody else has made.
    fn name(&self) -> Result<&str> {
        if let Some(name) = self.name.get() {
            return Ok(name);
        }
        let first = format!("backup/{}", self.moment);
        let others = (2..=MOST).map(|n| format!("{first}-{n}"));
        for name in std::iter::once(first.clone()).chain(others) {
            if self.store.make_own_folder(&name)? {
                return Ok(self.name.get_or_init(|| name));
            }
        }
        let taken = io::Error::from(io::ErrorKind::AlreadyExists);
        Err(fault::io(format!("make {}", self.store.coord_dir().join(first).display()), taken))
    }

    /// Keeps what the ref holds, and its reflog.
    ///
    /// # Errors
    /// As [`keep`](Self::keep).
    pub fn keep_ref(&self, seen: &Seen) -> Result<()> {
        match seen {
            Seen::Absent => {}
            Seen::Names(id) => self.keep("ref", format!("{id}\n").as_bytes())?,
            Seen::Broken { bytes, .. } => self.keep("ref", bytes)?,
        }
        match fs::read(self.store.common_dir().join("logs").join(STATE_REF)) {
            Ok(log) => self.keep("reflog", &log),
            Err(_) => Ok(()),
        }
    }

    /// Keeps the objects that are left behind when a history is made again.
    ///
    /// # Errors
    /// As [`keep`](Self::keep).
    pub fn keep_objects(&self, replay: &mut Replay<'_>) -> Result<()> {
        let mut files = Vec::new();
        for (id, kind) in replay.left_behind()? {
            let Ok(bytes) = survey::read(&self.store.objects, id, kind) else { continue };
            let hex = id.to_string();
            let file = format!("objects/{}/{}", &hex[..2], &hex[2..]);
            let packed = deflated(kind, &bytes).map_err(|err| fault::io("deflate an object", err))?;
            self.store.write_note(&format!("{}/{file}", self.name()?), &packed)?;
            files.push(file);
        }
        self.settle(&files)
    }

    /// Moves the files of objects here that are there and cannot be read, whatever refers to them: in their place they
    /// would keep git from writing the objects well.
    ///
    /// # Errors
    /// `read_only` or `io`.
    pub fn set_aside(&self, replay: &Replay<'_>) -> Result<()> {
        for id in replay.broken.keys().filter(|id| !replay.fresh.contains_key(id)) {
            let hex = id.to_string();
            let path = self.store.places.objects_dir.join(&hex[..2]).join(&hex[2..]);
            if path.is_file() {
                self.move_as("broken", &hex, &path)?;
            }
        }
        Ok(())
    }

    /// Moves a file, or a folder, into a folder here, where it is there.
    pub(super) fn move_here(&self, folder: &str, path: &Path) -> Result<()> {
        match (path.exists(), path.file_name()) {
            (true, Some(name)) => self.move_as(folder, &name.to_string_lossy(), path),
            _ => Ok(()),
        }
    }

    fn move_as(&self, folder: &str, name: &str, path: &Path) -> Result<()> {
        let below = format!("{}/{folder}", self.name()?);
        self.store.make_own_folder(&below)?;
        let to = self.store.coord_dir().join(below).join(name);
        move_file(path, &to).map_err(|err| fault::io(format!("move {}", path.display()), err))?;
        self.settle(&[format!("{folder}/{name}")])
    }

    fn settle(&self, files: &[String]) -> Result<()> {
        let Some(name) = self.name.get() else { return Ok(()) };
        let files: Vec<String> = files.iter().map(|file| format!("coord/{name}/{file}")).collect();
        self.store.settle(&files.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// Moves a file without reading it, as its disk may be what is broken; to another file system it is copied first.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    match witnessed(&format!("rename {} to", from.display()), to, || fs::rename(from, to)) {
        Err(err) if err.kind() == io::ErrorKind::CrossesDevices => {
            fs::copy(from, to)?;
            fs::File::open(to)?.sync_all()?;
            witnessed("unlink", from, || fs::remove_file(from))
        }
        moved => moved,
    }
}

/// Returns header and content as git stores them.
fn deflated(kind: Kind, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    write!(encoder, "{kind} {}\0", bytes.len())?;
    encoder.write_all(bytes)?;
    encoder.finish()
}

impl Store {
    /// Begins a backup that is called after a moment.
    pub fn back_up(&self, moment: &str) -> Backup<'_> {
        Backup { store: self, moment: moment.to_owned(), name: OnceCell::new() }
    }

    /// Goes on with a backup that has a folder.
    pub fn back_up_into(&self, folder: &Path) -> Backup<'_> {
        let name = folder.strip_prefix(self.coord_dir()).unwrap_or(folder).to_string_lossy().into_owned();
        Backup { store: self, moment: String::new(), name: OnceCell::from(name) }
    }
}
