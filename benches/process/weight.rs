//! What a repository weighs: the bytes of its files, and how many of them are loose objects.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::place::Repo;

/// The weight of everything in the folder of git.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Weight {
    /// The lengths of the files.
    pub(crate) bytes: u64,
    /// What the files take on the disk, in whole blocks.
    pub(crate) on_disk: u64,
    pub(crate) loose: u64,
}

impl Weight {
    pub(crate) fn of(repo: &Repo<'_>) -> Weight {
        let mut weight = Weight::default();
        weight.add(&repo.path.join(".git"));
        weight
    }

    /// Returns how much more this is; nothing where it is less.
    pub(crate) fn since(self, before: Weight) -> Weight {
        Weight {
            bytes: self.bytes.saturating_sub(before.bytes),
            on_disk: self.on_disk.saturating_sub(before.on_disk),
            loose: self.loose.saturating_sub(before.loose),
        }
    }

    fn add(&mut self, folder: &Path) {
        let is_loose = is_loose_folder(folder);
        for entry in std::fs::read_dir(folder).expect("the folder can be read") {
            let entry = entry.expect("the folder can be read");
            let metadata = entry.metadata().expect("nobody else is at work here");
            if metadata.is_dir() {
                self.add(&entry.path());
                continue;
            }
            self.bytes += metadata.len();
            self.on_disk += metadata.blocks() * 512;
            self.loose += u64::from(is_loose);
        }
    }
}

/// Says whether a folder is one of `objects/00` to `objects/ff`.
fn is_loose_folder(folder: &Path) -> bool {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_hex = |name: &str| name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex(&name(folder)) && folder.parent().is_some_and(|parent| name(parent) == "objects")
}
