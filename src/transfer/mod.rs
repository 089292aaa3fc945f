//! Other formats, in and out: the table of formats, and one file or folder for each.
//!
//! Both go row by row, so that no file has to fit into memory: reading gives the records of a row, which `ops::import`
//! takes over with all others in one commit or not at all; writing gives lines. Files are opened and written by whoever
//! asks. A new format is one file here and one row in [`FORMATS`].

pub mod beads;
pub mod items;
pub mod json;
pub mod lines;
pub mod odd;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::base::Result;
use crate::records::record::AnyRecord;
use crate::state::Snapshot;

pub use odd::{Odd, Odds};

/// What a row of a source holds.
#[derive(Debug)]
pub enum Row {
    /// Records, checked: the one that it is about, and those that come with it; and what is odd about them.
    Records(Vec<AnyRecord>, Vec<Odd>),
    /// Something that has no place here; this is the word for it.
    PassedOver(String),
}

/// How a format is read.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Reads one row. Its errors say what is wrong with it.
    pub row: fn(Map<String, Value>) -> Result<Row>,
    /// The fields that the format has a word for, and keys of maps as `field/key`; all where it is empty.
    pub speaks_for: fn() -> BTreeSet<String>,
    /// Why rows of some kind, which stands for `{}`, are passed over.
    pub no_place: &'static str,
}

/// Where lines go, which come without their ends.
pub type Lines<'a> = dyn FnMut(&str) -> Result<()> + 'a;

/// Writes all records of a moment that a format has a place for, line by line.
pub type Write = fn(&dyn Snapshot, &mut Lines<'_>) -> Result<()>;

/// A format of other tools.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The word that names it on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// How it is read; nothing where it is only written.
    pub read: Option<Reader>,
    /// How it is written; nothing where it is only read.
    pub write: Option<Write>,
}

/// All formats, by name.
pub const FORMATS: &[Format] = &[
    Format {
        name: "beads",
        about: "JSON lines of the beads issue tracker",
        read: Some(beads::READER),
        write: Some(beads::export),
    },
    Format {
        name: "json",
        about: "JSON lines, one full record each",
        read: Some(json::READER),
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
pub(crate) mod fixture;

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
