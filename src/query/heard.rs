//! What was heard of those who work on other machines, at each look at the remote: the evidence by which one of them is
//! alive, silent, or neither is known.
//!
//! Clocks of two machines are never compared. What others say of the time only tells whether it is a greater value than
//! before; how long there was none is measured between two looks, on the clock of this machine. Each source has a value
//! of its own, so that nobody's wrong clock hides the signs that another one tells.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::published::Sign;
use crate::base::Timestamp;
use crate::records::Task;
use crate::records::task::Claim;

/// The most machines whose word is kept of one claim.
const MOST_SOURCES: usize = 64;

/// The most agents of which something is kept.
const MOST_AGENTS: usize = 2000;

/// Whether somebody is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It is.
    Alive,
    /// It has been silent for so much longer than it may.
    Silent(Duration),
    /// Too little was heard to say so.
    Unknown,
}

/// All that was heard so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Heard {
    /// The remote that was looked at.
    pub remote: String,
    /// The state as it was at the last look.
    pub tip: Option<String>,
    /// The commits of presence as they were, by machine.
    pub heads: BTreeMap<String, String>,
    looked: Option<Timestamp>,
    claims: BTreeMap<String, Trace>,
    agents: BTreeMap<String, Trace>,
}

/// What was heard of one claim, or of one agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Trace {
    /// The greatest value of each source; what the state says has no name.
    values: BTreeMap<String, Timestamp>,
    /// When a greater value was first seen than all before it.
    since: Timestamp,
    /// When it was last seen that there is no greater one.
    last: Timestamp,
    /// Whether there was a look before it, at which it was not there.
    has_risen: bool,
    /// When another machine last told of it, of which there was a look before.
    told: Option<Timestamp>,
    #[serde(skip)]
    news: News,
}

/// What a look has found so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum News {
    #[default]
    Nothing,
    /// The state says more.
    Said,
    /// A machine says more.
    Told,
}

/// What one look at the remote has found, and the state that came with it.
#[derive(Debug, Default)]
pub struct Found<'f> {
    /// The claimed tasks.
    pub tasks: &'f [Task],
    /// What agents have told of themselves in the state, and when.
    pub reported: Vec<(String, Timestamp)>,
    /// What agents have done since the look before.
    pub done: Vec<Sign>,
    /// What machines have told that told something else the time before.
    pub told: BTreeMap<String, Vec<Sign>>,
}

impl Heard {
    /// Takes in what a look has found.
    pub fn hear(&mut self, found: &Found<'_>, now: Timestamp) {
        for task in found.tasks {
            let Some(claim) = &task.claim else { continue };
            let trace = self.claims.entry(claim.id.clone()).or_default();
            trace.hear("", latest_under(task, claim));
            for (source, sign) in signs(found).filter(|(_, sign)| sign.is_of(claim)) {
                trace.hear(source, sign.at);
            }
        }
        let current: BTreeSet<&str> =
            found.tasks.iter().filter_map(|task| Some(task.claim.as_ref()?.id.as_str())).collect();
        self.claims.retain(|id, _| current.contains(id.as_str()));
        for (agent, at) in &found.reported {
            self.agents.entry(agent.clone()).or_default().hear("", *at);
        }
        for (source, sign) in signs(found) {
            self.agents.entry(sign.agent.clone()).or_default().hear(source, sign.at);
        }
        self.look_again(now);
        while self.agents.len() > MOST_AGENTS {
            let oldest = self.agents.iter().min_by_key(|(_, trace)| trace.since).map(|(agent, _)| agent.clone());
            oldest.map(|agent| self.agents.remove(&agent));
        }
    }

    /// Notes that a look has found nothing else than the one before, and of what it has found, that it was so.
    pub fn look_again(&mut self, now: Timestamp) {
        let was_looked = self.looked.is_some();
        for trace in self.claims.values_mut().chain(self.agents.values_mut()) {
            trace.look(now, was_looked);
        }
        self.looked = Some(now);
    }

    /// Returns whether a claim is alive, which may be silent for so long.
    pub fn life_of(&self, claim: &Claim, ttl: Duration, now: Timestamp) -> Life {
        match self.claims.get(&claim.id) {
            // What the claim itself says now is more than was heard at the last look.
            Some(trace) if trace.values.get("").is_some_and(|heard| *heard >= claim.at) => trace.life(ttl, now),
            _ => Life::Unknown,
        }
    }

