//! Reading loose objects ourselves: what was written a moment ago is loose, and is read again by nearly every command.
//!
//! Only the plain case is handled, in three system calls and with one decompressor for all. Whatever is odd about a
//! file is left to the reader of `objects.rs`, whose word on it counts: nothing is judged here.

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::{Decompress, FlushDecompress, Status};
use gix::objs::Kind;

use super::Oid;
use super::objects::LARGEST;

/// How many bytes are asked for at a time. Nearly every object is smaller.
const CHUNK: usize = 32 << 10;
/// The most bytes that kind and size take.
const HEAD: usize = 32;

/// A folder of loose objects.
pub(super) struct LooseReader {
    folder: PathBuf,
    inflate: RefCell<Option<Inflate>>,
}

/// What is made once and used for every object.
struct Inflate {
    state: Decompress,
    packed: Vec<u8>,
}

impl LooseReader {
    pub(super) fn new(folder: &Path) -> Self {
        LooseReader { folder: folder.to_owned(), inflate: RefCell::default() }
    }

    /// Returns kind and bytes of an object; nothing where it is not loose, or there is anything odd about its file.
    pub(super) fn find(&self, id: Oid) -> Option<(Kind, Vec<u8>)> {
        let mut file = File::open(place(&self.folder, id)).ok()?;
        let mut inflate = self.inflate.borrow_mut();
        let inflate = inflate.get_or_insert_with(|| Inflate { state: Decompress::new(true), packed: vec![0; CHUNK] });
        let mut length = file.read(&mut inflate.packed).ok()?;
        if length == inflate.packed.len() {
            length += file.read_to_end(&mut inflate.packed).ok()?;
        }
        let found = unpack(&mut inflate.state, &inflate.packed[..length]);
        // A large object is not worth keeping the room for.
        inflate.packed.truncate(CHUNK);
        found
    }
}

/// Returns where an object lies that is loose.
pub(super) fn place(folder: &Path, id: Oid) -> PathBuf {
    let hex = id.to_string();
    let mut path = folder.join(&hex[..2]);
    path.push(&hex[2..]);
    path
}

fn unpack(state: &mut Decompress, packed: &[u8]) -> Option<(Kind, Vec<u8>)> {
    state.reset(true);
    let mut start = [0; HEAD];
    // Not to be finished: there is more of nearly every object than its head.
    state.decompress(packed, &mut start, FlushDecompress::None).ok()?;
    let made = usize::try_from(state.total_out()).ok()?;
    let end = start[..made].iter().position(|&byte| byte == 0)?;
    let (kind, size) = std::str::from_utf8(&start[..end]).ok()?.split_once(' ')?;
    let kind = Kind::from_bytes(kind.as_bytes()).ok()?;
    let size: usize = size.parse().ok().filter(|&size| size as u64 <= LARGEST)?;
    // One byte more than there should be, so that an object that is too long does not look whole.
    let mut bytes = vec![0; size + 1];
    let first = &start[end + 1..made];
    bytes.get_mut(..first.len())?.copy_from_slice(first);
    let taken = usize::try_from(state.total_in()).ok()?;
    let status = state.decompress(packed.get(taken..)?, &mut bytes[first.len()..], FlushDecompress::Finish).ok()?;
    let is_whole = status == Status::StreamEnd && usize::try_from(state.total_out()).ok()? == end + 1 + size;
    bytes.truncate(size);
    is_whole.then_some((kind, bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn zlib(plain: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(plain).expect("in memory");
        encoder.finish().expect("in memory")
    }

    fn object(kind: &str, content: &[u8]) -> Vec<u8> {
        [format!("{kind} {}\0", content.len()).as_bytes(), content].concat()
    }

    #[test]
    fn objects_of_all_sizes_are_read_whether_compressed_or_stored() {
        let mut state = Decompress::new(true);
        for size in [0, 1, 20, 21, 22, 23, 24, 25, 26, 31, 32, 33, 1000, 70_000] {
            let content: Vec<u8> = (0..size).map(|n: usize| (n * 7 % 251) as u8).collect();
            for level in [0, 1, 9] {
                let found = unpack(&mut state, &zlib(&object("blob", &content), level));
                assert_eq!(found, Some((Kind::Blob, content.clone())), "{size} at level {level}");
            }
        }
    }

    #[test]
    fn what_is_odd_is_left_to_others() {
        let mut state = Decompress::new(true);
        let good = zlib(&object("tree", b"content"), 1);
        assert!(unpack(&mut state, &good).is_some());
        let mut broken = good.clone();
        *broken.last_mut().expect("it has bytes") ^= 1;
        let odd: [Vec<u8>; 8] = [
            Vec::new(),
            good[..good.len() - 1].to_vec(),
            good[..4].to_vec(),
            broken,
            zlib(b"tree 8\0content", 1),
            zlib(b"tree 6\0content", 1),
            zlib(b"twig 7\0content", 1),
            zlib(b"no header at all, and a good deal longer than one may be", 1),
        ];
        for (n, packed) in odd.iter().enumerate() {
            assert_eq!(unpack(&mut state, packed), None, "number {n}");
        }
        assert!(unpack(&mut state, &zlib(b"blob 99999999999999\0", 1)).is_none());
        assert!(unpack(&mut state, &good).is_some());
    }
}
