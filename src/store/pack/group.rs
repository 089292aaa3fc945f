//! The commits of a group in one pack: a folder that changes from commit to commit is there once, and then as what
//! differs from the one before.
//!
//! Others wait while it is made, so nothing is searched for and little is compressed: what a folder was made from is
//! known, and a change of a folder is one piece in the middle of it. The rest is for git's own maintenance.

use std::collections::HashMap;

use gix::objs::Kind;

use super::{Kept, Pack};
use crate::base::Result;
use crate::store::edit::{Draft, Fresh};
use crate::store::loose::{self, Freshened};
use crate::store::{Oid, Store};

/// How many differences at the most lie between a folder and one that is there whole.
const DEEPEST: usize = 24;

/// A folder that is in the pack.
struct Base<'d> {
    offset: u64,
    depth: usize,
    bytes: &'d [u8],
}

/// Writes the objects of a group into one pack. With them goes what every command reads first, the files at the top
/// of the last commit: whoever comes next finds that in the newest pack and need not open all others.
///
/// # Errors
/// As [`write`](super::write).
pub(in crate::store) fn write(store: &Store, draft: &Draft, last: Oid) -> Result<Option<Kept>> {
    let (mut pack, mut packer) = (Pack::begin(store)?, store.light_packing()?.packer());
    let mut folders: HashMap<Oid, Base<'_>> = HashMap::new();
    let mut young = Vec::new();
    for &id in &draft.named {
        match loose::freshen(store, id)? {
            Freshened::Loose(path) => young.push(path),
            Freshened::Packed(bytes) => pack.add(id, packer.entry(Kind::Blob, &bytes))?,
        }
    }
    for Fresh { id, kind, bytes, base } in &draft.fresh {
        let offset = pack.position();
        let near = base.and_then(|base| folders.get(&base)).filter(|near| near.depth < DEEPEST);
        let found = near.map(|near| (near, difference(near.bytes, bytes)));
        let depth = match found.filter(|(_, difference)| difference.len() < bytes.len() / 2) {
            Some((near, difference)) => {
                pack.add(*id, packer.difference(offset - near.offset, &difference))?;
                near.depth + 1
            }
            None => {
                pack.add(*id, packer.entry(*kind, bytes))?;
                0
            }
        };
        if *kind == Kind::Tree {
            // One that is made a second time is there already, and stays where it is.
            folders.entry(*id).or_insert(Base { offset, depth, bytes });
        }
    }
    for file in store.tree(last)?.list("")?.iter().filter(|entry| entry.is_file()) {
        let bytes = store.objects.read(file.id, Kind::Blob)?;
        pack.add(file.id, packer.entry(Kind::Blob, &bytes))?;
    }
    loose::sync(&store.waiters, young)?;
    pack.finish(&store.waiters)
}

/// Returns how one text becomes another in git's words for it, which are: the sizes of both, and then what is copied
/// from the one and what is put in between. It is told as one change in the middle.
fn difference(from: &[u8], to: &[u8]) -> Vec<u8> {
    let start = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let most = from.len().min(to.len()) - start;
    let end = from.iter().rev().zip(to.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let mut words = Vec::with_capacity(64 + to.len() - start - end);
    size(from.len(), &mut words);
    size(to.len(), &mut words);
    copy(0, start, &mut words);
    for piece in to[start..to.len() - end].chunks(127) {
        words.push(piece.len() as u8);
        words.extend_from_slice(piece);
    }
    copy(from.len() - end, end, &mut words);
    words
}

/// A size, seven bits at a time, lowest first.
fn size(mut size: usize, words: &mut Vec<u8>) {
    while size > 0x7f {
        words.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    words.push(size as u8);
}

/// What is copied: which bytes of place and length follow, and then those that are not zero.
fn copy(mut place: usize, mut length: usize, words: &mut Vec<u8>) {
    const LONGEST: usize = 0xFFFF;
    while length > 0 {
        let now = length.min(LONGEST);
        let head = words.len();
        words.push(0x80);
        let bytes = (place as u32).to_le_bytes().into_iter().chain((now as u16).to_le_bytes());
        for (bit, byte) in bytes.enumerate().filter(|(_, byte)| *byte != 0) {
            words[head] |= 1 << bit;
            words.push(byte);
        }
        (place, length) = (place + now, length - now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does what the words say, as `gitformat-pack` has it.
    fn apply(from: &[u8], words: &[u8]) -> Vec<u8> {
        let mut words = words.iter().copied();
        let mut size = || {
            let (mut size, mut shift) = (0_usize, 0);
            loop {
                let byte = words.next().expect("a size");
                size |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    return size;
                }
            }
        };
        assert_eq!(size(), from.len());
        let wanted = size();
        let mut to = Vec::new();
        while let Some(word) = words.next() {
            if word & 0x80 == 0 {
                to.extend(words.by_ref().take(usize::from(word)));
                continue;
            }
            let mut number = |bits: std::ops::Range<u32>| {
                let start = bits.start;
                bits.filter(|bit| word & (1 << bit) != 0)
                    .map(|bit| usize::from(words.next().expect("a byte")) << (8 * (bit - start)))
                    .sum::<usize>()
            };
            let (place, length) = (number(0..4), number(4..7));
            to.extend_from_slice(&from[place..place + length]);
        }
        assert_eq!(to.len(), wanted);
        to
    }

    #[test]
    fn what_differs_makes_one_of_the_other() {
        let long: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let mut other = long.clone();
        other.splice(70_000..70_010, b"another piece, longer than the one before".repeat(5));
        let texts: [&[u8]; 8] = [b"", b"a", b"ab", b"aa", b"abc", b"xbc", &long, &other];
        for from in texts {
            for to in texts {
                assert_eq!(apply(from, &difference(from, to)), to);
            }
        }
        assert!(difference(&long, &other).len() < 300);
    }
}
