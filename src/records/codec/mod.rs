//! Between a file and a record: YAML front matter, then a Markdown body, byte for byte.

use super::record::Typed;
use crate::base::{Error, Result};

/// Reads a file as a record of the kind `T`.
///
/// # Errors
/// `bad_record` where the file is not one: see `docs/data-model.md`.
pub fn decode<T: Typed>(_bytes: &[u8]) -> Result<T> {
    Err(Error::invalid("bad_record", "not yet"))
}
