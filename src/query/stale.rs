//! Who has gone silent: claims without a sign of life for longer than they live.
//!
//! A sign of life is the claim itself, its last renewal, a heartbeat, or a mutation under it. A stale claim is shown,
//! never freed: somebody takes it over or not.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{Timestamp, id};
use crate::records::Task;
use crate::records::task::Claim;

/// The latest sign of life that this machine knows of each claim, by the name of its [`SignKey`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signs {
    noted: BTreeMap<String, Timestamp>,
    seen: BTreeMap<String, Timestamp>,
}

impl Signs {
    /// Takes what the machine has noted, by the name of the key.
    pub fn new(noted: BTreeMap<String, Timestamp>) -> Self {
        Signs { noted, seen: BTreeMap::new() }
    }

    /// Adds that an agent was alive at a moment, whatever it held.
    pub fn with_seen(mut self, agent: &str, at: Timestamp) -> Self {
        let seen = self.seen.entry(agent.to_owned()).or_insert(at);
        *seen = at.max(*seen);
        self
    }

    /// Adds a sign of life that was given a moment ago.
    pub fn note(&mut self, key: SignKey<'_>, agent: &str, at: Timestamp) {
        self.noted.insert(key.name(), at);
        let seen = self.seen.entry(agent.to_owned()).or_insert(at);
        *seen = at.max(*seen);
    }

    /// Returns when an agent last gave any sign of life.
    pub fn seen(&self, agent: &str) -> Option<Timestamp> {
        self.seen.get(agent).copied()
    }

    /// Returns under which key the signs of life of a claim are noted: the agent and its session, or the claim
    /// itself where there is no session, so that a living twin of the same name keeps no dead claim fresh.
    pub fn key(claim: &Claim) -> SignKey<'_> {
        match claim.session.as_deref().filter(|session| !session.is_empty()) {
            Some(session) => SignKey::Session { agent: &claim.agent, session },
            None => SignKey::Claim(&claim.id),
        }
    }

    /// Returns when a claim last gave a sign of life.
    pub fn last(&self, claim: &Claim) -> Timestamp {
        let keys = [Self::key(claim), SignKey::Claim(&claim.id)];
        keys.iter().filter_map(|key| self.noted.get(&key.name()).copied()).fold(claim.at, Timestamp::max)
    }

    /// Returns for how long a claim has been silent beyond its time; nothing where it is alive.
    pub fn overdue(&self, claim: &Claim, now: Timestamp) -> Option<Duration> {
        let ttl = Duration::from_secs(claim.ttl_minutes.saturating_mul(60));
        let silent = now.since(self.last(claim));
        (silent > ttl).then(|| silent - ttl)
    }

    /// Returns the claimed tasks whose claim is stale, the longest silent first.
    pub fn stale<'a>(&self, tasks: impl Iterator<Item = &'a Task>, now: Timestamp) -> Vec<(&'a Task, &'a Claim)> {
        let claimed = tasks.filter_map(|task| task.claim.as_ref().map(|claim| (task, claim)));
        let mut stale: Vec<_> = claimed.filter(|(_, claim)| self.overdue(claim, now).is_some()).collect();
        stale.sort_by_key(|(task, claim)| (self.last(claim), task.id.clone()));
        stale
    }
}

/// Under which name signs of life are noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignKey<'a> {
    /// All claims of one session of an agent.
    Session {
        /// The agent.
        agent: &'a str,
        /// Its session.
        session: &'a str,
    },
    /// One claim.
    Claim(&'a str),
}

impl SignKey<'_> {
    /// Returns a name that no other key has, and that can be one of a file.
    pub fn name(&self) -> String {
        match self {
            SignKey::Session { agent, session } => id::digest(&format!("session\n{agent}\n{session}")),
            SignKey::Claim(id) => id::digest(&format!("claim\n{id}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(session: Option<&str>) -> Claim {
        Claim {
            id: "c1".into(),
            agent: "ada".into(),
            session: session.map(str::to_owned),
            epoch: 1,
            at: Timestamp::EPOCH,
            ttl_minutes: 1,
            paths: vec![],
            over: None,
            rest: BTreeMap::new(),
        }
    }

    fn noted(key: SignKey<'_>, seconds: i64) -> Signs {
        Signs::new(BTreeMap::from([(key.name(), Timestamp::from_seconds(seconds))]))
    }

    #[test]
    fn a_claim_is_stale_after_its_time_without_a_sign() {
        let claim = claim(None);
        let signs = Signs::default();
        assert_eq!(signs.overdue(&claim, Timestamp::from_seconds(60)), None);
        assert_eq!(signs.overdue(&claim, Timestamp::from_seconds(61)), Some(Duration::from_secs(1)));
        assert_eq!(noted(SignKey::Claim("c1"), 30).overdue(&claim, Timestamp::from_seconds(61)), None);
    }

    #[test]
    fn a_living_twin_keeps_no_dead_claim_fresh() {
        let twin = noted(SignKey::Session { agent: "ada", session: "s2" }, 3600);
        assert!(twin.overdue(&claim(Some("s1")), Timestamp::from_seconds(3600)).is_some());
        assert!(twin.overdue(&claim(None), Timestamp::from_seconds(3600)).is_some());
        assert!(twin.overdue(&claim(Some("s2")), Timestamp::from_seconds(3600)).is_none());
    }

    #[test]
    fn a_sign_for_the_claim_itself_counts_for_one_with_a_session_too() {
        assert!(noted(SignKey::Claim("c1"), 30).overdue(&claim(Some("s1")), Timestamp::from_seconds(61)).is_none());
    }

    #[test]
    fn a_clock_that_went_back_makes_nothing_stale() {
        assert_eq!(Signs::default().overdue(&claim(None), Timestamp::from_seconds(-7200)), None);
    }
}
