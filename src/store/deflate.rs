//! Compressing from memory to memory, as git's objects are: loose ones and those in packs.

use flate2::{Compress, Compression, FlushCompress, Status};

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
            let mut back = Vec::new();
            flate2::read::ZlibDecoder::new(deflate.run(&plain)).read_to_end(&mut back).expect("a whole stream");
            assert_eq!(back, plain, "{size}");
        }
    }
}
