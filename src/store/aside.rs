//! Bytes that are put aside for a while: in a file without a name, which is gone when its user is, however it ends.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use super::fault;
use crate::base::Result;

/// How many bytes are collected before they are written.
const CHUNK: usize = 1 << 20;

/// Bytes that were put aside.
#[derive(Default)]
pub struct Aside {
    /// Made when there is something to write.
    file: Option<File>,
    /// What is not in the file yet.
    chunk: Vec<u8>,
    /// How many bytes are in the file.
    written: u64,
}

impl Aside {
    /// Puts bytes aside, and returns where.
    ///
    /// # Errors
    /// `disk_full`, `io`.
    pub fn add(&mut self, bytes: &[u8]) -> Result<u64> {
        let at = self.written + self.chunk.len() as u64;
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK {
            self.spill().map_err(|err| fault::io("write a temporary file", err))?;
        }
        Ok(at)
    }

    /// Returns bytes that were put aside.
    ///
    /// # Errors
    /// `io`.
    pub fn read(&self, at: u64, length: usize) -> Result<Vec<u8>> {
        if let Some(start) = at.checked_sub(self.written).and_then(|start| usize::try_from(start).ok())
            && let Some(bytes) = self.chunk.get(start..).and_then(|rest| rest.get(..length))
        {
            return Ok(bytes.to_vec());
        }
        let mut bytes = vec![0; length];
        let read = self.file.as_ref().map_or(Ok(()), |file| file.read_exact_at(&mut bytes, at));
        read.map(|()| bytes).map_err(|err| fault::io("read a temporary file", err))
    }

    fn spill(&mut self) -> std::io::Result<()> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        file.write_all(&self.chunk)?;
        self.written += self.chunk.len() as u64;
        self.chunk.clear();
        self.file = Some(file);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_aside_is_read_from_wherever_it_is_by_then() {
        let mut aside = Aside::default();
        let piece = |n: usize| format!("{n}").repeat(n % 7 * 10_000).into_bytes();
        let places: Vec<u64> = (0..200).map(|n| aside.add(&piece(n)).expect("put aside")).collect();
        assert!(aside.written > CHUNK as u64 && !aside.chunk.is_empty());
        for (n, at) in places.into_iter().enumerate() {
            assert!(aside.read(at, piece(n).len()).expect("read") == piece(n), "{n}");
        }
    }
}
