//! Objects as they stand in a pack: what they are and how large, then their compressed bytes.

use gix::objs::Kind;

use crate::base::{Error, Result};
use crate::store::deflate::Deflate;
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

/// Makes objects ready. Every thread has one of its own, with a compressor that is used again and again.
pub struct Packer {
    format: ObjectFormat,
    deflate: Deflate,
    entry: Vec<u8>,
}

impl Packer {
    pub(in crate::store) fn new(format: ObjectFormat, level: u32) -> Packer {
        Packer { format, deflate: Deflate::new(level), entry: Vec::new() }
    }

    /// Makes a file ready.
    ///
    /// # Errors
    /// `bad_object` where the bytes look like an attack on SHA-1.
    pub fn blob(&mut self, bytes: &[u8]) -> Result<Packed> {
        self.object(Kind::Blob, bytes)
    }

    pub(in crate::store) fn object(&mut self, kind: Kind, bytes: &[u8]) -> Result<Packed> {
        let id = self.format.name(kind, bytes)?;
        Ok(Packed { id, entry: self.entry(kind, bytes).to_vec() })
    }

    /// Returns an object as it stands in a pack.
    pub(in crate::store) fn entry(&mut self, kind: Kind, bytes: &[u8]) -> &[u8] {
        self.entry.clear();
        head(kind, bytes.len(), &mut self.entry);
        self.entry.extend_from_slice(self.deflate.run(bytes));
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

/// Writes what stands before an object: its kind and the size of its content, seven bits at a time, lowest first.
pub(super) fn head(kind: Kind, size: usize, bytes: &mut Vec<u8>) {
    let kind = match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    };
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
            super::head(kind, size, &mut bytes);
            bytes
        };
        assert_eq!(head(Kind::Blob, 0), [0x30]);
        assert_eq!(head(Kind::Commit, 15), [0x1f]);
        assert_eq!(head(Kind::Tree, 16), [0xa0, 0x01]);
        assert_eq!(head(Kind::Blob, 1 << 20), [0xb0, 0x80, 0x80, 0x04]);
    }
}
