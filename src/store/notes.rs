//! Small files beside the state: what a machine notes for itself, each written whole and renamed into place.
//!
//! Not part of the write path: nothing here is synced unless it is asked for, and losing a note loses no record.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path};

use super::files::witnessed;
use super::{Store, fault};
use crate::base::Result;

impl Store {
    /// Writes a note at a path below [`coord_dir`](Store::coord_dir), in the modes of the repository.
    ///
    /// # Errors
    /// `read_only`, `disk_full` or `io`; what the note said before is then still there.
    pub fn write_note(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.coord_dir.join(name);
        let written =
            if stays_below(name) { self.replace(&path, bytes) } else { Err(io::ErrorKind::InvalidFilename.into()) };
        written.map_err(|err| fault::io(format!("write {}", path.display()), err))
    }

    /// Waits until files below the common dir, and their names, are on the disk: those that git or a note has put in
    /// place, which waits for nothing.
    ///
    /// # Errors
    /// `io` where one is not there or cannot be waited for.
    pub fn settle(&self, names: &[&str]) -> Result<()> {
        if !self.files.is_durable {
            return Ok(());
        }
        for path in names.iter().map(|name| self.common_dir().join(name)) {
            let folder = path.parent().unwrap_or(self.common_dir());
            let settled = fs::File::open(&path)
                .and_then(|file| witnessed("sync", &path, || file.sync_data()))
                .and_then(|()| fs::File::open(folder))
                .and_then(|names| witnessed("sync_dir", folder, || names.sync_all()));
            // Some file systems cannot sync a folder and say so.
            let settled =
                settled.or_else(|err| if err.kind() == io::ErrorKind::InvalidInput { Ok(()) } else { Err(err) });
            settled.map_err(|err| fault::io(format!("sync {}", path.display()), err))?;
        }
        Ok(())
    }

    /// Removes a note; one that is not there, or cannot be removed, is left: what it said must be harmless by then.
    pub fn remove_note(&self, name: &str) {
        if stays_below(name) {
            let path = self.coord_dir.join(name);
            let _ = witnessed("unlink", &path, || fs::remove_file(&path));
        }
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.coord_dir);
        // Crash before the rename: a file that nobody reads, of a name that nobody uses again.
        let mut temporary = tempfile::Builder::new();
        let temporary = temporary.prefix(".note-").permissions(Permissions::from_mode(0o666));
        let mut file = match temporary.tempfile_in(folder) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => {
                self.make_folder(folder)?;
                temporary.tempfile_in(folder)?
            }
            made => made?,
        };
        let temporary = file.path().to_owned();
        witnessed("write", &temporary, || file.write_all(bytes))?;
        self.files.modes.adjust(&temporary)?;
        let renamed = format!("rename {} to", temporary.display());
        witnessed(&renamed, path, || file.persist(path).map(drop).map_err(|err| err.error))
    }

    /// Makes a folder among the notes, and those above it; false where there is one already.
    ///
    /// # Errors
    /// `read_only`, `disk_full` or `io`.
    pub(super) fn make_own_folder(&self, name: &str) -> Result<bool> {
        let path = self.coord_dir.join(name);
        let above = path.parent().map_or(Ok(()), |above| self.make_folder(above));
        let made = above.and_then(|()| match witnessed("mkdir", &path, || fs::create_dir(&path)) {
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(err) => Err(err),
            Ok(()) => self.files.modes.adjust(&path).map(|()| true),
        });
        made.map_err(|err| fault::io(format!("make {}", path.display()), err))
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(parent) = folder.parent() {
            self.make_folder(parent)?;
        }
        match witnessed("mkdir", folder, || fs::create_dir(folder)) {
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(err) => Err(err),
            Ok(()) => self.files.modes.adjust(folder),
        }
    }
}

/// Names hold ids that others have pushed: none may lead out of the folder.
fn stays_below(name: &str) -> bool {
    Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::stays_below;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert!(stays_below("replica") && stays_below("held/0123/c4g71a25b9zk3y"));
        for name in ["held/0123/../../../config", "/etc/passwd", "..", "provisional/../../HEAD"] {
            assert!(!stays_below(name), "{name}");
        }
    }
}
