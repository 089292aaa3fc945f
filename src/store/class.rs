//! Who may do whose work: processes of one user, of one build of the program, in one repository with the same settings.
//!
//! What differs between two who may work together (who they are, where they stand, their time to live) travels with
//! what they ask for.

use std::os::unix::fs::MetadataExt;

use super::Store;
use crate::base::{Result, id};

/// The variables that change which objects a process sees and where it writes them.
const VARIABLES: &[&str] = &["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE"];

/// Returns the class of this process, in hex.
pub(super) fn of(store: &Store) -> Result<String> {
    if let Some(class) = store.class.get() {
        return Ok(class.clone());
    }
    let mut text = format!("git-coord queue 1 {}\n", env!("CARGO_PKG_VERSION"));
    // Two builds of one version differ in this, two copies of one build do not.
    if let Ok(meta) = std::env::current_exe().and_then(std::fs::metadata) {
        text.push_str(&format!("{} {}.{}\n", meta.len(), meta.mtime(), meta.mtime_nsec()));
    }
    let ids = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    text.push_str(&format!("{ids:?}\n{}\n", store.places.objects_dir.display()));
    for name in VARIABLES {
        text.push_str(&format!("{name} {:?}\n", store.environment.var(name)));
    }
    // Under test a part of the class of its own stands for another user, another build, another key.
    if cfg!(feature = "testing") {
        text.push_str(&format!("{:?}\n", store.environment.var("GIT_COORD_TEST_CLASS")));
    }
    store.config.write_all(&mut text, |section, key| {
        matches!(section, "user" | "author" | "committer") || (section, key) == ("coord", "agent")
    });
    Ok(store.class.get_or_init(|| id::digest(&text)).clone())
}
