//! States full of files that nobody could read, or of such as almost could: the merge ends, does not care who is who, takes
//! what one side changed byte for byte, and loses nothing of what it cannot read.
//!
//! Short where it is one test of many. `GIT_COORD_MANGLED=seconds` tries new ones for so long, and
//! `GIT_COORD_MANGLED_SEED` the ones of one number again.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime};

use git_coord::base::{Timestamp, id};
use git_coord::records::conflict::{self, CONFLICT, hash_of};
use git_coord::records::{Conflict, Task, codec, config, kind, recipient};
use serde_json::Value;

use super::mangle::{Dice, Models, State};
use super::world::{Name, World};

/// How many are tried where it is one test of many.
const CASES: u64 = 250;

/// Three states, and what the last two became.
struct Case {
    world: World,
    base: Name,
    ours: Name,
    theirs: Name,
    merged: Name,
}

impl Case {
    fn of(states: &[State; 3]) -> Case {
        let mut world = World::new(2);
        let [base, ours, theirs] = states;
        let base = turned_into(&mut world, 0, base, 1);
        world.heads.fill(base);
        let (ours, theirs) = (turned_into(&mut world, 0, ours, 2), turned_into(&mut world, 1, theirs, 3));
        let merged = world.merge(ours, theirs);
        Case { world, base, ours, theirs, merged }
    }

    fn at(&self, commit: Name, path: &str) -> Option<Name> {
        self.world.files(commit).get(path).copied()
    }

    fn check(mut self) {
        self.takes_what_one_side_changed();
        self.keeps_what_cannot_be_read();
        self.makes_nothing_odd();
        self.is_the_same_again();
    }

    /// Returns whether nothing lies in the way of a path, and nothing else is to decide about it.
    fn is_plain(&self, path: &str) -> bool {
        let sides = [self.ours, self.theirs, self.merged];
        let others = sides.into_iter().flat_map(|side| self.world.files(side).keys());
        let is_clear = others.into_iter().all(|other| !is_below(other, path) && !is_below(path, other));
        is_clear && path != config::PATH && recipient::locate(path).is_none() && !is_of_conflicts(path)
    }

    fn paths(&self) -> BTreeSet<String> {
        let sides = [self.base, self.ours, self.theirs];
        sides.into_iter().flat_map(|side| self.world.files(side).keys().cloned()).collect()
    }

    fn takes_what_one_side_changed(&self) {
        for path in self.paths().iter().filter(|path| self.is_plain(path)) {
            let [base, ours, theirs] = [self.base, self.ours, self.theirs].map(|commit| self.at(commit, path));
            let wanted = match () {
                () if ours == base => theirs,
                () if theirs == base || theirs.is_none() => ours,
                () if ours.is_none() => theirs,
                () => continue,
            };
            assert_eq!(self.at(self.merged, path), wanted, "{path:?} is not as one side made it");
        }
    }

    /// Both sides' bytes are there still, in their place or in a conflict, unless the merge could read what they say.
    fn keeps_what_cannot_be_read(&self) {
        let kept = self.kept();
        for path in self.paths().iter().filter(|path| !is_of_conflicts(path) && recipient::locate(path).is_none()) {
            let [base, ours, theirs] = [self.base, self.ours, self.theirs].map(|commit| self.at(commit, path));
            if ours == base || theirs == base || (self.reads(ours, path) && self.reads(theirs, path)) {
                continue;
            }
            for side in [ours, theirs].into_iter().flatten() {
                let bytes = self.world.blob_bytes(side);
                let is_there = self.at(self.merged, path) == Some(side) || base == Some(side) || kept.contains(&*bytes);
                assert!(is_there, "{path:?} has lost {:?}", String::from_utf8_lossy(&bytes));
            }
        }
    }

    /// Every text that a conflict holds, or that lies beside one.
    fn kept(&self) -> BTreeSet<Vec<u8>> {
        let mut kept = BTreeSet::new();
        for path in self.world.files(self.merged).keys() {
            let bytes = self.world.bytes(self.merged, path).expect("it is there");
            if let Some((_, hash)) = conflict::locate_value(path) {
                let is_it = hash == id::digest_of(&bytes)
                    || std::str::from_utf8(&bytes).is_ok_and(|text| hash == hash_of(&Value::from(text)));
                kept.extend(is_it.then(|| bytes.to_vec()));
            }
            if let Ok(conflict) = codec::decode::<Conflict>(&bytes) {
                let texts = conflict.values.values().filter_map(|candidate| candidate.value.as_str());
                kept.extend(texts.map(|text| text.as_bytes().to_vec()));
            }
        }
        kept
    }

    fn reads(&self, blob: Option<Name>, path: &str) -> bool {
        let Some(bytes) = blob.map(|blob| self.world.blob_bytes(blob)) else { return false };
        if path == config::PATH {
            return git_coord::records::Config::decode(&bytes).is_ok();
        }
        kind::locate(path).is_some_and(|(kind, id)| (kind.decode)(&bytes).is_ok_and(|record| *record.id() == id))
    }

    /// What is new came of a conflict and can be read; what both sides could be read in can be read still.
    fn makes_nothing_odd(&self) {
        let known = self.paths();
        for path in self.world.files(self.merged).keys() {
            let blob = self.at(self.merged, path);
            if !known.contains(path) {
                let is_conflict = kind::locate(path).is_some_and(|(kind, _)| kind == &CONFLICT);
                assert!(is_of_conflicts(path), "{path:?} comes from nowhere");
                assert!(!is_conflict || self.reads(blob, path), "{path:?} is new and cannot be read");
            }
            let [ours, theirs] = [self.ours, self.theirs].map(|commit| self.reads(self.at(commit, path), path));
            assert!(!(ours && theirs) || self.reads(blob, path), "{path:?} could be read and cannot any more");
        }
    }