    /// Returns whether another machine has told of a claim within a time.
    pub fn is_told(&self, claim: &Claim, ttl: Duration, now: Timestamp) -> bool {
        let told = self.claims.get(&claim.id).and_then(|trace| trace.told);
        told.is_some_and(|told| now.since(told) <= ttl)
    }

    /// Returns when the last sign of a claim was heard, on the clock of this machine.
    pub fn last_of(&self, claim: &Claim) -> Option<Timestamp> {
        self.claims.get(&claim.id).map(|trace| trace.since)
    }

    /// Returns whether an agent is alive, which may be silent for so long.
    pub fn life_of_agent(&self, agent: &str, ttl: Duration, now: Timestamp) -> Life {
        self.agents.get(agent).map_or(Life::Unknown, |trace| trace.life(ttl, now))
    }

    /// Returns when the last sign of an agent was heard. Of one that was there when it was first looked, it may have been
    /// earlier, and what it says itself is taken where it is.
    pub fn last_of_agent(&self, agent: &str) -> Option<Timestamp> {
        let trace = self.agents.get(agent)?;
        let told = trace.values.values().max().copied().unwrap_or_default();
        Some(if trace.has_risen { trace.since } else { trace.since.min(told) })
    }
}

/// Returns all signs that were found, with their sources.
fn signs<'f>(found: &'f Found<'_>) -> impl Iterator<Item = (&'f str, &'f Sign)> {
    let told = found.told.iter().flat_map(|(source, signs)| signs.iter().map(|sign| (source.as_str(), sign)));
    told.chain(found.done.iter().map(|sign| ("", sign)))
}

/// Returns when the holder of a claim last did something to its task.
fn latest_under(task: &Task, claim: &Claim) -> Timestamp {
    if task.updated_by == claim.agent { claim.at.max(task.updated_at) } else { claim.at }
}

impl Trace {
    fn hear(&mut self, source: &str, at: Timestamp) {
        let is_more = match self.values.get(source) {
            Some(known) => *known < at,
            // A source that is new may only say what others have said before: a clone that was copied does.
            None if self.values.len() < MOST_SOURCES => self.values.values().all(|known| *known < at),
            None => return,
        };
        let value = self.values.entry(source.to_owned()).or_insert(at);
        *value = at.max(*value);
        if is_more {
            self.news = self.news.max(if source.is_empty() { News::Said } else { News::Told });
        }
    }

    fn look(&mut self, now: Timestamp, was_looked: bool) {
        let news = std::mem::take(&mut self.news);
        if news != News::Nothing {
            (self.since, self.has_risen) = (now, was_looked);
        }
        if news == News::Told && was_looked {
            self.told = Some(now);
        }
        // A clock that went back begins anew.
        self.since = self.since.min(now);
        self.last = now;
    }

