//! What has piled up, as far as a look into a few folders tells: loose objects, and packs.
//!
//! Names of objects are hashes, so each of the 256 folders holds as many as any other, more or less. A look at eight
//! of them is wrong by an eighth or so, which nobody minds.

use std::fs;
use std::path::Path;

use super::Work;

/// The folders of loose objects that are looked into.
pub(super) const SAMPLE: [&str; 8] = ["0b", "2a", "4d", "6c", "8f", "a3", "c1", "e7"];

/// How many folders there are for each that is looked into.
const SHARE: usize = 256 / SAMPLE.len();

/// What lies in the object folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pile {
    /// How many loose objects there are in the folders looked into.
    pub(super) loose: usize,
    /// How many packs there are.
    pub(super) packs: usize,
}

/// How much may pile up.
struct Limits {
    loose: usize,
    packs: usize,
}

/// Packing takes about as long for one object as for another, and a process to start: little is wasted, and never many
/// objects lie about.
const PACK: Limits = Limits { loose: 2_000, packs: 20 };

/// Collecting looks at all there is: below what git takes for too much, and not far.
const COLLECT: Limits = Limits { loose: 5_000, packs: 45 };

impl Pile {
    /// Looks at the folder of a repository's objects. What cannot be read counts for nothing.
    pub(super) fn of(objects_dir: &Path) -> Pile {
        let loose = SAMPLE.iter().map(|folder| count(&objects_dir.join(folder), is_object)).sum();
        Pile { loose, packs: count(&objects_dir.join("pack"), |name| name.ends_with(".pack")) }
    }

    /// Returns whether so much has come to what was left that this work should be done about it.
    pub(super) fn exceeds(self, left: Pile, work: Work) -> bool {
        let limits = limits(work);
        self.loose * SHARE >= left.loose * SHARE + limits.loose || self.packs >= left.packs + limits.packs
    }
}

fn count(folder: &Path, counts: impl Fn(&str) -> bool) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_str().is_some_and(&counts)).count()
}

/// Half-written files of writers that died are called otherwise, and only a prune removes them.
fn is_object(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(not(feature = "testing"))]
fn limits(work: Work) -> Limits {
    match work {
        Work::Pack => PACK,
        Work::Collect => COLLECT,
    }
}

/// A test may have maintenance sooner: `GIT_COORD_TEST_PILE=320,3` stands for so many loose objects and packs.
#[cfg(feature = "testing")]
fn limits(work: Work) -> Limits {
    let number = |text: &str| text.parse().ok();
    let told = std::env::var("GIT_COORD_TEST_PILE").ok();
    let told = told.as_deref().and_then(|text| text.split_once(','));
    match (told.and_then(|(loose, packs)| number(loose).zip(number(packs))), work) {
        (Some((loose, packs)), _) => Limits { loose, packs },
        (None, Work::Pack) => PACK,
        (None, Work::Collect) => COLLECT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_as_the_limit_more_is_too_much() {
        let pile = |loose, packs| Pile { loose, packs };
        assert!(!pile(62, 19).exceeds(Pile::default(), Work::Pack));
        assert!(pile(63, 0).exceeds(Pile::default(), Work::Pack));
        assert!(pile(0, 20).exceeds(Pile::default(), Work::Pack));
        assert!(!pile(63, 20).exceeds(pile(1, 1), Work::Pack));
        assert!(!pile(156, 44).exceeds(Pile::default(), Work::Collect));
        assert!(pile(157, 0).exceeds(Pile::default(), Work::Collect));
    }

    #[test]
    fn objects_and_packs_are_counted_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Pile::of(folder.path()), Pile::default(), "nothing is there yet");
        for dir in ["0b", "0c", "pack"] {
            fs::create_dir(folder.path().join(dir)).expect("a folder");
        }
        for file in ["0b/12ab", "0b/tmp_obj_1", "0c/12ab", "pack/pack-1.pack", "pack/pack-1.idx", "pack/tmp_pack_1"] {
            fs::write(folder.path().join(file), "").expect("a file");
        }
        assert_eq!(Pile::of(folder.path()), Pile { loose: 1, packs: 1 });
    }
}
