//! Finding the place of a name in a list that has the names already, without keeping them a second time.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

/// Places in a list, by a hash of the names that stand there.
#[derive(Debug, Default)]
pub struct Finder {
    hashes: RandomState,
    first: HashMap<u64, u32>,
    /// The places of names whose hash is that of another one. By chance there are none.
    more: HashMap<u64, Vec<u32>>,
}

impl Finder {
    /// Returns the place of a name; `is_there` says whether it stands at one.
    pub fn find(&self, name: &impl Hash, mut is_there: impl FnMut(usize) -> bool) -> Option<usize> {
        let hash = self.hashes.hash_one(name);
        let places = self.first.get(&hash).into_iter().chain(self.more.get(&hash).into_iter().flatten());
        places.map(|place| *place as usize).find(|place| is_there(*place))
    }

    /// Notes the place of a name that has none yet.
    ///
    /// # Panics
    /// For a list of more than 4294967295 names.
    pub fn note(&mut self, name: &impl Hash, place: usize) {
        let place = u32::try_from(place).expect("a list that fits into memory and four bytes");
        let hash = self.hashes.hash_one(name);
        match self.first.get(&hash) {
            None => _ = self.first.insert(hash, place),
            Some(_) => self.more.entry(hash).or_default().push(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name all of which have the same hash.
    struct Alike;

    impl Hash for Alike {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            0_u32.hash(state);
        }
    }

    #[test]
    fn names_are_found_also_where_their_hashes_are_the_same() {
        let (mut finder, list) = (Finder::default(), [7, 8, 9]);
        let place = |finder: &Finder, wanted: u32| finder.find(&Alike, |place| list[place] == wanted);
        for (at, name) in list.iter().enumerate() {
            assert_eq!(place(&finder, *name), None);
            finder.note(&Alike, at);
        }
        assert_eq!(list.map(|name| place(&finder, name)), [Some(0), Some(1), Some(2)]);
        assert_eq!(place(&finder, 1), None);
    }
}
