//! What is in a pack: for each object its name, where it begins, and a checksum of its bytes there.

use flate2::Crc;

use super::Oid;
use crate::base::{Error, Finder, Result};

/// The most objects of one pack, as their number has four bytes.
const MOST: usize = u32::MAX as usize - 1;

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
    known: Finder,
}

impl Entries {
    /// Notes that an object begins at an offset, with these bytes; false where it is there already.
    ///
    /// # Errors
    /// `too_many` for more objects than a pack can hold.
    pub(super) fn add(&mut self, id: Oid, offset: u64, bytes: &[u8]) -> Result<bool> {
        let is_new = self.known.find(&id, |place| self.list[place].id == id).is_none();
        if is_new {
            if self.list.len() >= MOST {
                return Err(Error::invalid("too_many", format!("cannot store more than {MOST} objects at once")));
            }
            self.known.note(&id, self.list.len());
            let mut crc = Crc::new();
            crc.update(bytes);
            self.list.push(Entry { id, offset, crc: crc.sum() });
        }
        Ok(is_new)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.list.len()).expect("no more were added")
    }
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
    fn an_object_is_there_once() {
        let mut entries = Entries::default();
        let added: Vec<bool> =
            [1, 2, 1, 3, 2, 3].iter().map(|&n| entries.add(id(n), u64::from(n), b"").expect("room")).collect();
        assert_eq!(added, [true, true, false, true, false, false]);
        assert_eq!(entries.count(), 3);
    }
}
