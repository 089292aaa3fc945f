//! Packs that git cannot open: those whose index is gone or broken, and those that are not what their index says. Of the
//! first nothing is lost: the index is made again. Of the others git takes out what can still be read.
//!
//! A pack holds more than the state, so nothing of it is thrown away: what was there goes to the backup. A pack that git
//! can open is left to git, also where something in its midst is broken.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::backup::Backup;
use super::survey;
use crate::base::Result;
use crate::store::git::Call;
use crate::store::{ObjectFormat, Store, fault};

/// How long git may take to read a pack.
const LIMIT: Duration = Duration::from_secs(3600);

/// What is derived from packs, and would be wrong beside others.
const OF_ALL: [&str; 2] = ["multi-pack-index", "multi-pack-index.d"];

impl Store {
    /// Returns the packs that git cannot open, though they are there.
    ///
    /// # Errors
    /// `io`, `read_only` where one may not be read.
    pub fn closed_packs(&self) -> Result<Vec<PathBuf>> {
        let mut closed = Vec::new();
        for entry in fs::read_dir(self.pack_folder()).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "pack")
                && !is_open(&path, self.format).map_err(|err| fault::io(format!("read {}", path.display()), err))?
            {
                closed.push(path);
            }
        }
        closed.sort();
        Ok(closed)
    }

    /// Has git open a pack again, or take out of it what can be read.
    ///
    /// Crash on the way: a pack without an index, which is as closed as it was.
    ///
    /// # Errors
    /// `io`, `read_only`, `disk_full`; where git could not be run.
    pub fn open_pack(&self, pack: &Path, backup: &Backup<'_>) -> Result<()> {
        for end in ["idx", "rev", "bitmap"] {
            backup.move_here("packs", &pack.with_extension(end))?;
        }
        for name in OF_ALL {
            backup.move_here("packs", &self.pack_folder().join(name))?;
        }
        let name = pack.to_string_lossy();
        if Call::new(&["index-pack", &name]).within(LIMIT).plain().run(self)?.is_success() {
            return Ok(());
        }
        let input = File::open(pack).map_err(|err| fault::io(format!("read {}", pack.display()), err))?;
        // It says that it has failed, as not all could be read.
        let words = ["-c", "core.fsync=loose-object", "unpack-objects", "-r", "-q"];
        Call::new(&words).read_from(input).within(LIMIT).plain().run(self)?;
        backup.move_here("packs", pack)
    }

    fn pack_folder(&self) -> PathBuf {
        self.places.objects_dir.join("pack")
    }
}

/// Returns whether the index of a pack is whole, and the pack begins and ends as it says. Git asks no more to open it.
fn is_open(pack: &Path, format: ObjectFormat) -> io::Result<bool> {
    match ends(pack, format.zero().as_bytes().len()) {
        Ok(Some((index, told, found))) => Ok(told == found && is_whole(&index, format)),
        Ok(None) => Ok(false),
        Err(err) if survey::is_no_damage(&err) => Err(err),
        Err(_) => Ok(false),
    }
}

type Bytes = Vec<u8>;

/// Returns the index of a pack, how it says that the pack ends, and how it ends; nothing where they are no index or no pack.
fn ends(pack: &Path, length: usize) -> io::Result<Option<(Bytes, Bytes, Bytes)>> {
    let index = fs::read(pack.with_extension("idx"))?;
    let Some(middle) = index.len().checked_sub(2 * length) else { return Ok(None) };
    let told = index[middle..middle + length].to_vec();
    let mut file = File::open(pack)?;
    let (mut begin, mut end) = ([0; 4], vec![0; length]);
    file.read_exact(&mut begin)?;
    file.seek(SeekFrom::End(-i64::try_from(length).unwrap_or_default()))?;
    file.read_exact(&mut end)?;
    Ok((begin == *b"PACK").then_some((index, told, end)))
}

/// Returns whether a file of git's ends with its own checksum.
fn is_whole(bytes: &[u8], format: ObjectFormat) -> bool {
    let (body, sum) = bytes.split_at(bytes.len() - format.zero().as_bytes().len());
    let mut hasher = gix::hash::hasher(format.kind());
    hasher.update(body);
    hasher.try_finalize().is_ok_and(|own| own.as_bytes() == sum)
}
