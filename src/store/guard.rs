//! The guard at the door: a repository in a format that this program does not know is left alone.
//!
//! Only what is on the list below is let in. A reader that ignores an extension it has never heard of may
//! write where git never looks.

use super::config::Config;
use super::{ObjectFormat, RefBackend};
use crate::base::{Error, Result};

/// Extensions that change nothing about how objects and refs are read and written, or that are handled.
const HARMLESS: &[&str] = &[
    "noop",
    "noop-v1",
    "preciousobjects",
    "partialclone",
    "worktreeconfig",
    "relativeworktrees",
    "submodulepathconfig",
];

/// The extensions that make no sense in a repository of version 0; git refuses such a repository.
const NEW: &[&str] =
    &["noop-v1", "objectformat", "compatobjectformat", "refstorage", "relativeworktrees", "submodulepathconfig"];

/// Returns the formats of the repository, or refuses it.
pub(super) fn check(config: &Config) -> Result<(ObjectFormat, RefBackend)> {
    let version = version(config)?;
    let mut formats = (ObjectFormat::Sha1, RefBackend::Files);
    for (name, value) in config.in_repository_file("extensions") {
        if version == 0 && NEW.contains(&name.as_str()) {
            return Err(refuse(format!("its format version is 0, but it has the extension «{name}» of version 1")));
        }
        // In version 0 git passes over names that it does not know.
        if version == 0 || HARMLESS.contains(&name.as_str()) {
            continue;
        }
        match (name.as_str(), value.as_str()) {
            ("objectformat", "sha1") => formats.0 = ObjectFormat::Sha1,
            ("objectformat", "sha256") => formats.0 = ObjectFormat::Sha256,
            ("refstorage", "files") => formats.1 = RefBackend::Files,
            ("refstorage", "reftable") => formats.1 = RefBackend::Reftable,
            ("objectformat" | "refstorage", value) => {
                return Err(refuse(format!("its extension «{name}» has the value «{value}», which is not known here")));
            }
            _ => return Err(refuse(format!("it has the extension «{name}», which is not known here"))),
        }
    }
    Ok(formats)
}

fn version(config: &Config) -> Result<u32> {
    let values = config.in_repository_file("core");
    let Some((_, text)) = values.iter().rev().find(|(name, _)| name == "repositoryformatversion") else { return Ok(0) };
    match text.trim().parse::<u32>() {
        Ok(version @ 0..=1) => Ok(version),
        _ => Err(refuse(format!("its format version is «{text}», and only 0 and 1 are known here"))),
    }
}

fn refuse(why: String) -> Error {
    Error::fatal("unsupported_repository", format!("cannot work in this repository: {why}"))
        .hint("a newer git-coord may know this format")
}
