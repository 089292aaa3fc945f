//! Compressing from memory to memory, as git's objects are: loose ones and those in packs.

use flate2::{Compress, Compression, FlushCompress, Status};

/// The most bytes of one stored block.
const STORED: usize = 0xFFFF;

/// Returns some pieces as one stream that any inflater reads, but not made smaller: it takes no compressor to make.
pub(super) fn stored(pieces: &[&[u8]]) -> Vec<u8> {
    let plain = pieces.concat();
    let mut stream = Vec::with_capacity(plain.len() + plain.len() / STORED * 5 + 16);
    stream.extend_from_slice(&[0x78, 0x01]);
    let mut blocks = plain.chunks(STORED).peekable();
    loop {
        let block = blocks.next().unwrap_or_default();
        let is_last = blocks.peek().is_none();
        // No more than 16 bits, by the size of the blocks.
        let length = block.len() as u16;
        stream.push(u8::from(is_last));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
        if is_last {
            break;
        }
    }
    stream.extend_from_slice(&zlib_rs::adler32::adler32(1, &plain).to_be_bytes());
    stream
}

/// One compressor for all objects of a commit: making one takes longer than a small object does.
pub(super) struct Deflate {
    state: Compress,
    /// What the last call made stands at its beginning; the rest is room, which is made once and not per object.
    room: Vec<u8>,
}

impl Deflate {
    pub(super) fn new(level: u32) -> Self {
        Deflate { state: Compress::new(Compression::new(level), true), room: vec![0; 4 << 10] }
    }

    /// Returns the compressed form of some bytes.
    pub(super) fn run(&mut self, plain: &[u8]) -> &[u8] {
        self.state.reset();
        loop {
            let (taken, made) = (self.taken(), self.made());
            let status = self.state.compress(&plain[taken..], &mut self.room[made..], FlushCompress::Finish);
            match status.expect("deflating from memory to memory cannot fail") {
                Status::StreamEnd => return &self.room[..usize::try_from(self.state.total_out()).unwrap_or(0)],
                Status::Ok | Status::BufError => self.room.resize(self.room.len() * 2, 0),
            }
        }
    }

    fn taken(&self) -> usize {
        usize::try_from(self.state.total_in()).expect("no more than what is in memory")
    }

    fn made(&self) -> usize {
        usize::try_from(self.state.total_out()).expect("no more than what is in memory")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn inflated(stream: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        flate2::read::ZlibDecoder::new(stream).read_to_end(&mut plain).expect("a whole stream");
        plain
    }

    #[test]
    fn what_is_only_stored_comes_back_too() {
        for size in [0, 1, STORED - 1, STORED, STORED + 1, 3 * STORED, 200_000] {
            let plain: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let (start, end) = plain.split_at(size / 3);
            assert_eq!(inflated(&stored(&[start, end])), plain, "{size}");
        }
    }

    #[test]
    fn what_is_compressed_comes_back_whatever_its_size() {
        let mut deflate = Deflate::new(1);
        // Random bytes do not get smaller, so that the room has to grow.
        let mut seed = 1_u32;
        let mut noise = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        for size in [0, 1, 100, 5_000, 300_000, 10] {
            let plain: Vec<u8> = (0..size).map(|_| noise()).collect();
            assert_eq!(inflated(deflate.run(&plain)), plain, "{size}");
        }
    }
}
