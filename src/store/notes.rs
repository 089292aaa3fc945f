//! Small files beside the state: what a machine notes for itself, each written whole and renamed into place.
//!
//! Not part of the write path: nothing here is synced, and losing a note loses no record.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Store, fault};
use crate::base::Result;

impl Store {
    /// Writes a note at a path below [`coord_dir`](Store::coord_dir), in the modes of the repository.
    ///
    /// # Errors
    /// `read_only`, `disk_full` or `io`; what the note said before is then still there.
    pub fn write_note(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.coord_dir.join(name);
        self.replace(&path, bytes).map_err(|err| fault::io(format!("write {}", path.display()), err))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.coord_dir);
        self.make_folder(folder)?;
        // Crash before the rename: a file that nobody reads, of a name that nobody uses again.
        let open_to_all = Permissions::from_mode(0o666);
        let mut file = tempfile::Builder::new().prefix(".note-").permissions(open_to_all).tempfile_in(folder)?;
        file.write_all(bytes)?;
        self.files.modes.adjust(file.path())?;
        file.persist(path).map(drop).map_err(|err| err.error)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(parent) = folder.parent() {
            self.make_folder(parent)?;
        }
        match fs::create_dir(folder) {
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(err) => Err(err),
            Ok(()) => self.files.modes.adjust(folder),
        }
    }
}
