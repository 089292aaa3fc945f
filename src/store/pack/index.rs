//! The index of a pack, version 2: the names in order, where each object begins, and checksums.

use super::entries::Entries;
use super::{Oid, finalize};
use crate::base::Result;

/// Offsets from here on stand in a table of their own, with eight bytes.
const FAR: u64 = 1 << 31;

/// Returns the bytes of the index of a pack whose hash is `trailer`. The entries are sorted for it.
pub(super) fn encode(entries: &mut Entries, trailer: Oid) -> Result<Vec<u8>> {
    entries.list.sort_unstable_by_key(|entry| entry.id);
    let list = &entries.list;
    let width = trailer.as_bytes().len();
    let mut bytes = Vec::with_capacity(8 + 256 * 4 + list.len() * (width + 8) + 2 * width);
    bytes.extend_from_slice(b"\xfftOc\0\0\0\x02");
    let mut upto = [0_u32; 256];
    for entry in list {
        upto[usize::from(entry.id.as_bytes()[0])] += 1;
    }
    let mut sum = 0;
    for count in upto {
        sum += count;
        bytes.extend_from_slice(&sum.to_be_bytes());
    }
    for entry in list {
        bytes.extend_from_slice(entry.id.as_bytes());
    }
    for entry in list {
        bytes.extend_from_slice(&entry.crc.to_be_bytes());
    }
    let mut far = Vec::new();
    for entry in list {
        let near = u32::try_from(entry.offset).ok().filter(|_| entry.offset < FAR);
        let offset = near.unwrap_or_else(|| {
            far.push(entry.offset);
            (1 << 31) | u32::try_from(far.len() - 1).expect("no more than there are objects")
        });
        bytes.extend_from_slice(&offset.to_be_bytes());
    }
    for offset in far {
        bytes.extend_from_slice(&offset.to_be_bytes());
    }
    bytes.extend_from_slice(trailer.as_bytes());
    let mut hash = gix::hash::hasher(trailer.format().kind());
    hash.update(&bytes);
    bytes.extend_from_slice(finalize(hash)?.as_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ObjectFormat;

    #[test]
    fn an_offset_beyond_two_gigabytes_has_eight_bytes() {
        let mut entries = Entries::default();
        let id = |hex: &str| hex.repeat(20).parse::<Oid>().expect("an id");
        for (hex, offset) in [("02", FAR), ("01", FAR - 1), ("ff", 5 << 32)] {
            entries.add(id(hex), offset, b"").expect("room");
        }
        let bytes = encode(&mut entries, ObjectFormat::Sha1.zero()).expect("encoded");
        let table = 8 + 1024 + 3 * 20 + 3 * 4;
        let wanted = [0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0x80, 0, 0, 1, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 5];
        assert_eq!(bytes[table..][..24], wanted);
        assert_eq!(bytes.len(), table + 3 * 4 + 2 * 8 + 2 * 20);
        assert_eq!(bytes[8 + 4..][..4], [0, 0, 0, 1], "one name begins with 01 or less");
        assert_eq!(bytes[8 + 255 * 4..][..4], [0, 0, 0, 3]);
    }
}
