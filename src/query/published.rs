//! Signs of life as one machine tells others: a line of JSON for each, in the file [`FILE`] of its presence commit.
//!
//! They are another machine's word: what makes no sense is passed over, and of too much only the first lines are read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::stale::SignKey;
use crate::base::Timestamp;
use crate::records::check;
use crate::records::task::Claim;

/// The name of the file.
pub const FILE: &str = "signs.jsonl";

/// The most bytes of a file that is read.
pub const MOST_BYTES: usize = 512 << 10;

/// The most signs that are told, and that are read.
pub const MOST: usize = 2000;

/// The last sign of life of an agent in a session, or under a claim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sign {
    /// The agent.
    pub agent: String,
    /// Its session, if it has one; all claims of a session live by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The claim, if the sign is for one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// When, on the clock of the machine that it was given on.
    pub at: Timestamp,
}

impl Sign {
    /// Returns under which name it is noted.
    pub fn key(&self) -> SignKey<'_> {
        match &self.claim {
            Some(claim) => SignKey::Claim(claim),
            None => SignKey::Session { agent: &self.agent, session: self.session.as_deref().unwrap_or_default() },
        }
    }

    /// Returns whether a claim lives by it.
    pub fn is_of(&self, claim: &Claim) -> bool {
        let session = claim.session.as_deref().filter(|session| !session.is_empty());
        match &self.claim {
            Some(id) => *id == claim.id,
            None => self.agent == claim.agent && self.session.is_some() && self.session.as_deref() == session,
        }
    }

    fn is_sound(&self) -> bool {
        let names = [Some(&self.agent), self.session.as_ref(), self.claim.as_ref()];
        names.into_iter().flatten().all(|name| check::name("a name", name).is_ok())
    }
}

/// Returns the file that tells signs, in an order of its own; nothing where there are none. Of more than [`MOST`] the latest
/// are told.
pub fn encode(signs: impl IntoIterator<Item = Sign>) -> Option<String> {
    let mut latest: Vec<Sign> = signs.into_iter().filter(Sign::is_sound).collect();
    latest.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.cmp(b)));
    latest.truncate(MOST);
    let sorted: BTreeSet<Sign> = latest.into_iter().collect();
    let lines = sorted.iter().filter_map(|sign| serde_json::to_string(sign).ok());
    let text: String = lines.map(|line| line + "\n").collect();
    (!text.is_empty()).then_some(text)
}

/// Returns the signs that a file tells.
pub fn decode(bytes: &[u8]) -> Vec<Sign> {
    let whole = &bytes[..bytes.len().min(MOST_BYTES)];
    let lines = whole.split(|&byte| byte == b'\n').take(MOST);
    lines.filter_map(|line| serde_json::from_slice(line).ok()).filter(Sign::is_sound).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(agent: &str, session: Option<&str>, claim: Option<&str>, at: i64) -> Sign {
        let owned = |name: Option<&str>| name.map(str::to_owned);
        Sign { agent: agent.into(), session: owned(session), claim: owned(claim), at: Timestamp::from_seconds(at) }
    }

    #[test]
    fn the_same_signs_make_the_same_file_and_come_back() {
        let signs = [sign("bob", None, Some("c1"), 7), sign("ada", Some("s"), None, 5), sign("ada", None, None, 3)];
        let text = encode(signs.clone()).expect("a file");
        assert_eq!(text.lines().next(), Some("{\"agent\":\"ada\",\"at\":\"1970-01-01T00:00:03.000Z\"}"));
        assert_eq!(encode(signs.iter().rev().cloned()).as_deref(), Some(text.as_str()));
        assert_eq!(decode(text.as_bytes()).into_iter().collect::<BTreeSet<_>>(), signs.into_iter().collect());
        assert_eq!(encode([]), None);
    }

    #[test]
    fn of_too_many_the_latest_are_told() {
        let text = encode((0..3000).map(|n| sign(&format!("a{n}"), None, None, n))).expect("a file");
        let told = decode(text.as_bytes());
        assert_eq!(told.len(), MOST);
        assert!(told.iter().all(|sign| sign.at >= Timestamp::from_seconds(1000)));
    }

    #[test]
    fn junk_is_passed_over() {
        let good = "{\"agent\":\"ada\",\"at\":\"2026-01-01T00:00:00Z\",\"later\":1}\n";
        let junk = ["", "[]", "{}", "\u{0}", "{\"agent\":\"a\\nb\",\"at\":\"2026-01-01T00:00:00Z\"}", "{\"agent\":7}"];
        let long = format!("{{\"agent\":\"{}\",\"at\":\"2026-01-01T00:00:00Z\"}}", "x".repeat(4000));
        let text = format!("{}\n{long}\n{good}", junk.join("\n"));
        assert_eq!(decode(text.as_bytes()).len(), 1);
        assert_eq!(decode(&[0xff; 3]).len(), 0);
        assert_eq!(decode(&[text.as_bytes(), &vec![b'x'; MOST_BYTES]].concat()).len(), 1);
        assert_eq!(decode(good.repeat(5000).as_bytes()).len(), MOST);
    }

    #[test]
    fn a_claim_lives_by_its_own_sign_and_by_those_of_its_session() {
        let mut claim = Claim {
            id: "c1".into(),
            agent: "ada".into(),
            session: Some("s".into()),
            epoch: 1,
            at: Timestamp::EPOCH,
            ttl_minutes: 1,
            paths: vec![],
            over: None,
            rest: Default::default(),
        };
        let signs = [
            sign("ada", Some("s"), None, 1),
            sign("ada", None, Some("c1"), 1),
            sign("ada", None, None, 1),
            sign("bob", Some("s"), None, 1),
        ];
        assert_eq!(signs.clone().map(|sign| sign.is_of(&claim)), [true, true, false, false]);
        claim.session = None;
        assert_eq!(signs.map(|sign| sign.is_of(&claim)), [false, true, false, false]);
    }
}
