//! The records of a long batch: as files that were put aside, and the last ones as they are.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::base::{Error, Result};
use crate::records::record::AnyRecord;
use crate::records::{Kind, codec};
use crate::state::overlay::{self, Shelf};
use crate::store::Aside;

/// The most records that are kept as they are: later lines are mostly about what was touched a few lines before.
const RECENT: usize = 256;

/// The most bytes that their files have together.
const RECENT_BYTES: usize = 8 << 20;

/// Records that were put aside.
#[derive(Default)]
pub(super) struct FileShelf {
    aside: Aside,
    files: Vec<Kept>,
    recent: RefCell<Recent>,
}

/// Where the file of a record was put.
#[derive(Clone, Copy)]
struct Kept {
    kind: &'static Kind,
    at: u64,
    length: u32,
}

impl FileShelf {
    /// Returns kind and file of a record.
    pub(super) fn file(&self, number: u32) -> Result<(&'static Kind, Vec<u8>)> {
        let Kept { kind, at, length } = self.kept(number)?;
        Ok((kind, self.aside.read(at, length as usize)?))
    }

    fn kept(&self, number: u32) -> Result<Kept> {
        self.files.get(number as usize).copied().ok_or_else(|| Error::fatal("internal", "there is no such record"))
    }
}

impl Shelf for FileShelf {
    fn put(&mut self, record: &AnyRecord) -> Result<u32> {
        let number = overlay::next(self.files.len())?;
        let bytes = codec::encode(record.as_ref())?;
        let length = u32::try_from(bytes.len()).map_err(|_| Error::invalid("too_large", "a record is too large"))?;
        self.files.push(Kept { kind: record.kind(), at: self.aside.add(&bytes)?, length });
        self.recent.borrow_mut().add(number, record, bytes.len());
        Ok(number)
    }

    fn get(&self, number: u32) -> Result<AnyRecord> {
        if let Some(record) = self.recent.borrow().records.get(&number) {
            return Ok(Arc::clone(record));
        }
        let (kind, bytes) = self.file(number)?;
        let record = (kind.decode)(&bytes)?;
        self.recent.borrow_mut().add(number, &record, bytes.len());
        Ok(record)
    }
}

/// The records that were touched last.
#[derive(Default)]
struct Recent {
    records: BTreeMap<u32, AnyRecord>,
    /// The number of each and the length of its file, the oldest first.
    order: VecDeque<(u32, usize)>,
    bytes: usize,
}

impl Recent {
    fn add(&mut self, number: u32, record: &AnyRecord, length: usize) {
        self.records.insert(number, Arc::clone(record));
        self.order.push_back((number, length));
        self.bytes += length;
        while self.order.len() > RECENT || self.bytes > RECENT_BYTES {
            let Some((oldest, length)) = self.order.pop_front() else { break };
            self.records.remove(&oldest);
            self.bytes -= length;
        }
    }
}
