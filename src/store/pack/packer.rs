//! Objects as they stand in a pack: what they are and how large, then their compressed bytes.

use gix::objs::Kind;

use crate::base::{Error, Result};
use crate::store::deflate::{Deflate, stored};
use crate::store::{ObjectFormat, Oid};

/// An object, ready to be put into a pack.
pub struct Packed {
    pub(in crate::store) id: Oid,
    pub(in crate::store) entry: Vec<u8>,
}

impl Packed {
    /// Returns its name.
    pub fn id(&self) -> Oid {
        self.id
    }
}

/// How objects are made ready; what each thread makes its [`Packer`] of.
#[derive(Debug, Clone, Copy)]
pub struct Packing {
    format: ObjectFormat,
    level: u32,
    /// Up to so many bytes are only stored.
    stored: usize,
}

impl Packing {
    pub(in crate::store) fn new(format: ObjectFormat, level: u32) -> Packing {
        Packing { format, level, stored: SMALL }
    }

    /// The same where others wait, and more is only stored.
    pub(in crate::store) fn light(format: ObjectFormat) -> Packing {
        Packing { stored: LIGHT, ..Packing::new(format, 1) }
    }

    /// Returns what makes objects ready.
    pub fn packer(self) -> Packer {
        Packer { how: self, deflate: None, entry: Vec::new() }
    }
}

/// Makes objects ready. Every thread has one of its own, with a compressor that is used again and again.
pub struct Packer {
    how: Packing,
    /// Made for the first object that is worth it.
    deflate: Option<Deflate>,
    entry: Vec<u8>,
}

impl Packer {
    /// Makes a file ready.
    ///
    /// # Errors
    /// `bad_object` where the bytes look like an attack on SHA-1.
    pub fn blob(&mut self, bytes: &[u8]) -> Result<Packed> {
        self.object(Kind::Blob, bytes)
    }

    pub(in crate::store) fn object(&mut self, kind: Kind, bytes: &[u8]) -> Result<Packed> {
        let id = self.how.format.name(kind, bytes)?;
        Ok(Packed { id, entry: self.entry(kind, bytes).to_vec() })
    }

    /// Returns an object as it stands in a pack.
    pub(in crate::store) fn entry(&mut self, kind: Kind, bytes: &[u8]) -> &[u8] {
        self.entry.clear();
        head(number(kind), bytes.len(), &mut self.entry);
        self.add(bytes)
    }

    /// Returns an object as what differs from one that stands so many bytes before it.
    pub(super) fn difference(&mut self, back: u64, difference: &[u8]) -> &[u8] {
        self.entry.clear();
        head(OFFSET_DELTA, difference.len(), &mut self.entry);
        distance(back, &mut self.entry);
        self.add(difference)
    }

    fn add(&mut self, bytes: &[u8]) -> &[u8] {
        if bytes.len() <= self.how.stored {
            self.entry.extend(stored(&[bytes]));
        } else {
            let deflate = self.deflate.get_or_insert_with(|| Deflate::new(self.how.level));
            self.entry.extend_from_slice(deflate.run(bytes));
        }
        &self.entry
    }
}

impl ObjectFormat {
    /// Returns the name of an object.
    ///
    /// # Errors
    /// `bad_object` where the bytes look like an attack on SHA-1.
    pub(in crate::store) fn name(self, kind: Kind, bytes: &[u8]) -> Result<Oid> {
        let id = gix::objs::compute_hash(self.kind(), kind, bytes);
        id.map(Oid).map_err(|err| Error::invalid("bad_object", "cannot store these bytes").because(err))
    }
}

/// The number of an object that is told as what differs from another one.
const OFFSET_DELTA: u8 = 6;

/// The most bytes that are only stored: preparing the compressor takes longer than all else that is done with a small
/// object, and the tree of a folder with one file does not get smaller.
const SMALL: usize = 128;

/// The same where others wait: setting up a compressor takes longer than a change may take.
const LIGHT: usize = 16 << 10;

fn number(kind: Kind) -> u8 {
    match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    }
}

/// Writes how far before it another object stands, seven bits at a time, highest first, each step but the last less one.
fn distance(mut back: u64, bytes: &mut Vec<u8>) {
    let mut digits = vec![(back & 0x7f) as u8];
    while back > 0x7f {
        back = (back >> 7) - 1;
        digits.push((back & 0x7f) as u8 | 0x80);
    }
    bytes.extend(digits.iter().rev());
}

/// Writes what stands before an object: its kind and the size of its content, seven bits at a time, lowest first.
fn head(kind: u8, size: usize, bytes: &mut Vec<u8>) {
    let mut byte = (kind << 4) | (size & 0b1111) as u8;
    let mut rest = size >> 4;
    while rest > 0 {
        bytes.push(byte | 0x80);
        byte = (rest & 0x7f) as u8;
        rest >>= 7;
    }
    bytes.push(byte);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_git_writes_them() {
        let head = |kind, size| {
            let mut bytes = Vec::new();
            super::head(number(kind), size, &mut bytes);
            bytes
        };
        assert_eq!(head(Kind::Blob, 0), [0x30]);
        assert_eq!(head(Kind::Commit, 15), [0x1f]);
        assert_eq!(head(Kind::Tree, 16), [0xa0, 0x01]);
        assert_eq!(head(Kind::Blob, 1 << 20), [0xb0, 0x80, 0x80, 0x04]);
    }

    #[test]
    fn distances_are_written_as_git_writes_them() {
        let distance = |back| {
            let mut bytes = Vec::new();
            super::distance(back, &mut bytes);
            bytes
        };
        assert_eq!(distance(1), [1]);
        assert_eq!(distance(127), [127]);
        assert_eq!(distance(128), [0x80, 0]);
        assert_eq!(distance(16_511), [0xff, 0x7f]);
        assert_eq!(distance(16_512), [0x80, 0x80, 0]);
    }
}
