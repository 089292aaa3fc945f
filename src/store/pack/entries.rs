//! What is in a pack: for each object its name, where it begins, and a checksum of its bytes there.

use std::collections::{BTreeSet, HashMap};

use flate2::Crc;

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
    /// Notes that an object begins at an offset, with these bytes; false where it is there already.
    ///
    /// # Errors
    /// `too_many` for more objects than a pack can hold.
    pub(super) fn add(&mut self, id: Oid, offset: u64, bytes: &[u8]) -> Result<bool> {
        let full = || Error::invalid("too_many", "cannot store more than 4294967295 objects at once");
        let next = u32::try_from(self.list.len()).ok().filter(|next| *next < u32::MAX).ok_or_else(full)?;
        let is_new = match self.known.get(&start(id)) {
            None => self.known.insert(start(id), next).is_none(),
            Some(&first) => self.list[first as usize].id != id && self.alike.insert(id),
        };
        if is_new {
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

fn start(id: Oid) -> u64 {
    let start = id.as_bytes().first_chunk().expect("a hash is longer than that");
    u64::from_le_bytes(*start)
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
            [1, 2, 1, 3, 2, 3].iter().map(|&n| entries.add(id(n), u64::from(n), b"").expect("room")).collect();
        assert_eq!(added, [true, true, false, true, false, false]);
        assert_eq!(entries.count(), 3);
    }
}
