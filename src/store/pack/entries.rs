//! What is in a pack: for each object its name, where it begins, and a checksum of its bytes there.

use std::collections::{BTreeSet, HashMap};

use flate2::Crc;
use gix::objs::Kind;

use super::Oid;
use crate::base::{Error, Result};

/// One object of a pack.
pub(super) struct Entry {
    pub(super) id: Oid,
    pub(super) offset: u64,
    pub(super) crc: u32,
}

/// The objects of a pack, each once.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) list: Vec<Entry>,
    /// Which entry has a name that begins like this: the whole names stand in the list already.
    known: HashMap<u64, u32>,
    /// Names that begin like another one. By chance there are none; somebody may look for some.
    alike: BTreeSet<Oid>,
}

impl Entries {
    /// Notes that an object begins at an offset; false where it is there already.
    ///
    /// # Errors
    /// `invalid` for more objects than a pack can hold.
    pub(super) fn add(&mut self, id: Oid, offset: u64) -> Result<bool> {
        let full = || Error::invalid("too_many", "cannot store more than 4294967295 objects at once");
        let next = u32::try_from(self.list.len()).ok().filter(|next| *next < u32::MAX).ok_or_else(full)?;
        let is_new = match self.known.get(&start(id)) {
            None => self.known.insert(start(id), next).is_none(),
            Some(&first) => self.list[first as usize].id != id && self.alike.insert(id),
        };
        if is_new {
            self.list.push(Entry { id, offset, crc: 0 });
        }
        Ok(is_new)
    }

    /// Notes the checksum of the bytes that the last object has in the pack.
    pub(super) fn check(&mut self, bytes: &[u8]) {
        let mut crc = Crc::new();
        crc.update(bytes);
        self.list.last_mut().expect("an object was added").crc = crc.sum();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.list.len()).expect("no more were added")
    }
}

fn start(id: Oid) -> u64 {
    let start = id.as_bytes().first_chunk().expect("a hash is longer than that");
    u64::from_le_bytes(*start)
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

    fn id(last: u8) -> Oid {
        let mut hex = "ab".repeat(19);
        hex.push_str(&format!("{last:02x}"));
        hex.parse().expect("an id")
    }

    #[test]
    fn an_object_is_there_once_also_where_names_begin_alike() {
        let mut entries = Entries::default();
        let added: Vec<bool> =
            [1, 2, 1, 3, 2, 3].iter().map(|&n| entries.add(id(n), u64::from(n)).expect("room")).collect();
        assert_eq!(added, [true, true, false, true, false, false]);
        assert_eq!(entries.count(), 3);
    }

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
