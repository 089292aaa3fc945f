//! Ids: how they look, how they are made, and what a short one may stand for.
//!
//! Generated ids are a kind letter and 13 random characters of base 32 (65 bits); chosen ids are kept as they
//! are. Both are safe as one component of a path on every platform. Messages have ULIDs, which sort by time.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Error, Result, Timestamp};

/// The fewest characters that may stand for a longer id.
pub const SHORTEST_PREFIX: usize = 4;

/// The most characters of an id.
pub const LONGEST: usize = 128;

/// Crockford's base 32 in lower case: no `i`, `l`, `o`, `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Names that Windows keeps for devices, whatever follows their first dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// The id of a record: valid as one path component, unique in its kind without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Id(String);

impl Id {
    /// Checks a text and returns it as an id.
    ///
    /// # Errors
    /// `bad_id` where the text is not `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`, holds `..`, ends in `.` or `.lock`,
    /// or is a device name of Windows.
    pub fn parse(text: &str) -> Result<Self> {
        match fault(text) {
            None => Ok(Id(text.to_owned())),
            Some(fault) => {
                Err(Error::invalid("bad_id", format!("«{}» cannot be an id: {fault}", super::text::excerpt(text, 60)))
                    .hint("ids are letters, digits, `.`, `_` and `-`, at most 128, beginning with a letter or digit"))
            }
        }
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the form under which two ids are the same.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// Returns the form of an id under which twins meet: without regard to case.
pub fn fold(id: &str) -> String {
    id.to_ascii_lowercase()
}

/// Returns the first two bytes of the SHA-256 of the folded id, in hex: the two levels of its shard.
pub fn shard(id: &str) -> (String, String) {
    let hash = Sha256::digest(fold(id).as_bytes());
    (format!("{:02x}", hash[0]), format!("{:02x}", hash[1]))
}

/// Returns the first half of the SHA-256 of a text, in hex: a name for it that fits any file system.
pub fn digest(text: &str) -> String {
    digest_of(text.as_bytes())
}

/// Returns the first half of the SHA-256 of some bytes, in hex.
pub fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fault(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else { return Some("it is empty") };
    if bytes.len() > LONGEST {
        return Some("it is longer than 128 characters");
    }
    if !first.is_ascii_alphanumeric() {
        return Some("it does not begin with a letter or digit");
    }
    if !bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        return Some("it holds a character other than letters, digits, `.`, `_` and `-`");
    }
    if text.contains("..") {
        return Some("it holds `..`");
    }
    let folded = fold(text);
    if folded.ends_with('.') || folded.ends_with(".lock") {
        return Some("it ends in `.` or `.lock`");
    }
    is_device(&folded).then_some("it is a device name of Windows")
}

fn is_device(folded: &str) -> bool {
    let stem = folded.split('.').next().unwrap_or(folded);
    let numbered =
        |name: &str| stem.strip_prefix(name).is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit());
    DEVICES.contains(&stem) || numbered("com") || numbered("lpt")
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Id {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        Id::parse(&text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> String {
        id.0
    }
}

impl std::ops::Deref for Id {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// The randomness of one command, drawn before its operation runs.
///
/// The same seed gives the same ids, so an operation that is run again on a newer tip makes the same records.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seed {
    bytes: [u8; 32],
    part: u32,
}

impl Seed {
    /// Draws a seed from the operating system; under the `testing` feature from `GIT_COORD_TEST_SEED` instead.
    ///
    /// # Errors
    /// `no_randomness` where the operating system has none.
    pub fn draw() -> Result<Self> {
        #[cfg(feature = "testing")]
        if let Ok(text) = std::env::var("GIT_COORD_TEST_SEED") {
            return Ok(Self::from_text(&text));
        }
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|err| {
            Error::fatal("no_randomness", "cannot make an id: the system gives no random bytes").because(err)
        })?;
        Ok(Seed { bytes, part: 0 })
    }

    /// Returns the seed that stands for a text: always the same for the same text.
    pub fn from_text(text: &str) -> Self {
        Seed { bytes: Sha256::digest(text.as_bytes()).into(), part: 0 }
    }

    /// Returns the seed of the `n`-th operation of a batch: its ids are its own, and its ULIDs sort after those of the
    /// operations before it.
    pub fn part(&self, n: u32) -> Self {
        Seed { bytes: self.bytes, part: n }
    }

    /// Returns the `n`-th id of this seed for a kind: its letter and 13 characters.
    pub fn id(&self, letter: char, n: u32) -> Id {
        let what = if self.part == 0 { "id".to_owned() } else { format!("id {}", self.part) };
        let bytes = self.block(&what, n);
        let tail: String = bytes[..13].iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect();
        Id(format!("{letter}{tail}"))
    }

    /// Returns the `n`-th ULID of this seed: sorts by `at`, and by `n` within one command.
    pub fn ulid(&self, at: Timestamp, n: u32) -> Id {
        let bytes = self.block("ulid", 0);
        let step = (u128::from(self.part) << 16) + u128::from(n);
        let mut random = [0; 16];
        random[6..].copy_from_slice(&bytes[..10]);
        let random = (u128::from_be_bytes(random) & ((1 << 80) - 1)).saturating_add(step) & ((1 << 80) - 1);
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        Id(ulid::Ulid::from_parts(millis, random).to_string())
    }

    fn block(&self, what: &str, n: u32) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.bytes);
        hash.update(what.as_bytes());
        hash.update(n.to_be_bytes());
        hash.finalize().into()
    }
}

