//! Who has gone silent: claims without a sign of life for longer than they live.
//!
//! A sign of life is the claim itself, its last renewal, a heartbeat, or a mutation under it. A stale claim is shown,
//! never freed: somebody takes it over or not.
//!
//! Of a holder that has never given a sign on this machine, where there is a remote, counts what was heard at it
//! (`heard.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::heard::{Heard, Life};
use crate::base::{Timestamp, id};
use crate::records::Task;
use crate::records::task::Claim;

/// The latest sign of life that this machine knows of each claim, by the name of its [`SignKey`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signs {
    noted: BTreeMap<String, Timestamp>,
    seen: BTreeMap<String, Timestamp>,
    elsewhere: Option<Elsewhere>,
}

/// What is known of other machines.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Elsewhere {
    heard: Arc<Heard>,
    /// Nobody is heard of more often.
    least: Duration,
}

impl Signs {
    /// Takes what the machine has noted, by the name of the key.
    pub fn new(noted: BTreeMap<String, Timestamp>) -> Self {
        Signs { noted, ..Signs::default() }
    }

    /// Adds that an agent was alive at a moment, whatever it held.
    pub fn with_seen(mut self, agent: &str, at: Timestamp) -> Self {
        let seen = self.seen.entry(agent.to_owned()).or_insert(at);
        *seen = at.max(*seen);
        self
    }

    /// Adds what was heard of other machines, where there is a remote by which they can be heard; of none is there less to be
    /// heard than once in so many minutes.
    pub fn with_heard(mut self, heard: Heard, minutes: u64) -> Self {
        let least = Duration::from_secs(minutes.saturating_mul(60));
        self.elsewhere = Some(Elsewhere { heard: Arc::new(heard), least });
        self
    }

    /// Adds a sign of life that was given a moment ago.
    pub fn note(&mut self, key: SignKey<'_>, agent: &str, at: Timestamp) {
        self.noted.insert(key.name(), at);
        let seen = self.seen.entry(agent.to_owned()).or_insert(at);
        *seen = at.max(*seen);
    }

    /// Returns when an agent last gave any sign of life, here or as far as was heard.
    pub fn seen(&self, agent: &str) -> Option<Timestamp> {
        let heard = self.elsewhere.as_ref().and_then(|elsewhere| elsewhere.heard.last_of_agent(agent));
        self.seen.get(agent).copied().max(heard)
    }

    /// Returns under which key the signs of life of a claim are noted: the agent and its session, or the claim
    /// itself where there is no session, so that a living twin of the same name keeps no dead claim fresh.
    pub fn key(claim: &Claim) -> SignKey<'_> {
        match claim.session.as_deref().filter(|session| !session.is_empty()) {
            Some(session) => SignKey::Session { agent: &claim.agent, session },
            None => SignKey::Claim(&claim.id),
        }
    }

    /// Returns the last sign of life of a claim that was noted here; nothing where none ever was.
    fn noted(&self, claim: &Claim) -> Option<Timestamp> {
        let keys = [Self::key(claim), SignKey::Claim(&claim.id)];
        keys.iter().filter_map(|key| self.noted.get(&key.name()).copied()).max()
    }

    /// Returns when a claim last gave a sign of life; of one that is held elsewhere, when it was heard.
    pub fn last(&self, claim: &Claim) -> Timestamp {
        match (self.noted(claim), &self.elsewhere) {
            (None, Some(elsewhere)) => elsewhere.heard.last_of(claim).unwrap_or(claim.at),
            (noted, _) => noted.map_or(claim.at, |noted| noted.max(claim.at)),
        }
    }

    /// Returns whether a claim is alive.
    pub fn life(&self, claim: &Claim, now: Timestamp) -> Life {
        let ttl = Duration::from_secs(claim.ttl_minutes.saturating_mul(60));
        match (self.noted(claim), &self.elsewhere) {
            (None, Some(Elsewhere { heard, least })) => heard.life_of(claim, ttl.max(*least), now),
            // It goes on elsewhere, in the same session or with the same id.
            (_, Some(Elsewhere { heard, .. })) if heard.is_told(claim, ttl, now) => Life::Alive,
            (noted, _) => {
                let silent = now.since(noted.map_or(claim.at, |noted| noted.max(claim.at)));
                if silent > ttl { Life::Silent(silent - ttl) } else { Life::Alive }
            }
        }
    }

    /// Returns for how long a claim has been silent beyond its time; nothing where it is alive, or where that is not known.
    pub fn overdue(&self, claim: &Claim, now: Timestamp) -> Option<Duration> {
        match self.life(claim, now) {
            Life::Silent(beyond) => Some(beyond),
            Life::Alive | Life::Unknown => None,
        }
    }

    /// Returns when an agent last gave a sign of life, which has said something in the state; of one that works elsewhere, when
    /// it was heard.
    pub fn last_of_agent(&self, agent: &str, said: Timestamp) -> Timestamp {
        match &self.elsewhere {
            Some(elsewhere) if !self.seen.contains_key(agent) => elsewhere.heard.last_of_agent(agent).unwrap_or(said),
            _ => self.seen(agent).map_or(said, |seen| seen.max(said)),
        }
    }

    /// Returns for how long an agent has been silent beyond a time, since it said something in the state.
    pub fn overdue_agent(&self, agent: &str, said: Timestamp, ttl: Duration, now: Timestamp) -> Option<Duration> {
        match &self.elsewhere {
            Some(elsewhere) if !self.seen.contains_key(agent) => {
                match elsewhere.heard.life_of_agent(agent, ttl.max(elsewhere.least), now) {
                    Life::Silent(beyond) => Some(beyond),
                    Life::Alive | Life::Unknown => None,
                }
            }
            _ => {
                let silent = now.since(self.last_of_agent(agent, said));
                (silent > ttl).then(|| silent - ttl)
            }
        }
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