    fn life(&self, ttl: Duration, now: Timestamp) -> Life {
        let silent = self.last.since(self.since);
        match silent.checked_sub(ttl) {
            Some(beyond) => Life::Silent(beyond),
            None if self.has_risen && now.since(self.since) <= ttl => Life::Alive,
            None => Life::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Id;

    const TTL: Duration = Duration::from_secs(60);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn held(since: i64) -> Task {
        let mut task = Task::new(Id::parse("t1").expect("an id"), at(since), "ada");
        task.claim = Some(Claim {
            id: "c1".into(),
            agent: "ada".into(),
            session: Some("s".into()),
            epoch: 1,
            at: at(since),
            ttl_minutes: 1,
            paths: vec![],
            over: None,
            rest: Default::default(),
        });
        task
    }

    fn claim(task: &Task) -> &Claim {
        task.claim.as_ref().expect("a claim")
    }

    fn told(source: &str, seconds: i64) -> BTreeMap<String, Vec<Sign>> {
        let sign = Sign { agent: "ada".into(), session: Some("s".into()), claim: None, at: at(seconds) };
        BTreeMap::from([(source.to_owned(), vec![sign])])
    }

    /// Looks at the same task with what was told, at several moments.
    fn heard(task: &Task, looks: &[(i64, BTreeMap<String, Vec<Sign>>)]) -> Heard {
        let mut heard = Heard::default();
        for (now, told) in looks {
            let tasks = std::slice::from_ref(task);
            heard.hear(&Found { tasks, told: told.clone(), ..Found::default() }, at(*now));
        }
        heard
    }

    fn life(looks: &[(i64, BTreeMap<String, Vec<Sign>>)], now: i64) -> Life {
        let task = held(0);
        heard(&task, looks).life_of(claim(&task), TTL, at(now))
    }

    #[test]
    fn one_look_tells_nothing_and_two_that_are_too_near_neither() {
        let nothing = BTreeMap::new;
        assert_eq!(life(&[], 1000), Life::Unknown);
        assert_eq!(life(&[(0, nothing())], 1000), Life::Unknown);
        assert_eq!(life(&[(0, told("r", 5)), (59, told("r", 5))], 1000), Life::Unknown);
        assert_eq!(life(&[(0, told("r", 5)), (60, told("r", 5))], 1000), Life::Silent(Duration::ZERO));
        assert_eq!(life(&[(0, nothing()), (90, nothing())], 90), Life::Silent(Duration::from_secs(30)));
    }

    #[test]
    fn a_greater_value_is_a_sign_and_a_smaller_one_is_none_whatever_the_clocks_say() {
        for day in [-86_400, 0, 86_400] {
            let rises = [(0, told("r", day + 5)), (90, told("r", day + 95))];
            assert_eq!((life(&rises, 100), life(&rises, 151)), (Life::Alive, Life::Unknown), "{day}");
            let falls = [(0, told("r", day + 5)), (90, told("r", day + 4))];
            assert_eq!(life(&falls, 100), Life::Silent(Duration::from_secs(30)), "{day}");
        }
    }

    #[test]
    fn a_wrong_clock_hides_nobodys_signs() {
        let both = |seconds| told("w", 9_999_999).into_iter().chain(told("r", seconds)).collect();
        assert_eq!(life(&[(0, both(5)), (90, both(80))], 100), Life::Alive);
        assert_eq!(life(&[(0, both(5)), (90, both(5))], 100), Life::Silent(Duration::from_secs(30)));
    }

    #[test]
    fn who_repeats_what_another_one_has_said_tells_nothing() {
        let silent = Life::Silent(Duration::from_secs(30));
        for (again, life) in [(0, silent), (5, silent), (6, Life::Alive)] {
            assert_eq!(self::life(&[(0, told("r", 5)), (90, told("copy", again))], 90), life, "{again}");
        }
    }

    #[test]
    fn what_only_the_state_says_is_nothing_that_another_machine_has_told() {
        let mut task = held(0);
        let mut heard = heard(&task, &[(0, BTreeMap::new())]);
        (task.updated_at, task.updated_by) = (at(30), "ada".into());
        heard.hear(&Found { tasks: std::slice::from_ref(&task), ..Found::default() }, at(90));
        assert!(!heard.is_told(claim(&task), TTL, at(90)));
        heard.hear(&Found { tasks: std::slice::from_ref(&task), told: told("r", 40), ..Found::default() }, at(91));
        assert!(heard.is_told(claim(&task), TTL, at(151)) && !heard.is_told(claim(&task), TTL, at(152)));
    }

    #[test]
    fn what_the_holder_does_to_its_task_is_a_sign() {
        let mut task = held(0);
        let mut heard = heard(&task, &[(0, BTreeMap::new())]);
        task.updated_at = at(30);
        for (by, life) in [("bob", Life::Silent(Duration::from_secs(30))), ("ada", Life::Alive)] {
            task.updated_by = by.into();
            heard.hear(&Found { tasks: std::slice::from_ref(&task), ..Found::default() }, at(90));
            assert_eq!(heard.life_of(claim(&task), TTL, at(90)), life, "{by}");
        }
        // And so is a claim that was renewed since the last look.
        let renewed = held(1000);
        assert_eq!(heard.life_of(claim(&renewed), TTL, at(1001)), Life::Unknown);
    }

    #[test]
    fn a_clock_that_went_back_makes_nobody_silent() {
        assert_eq!(life(&[(1000, told("r", 5)), (0, told("r", 5)), (59, told("r", 5))], 59), Life::Unknown);
    }

    #[test]
    fn of_an_agent_that_was_there_before_its_own_word_is_taken_and_else_ours() {
        let task = held(0);
        let seen = |looks: &[(i64, BTreeMap<String, Vec<Sign>>)]| heard(&task, looks).last_of_agent("ada");
        assert_eq!(seen(&[(1000, told("r", 5))]), Some(at(5)));
        assert_eq!(seen(&[(1000, told("r", 86_400))]), Some(at(1000)));
        assert_eq!(seen(&[(1000, told("r", 5)), (2000, told("r", 6))]), Some(at(2000)));
        assert_eq!(seen(&[(1000, BTreeMap::new())]), None);
    }
}
