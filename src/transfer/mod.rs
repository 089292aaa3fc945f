//! Other formats, in and out: the table of formats, and one file or folder for each.
//!
//! Reading gives an [`Import`], which `ops::import` takes over in one commit or not at all; writing gives lines. Files
//! are opened and written by whoever asks. A new format is one file here and one row in [`FORMATS`].

pub mod beads;
pub mod json;
pub mod lines;

use crate::base::Result;
use crate::ops::import::Import;
use crate::state::Snapshot;

/// Reads a whole file of a format.
pub type Read = fn(&[u8]) -> Result<Import>;

/// Writes all records of a moment that a format has a place for, line by line, without the line ends.
pub type Write = fn(&dyn Snapshot) -> Result<Vec<String>>;

/// A format of other tools.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The word that names it on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// How it is read; nothing where it is only written.
    pub read: Option<Read>,
    /// How it is written; nothing where it is only read.
    pub write: Option<Write>,
}

/// All formats, by name.
pub const FORMATS: &[Format] = &[
    Format {
        name: "beads",
        about: "JSON lines of the beads issue tracker",
        read: Some(beads::read),
        write: Some(beads::export),
    },
    Format {
        name: "json",
        about: "JSON lines, one full record each",
        read: Some(json::read),
        write: Some(json::export),
    },
];

impl Format {
    /// Returns the format of that name.
    pub fn find(name: &str) -> Option<&'static Format> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name_and_good_for_something() {
        for format in FORMATS {
            assert_eq!(Format::find(format.name).expect("in the table").about, format.about);
            assert!(format.read.is_some() || format.write.is_some(), "{}", format.name);
        }
        assert!(Format::find("punch cards").is_none());
    }
}
