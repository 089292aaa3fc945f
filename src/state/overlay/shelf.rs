//! Where an overlay keeps the records that were laid over a moment: in memory, or wherever there is more room.

use std::sync::Arc;

use crate::base::{Error, Result};
use crate::records::record::AnyRecord;

/// Keeps records, each under the number that it was given. Nothing is ever taken away from it.
pub trait Shelf {
    /// Keeps a record, and returns its number.
    ///
    /// # Errors
    /// Where it cannot be kept.
    fn put(&mut self, record: &AnyRecord) -> Result<u32>;

    /// Returns the record that has a number.
    ///
    /// # Errors
    /// Where it cannot be read any more.
    fn get(&self, number: u32) -> Result<AnyRecord>;
}

/// Keeps records in memory.
#[derive(Debug, Default)]
pub struct InMemory {
    records: Vec<AnyRecord>,
}

impl Shelf for InMemory {
    fn put(&mut self, record: &AnyRecord) -> Result<u32> {
        let number = next(self.records.len())?;
        self.records.push(Arc::clone(record));
        Ok(number)
    }

    fn get(&self, number: u32) -> Result<AnyRecord> {
        self.records.get(number as usize).cloned().ok_or_else(|| Error::fatal("internal", "there is no such record"))
    }
}

/// Returns the number of the record that comes after so many.
///
/// # Errors
/// `too_many` (5) for more than four billion.
pub fn next(kept: usize) -> Result<u32> {
    let number = u32::try_from(kept).ok().filter(|number| *number < u32::MAX);
    number.ok_or_else(|| Error::invalid("too_many", "cannot change so many records at once"))
}