/// Returns the ULID of something made elsewhere: its time, and random bits taken from a hash of `name`, so that
/// a second import makes the same id.
pub fn ulid_of(at: Timestamp, name: &str) -> Id {
    Seed::from_text(name).ulid(at, 0)
}

/// Returns the moment that a ULID carries; nothing where the text is not a ULID.
pub fn ulid_time(id: &str) -> Option<Timestamp> {
    let ulid = ulid::Ulid::from_string(id).ok()?;
    i64::try_from(ulid.timestamp_ms()).ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_people_choose_are_kept() {
        for id in ["T-TASK-01", "bd-a1b2", "phase-1-api-foundation", "beads_rust-0v1.1.1", "a", "7"] {
            assert_eq!(Id::parse(id).expect(id).as_str(), id);
        }
    }

    #[test]
    fn ids_that_a_file_system_or_git_refuses_are_refused() {
        let long = "a".repeat(129);
        for id in [
            "", "-a", ".a", "a..b", "a.", "a.lock", "A.LOCK", "a/b", "a b", "ä", "con", "NUL.txt", "com1", "lpt9.x",
            "a\n", &long,
        ] {
            assert!(Id::parse(id).is_err(), "{id:?}");
        }
        assert!(Id::parse("console").is_ok());
        assert!(Id::parse("com10").is_ok());
    }

    #[test]
    fn twins_share_a_shard_that_sha256sum_shows() {
        assert_eq!(shard("T-Task-01"), shard("t-task-01"));
        // printf %s abc | sha256sum
        assert_eq!(shard("abc"), ("ba".into(), "78".into()));
    }

    #[test]
    fn one_seed_makes_different_ids_and_the_same_ones_again() {
        let seed = Seed::from_text("x");
        let id = seed.id('t', 0);
        assert_eq!(id.len(), 14);
        assert!(Id::parse(&id).is_ok());
        assert_eq!(id, Seed::from_text("x").id('t', 0));
        assert_ne!(id, seed.id('t', 1));
        assert_ne!(id, seed.part(1).id('t', 0));
    }

    #[test]
    fn ulids_of_one_command_sort_in_the_order_they_were_made() {
        let seed = Seed::from_text("x");
        let at = Timestamp::from_millis(1_700_000_000_000);
        assert!(seed.ulid(at, 0) < seed.ulid(at, 1));
        assert!(seed.ulid(at, 9) < seed.part(1).ulid(at, 0));
        assert!(seed.ulid(at, 1) < seed.ulid(at.plus(std::time::Duration::from_millis(1)), 0));
        assert_eq!(ulid_time(&seed.ulid(at, 3)), Some(at));
    }
}