    /// Who had the same in two commits of their own gets nothing else. Two counts may have been counted apart, and a link that
    /// was to no message, or to another one, is put right.
    fn is_the_same_again(&mut self) {
        let merged: State = self.state(self.merged);
        self.world.heads = vec![self.ours, self.theirs];
        let [one, other] = [0, 1].map(|replica| turned_into(&mut self.world, replica, &merged, 4));
        let again = self.world.merge(one, other);
        let again = self.state(again);
        let is_link = |path: &&String| recipient::locate(path).is_some();
        let plain = |state: &State| state.keys().filter(|path| !is_link(path)).cloned().collect::<BTreeSet<_>>();
        assert_eq!(plain(&again), plain(&merged));
        for (path, bytes) in merged.iter().filter(|(path, _)| !is_link(path)) {
            let uncounted = |bytes: &[u8]| codec::decode::<Task>(bytes).map(|task| Task { attempts: 0, ..task }).ok();
            let is_count = || uncounted(&again[path]).is_some_and(|it| Some(it) == uncounted(bytes));
            let is_same = again[path] == *bytes || is_count();
            assert!(is_same, "{path:?} was the same and is another now");
        }
    }

    fn state(&self, commit: Name) -> State {
        let files = self.world.files(commit);
        files.iter().map(|(path, blob)| (path.clone(), self.world.blob_bytes(*blob).to_vec())).collect()
    }
}

fn is_below(one: &str, other: &str) -> bool {
    one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'))
}

fn is_of_conflicts(path: &str) -> bool {
    path.split('/').next() == Some(CONFLICT.folder()) || path.starts_with("artifacts/conflict/")
}

/// Makes the head of a replica hold these files and no others.
fn turned_into(world: &mut World, replica: usize, state: &State, at: i64) -> Name {
    let known: Vec<String> = world.files(world.heads[replica]).keys().cloned().collect();
    let gone = known.into_iter().filter(|path| !state.contains_key(path)).map(|path| (path, None));
    let mut edits: Vec<(String, Option<Vec<u8>>)> = gone.collect();
    edits.extend(state.iter().map(|(path, bytes)| (path.clone(), Some(bytes.clone()))));
    world.write(replica, edits, Timestamp::from_millis(at))
}

fn fails(states: &[State; 3]) -> bool {
    catch_unwind(AssertUnwindSafe(|| Case::of(states).check())).is_err()
}

/// Takes out what plays no part in a failure, and says what is left.
fn told(seed: u64, mut states: [State; 3]) -> String {
    let paths: BTreeSet<String> = states.iter().flat_map(|state| state.keys().cloned()).collect();
    for path in paths {
        let mut fewer = states.clone();
        fewer.iter_mut().for_each(|state| drop(state.remove(&path)));
        if fails(&fewer) {
            states = fewer;
        }
    }
    let mut text = format!("GIT_COORD_MANGLED_SEED={seed}\n");
    for (name, state) in ["base", "ours", "theirs"].into_iter().zip(&states) {
        for (path, bytes) in state {
            let content = String::from_utf8_lossy(bytes).replace(&"x".repeat(99), "…");
            text += &format!("{name} {path:?}: {content:?}\n");
        }
    }
    text
}

#[test]
fn mangled_states_merge_and_nothing_is_lost() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time");
    let (first, cases) = match (number("GIT_COORD_MANGLED_SEED"), number("GIT_COORD_MANGLED")) {
        (Some(seed), _) => (seed, 1),
        (None, Some(_)) => (u64::from(now.subsec_nanos()) << 32, u64::MAX),
        (None, None) => (0, CASES),
    };
    let until = Instant::now() + Duration::from_secs(number("GIT_COORD_MANGLED").unwrap_or(u64::from(u32::MAX)));
    let models = Models::new();
    let mut tried = 0;
    for seed in (first..=u64::MAX).take(usize::try_from(cases).unwrap_or(usize::MAX)) {
        let states = models.states(&mut Dice(seed));
        assert!(!fails(&states), "{}", told(seed, states));
        tried += 1;
        if Instant::now() >= until {
            break;
        }
    }
    println!("{tried} states");
}

/// Without this the test above could be one of files that are all the same, or all unreadable.
#[test]
fn mangled_states_are_of_all_sorts() {
    let models = Models::new();
    let (mut readable, mut broken, mut both, mut merged, mut in_conflict) = (0, 0, 0, 0, 0);
    for seed in 0..100 {
        let states = models.states(&mut Dice(seed));
        assert_eq!(states, models.states(&mut Dice(seed)), "the same number makes the same states");
        let case = Case::of(&states);
        for path in case.paths() {
            let [base, ours, theirs] = [case.base, case.ours, case.theirs].map(|commit| case.at(commit, &path));
            let is_record = kind::locate(&path).is_some();
            readable += usize::from(is_record && case.reads(ours, &path));
            broken += usize::from(is_record && ours.is_some() && !case.reads(ours, &path));
            let is_both = ours != base && theirs != base && ours != theirs;
            both += usize::from(is_both);
            merged += usize::from(is_both && case.reads(ours, &path) && case.reads(theirs, &path));
        }
        in_conflict += case.kept().len();
    }
    let counts = [readable, broken, both, merged, in_conflict];
    assert!(counts.iter().all(|count| *count >= 20), "{counts:?}");
}
