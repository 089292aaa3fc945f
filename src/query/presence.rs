//! Whether an agent is alive, as far as this machine knows: derived from claims and signs of life, never stored.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::Signs;
use super::heard::Life;
use crate::base::Timestamp;
use crate::records::Task;

/// How long after its last sign an agent without work counts as there.
const ONLINE: Duration = Duration::from_secs(5 * 60);

/// How long after its last sign an agent without work counts as around.
const IDLE: Duration = Duration::from_secs(60 * 60);

/// Whether an agent is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It holds a task, and has gone silent for longer than its claim lives.
    Stale,
    /// It holds a task on another machine, of which too little was heard to say more.
    Unknown,
    /// It holds a task and is alive.
    Busy,
    /// It holds nothing and gave a sign within five minutes.
    Online,
    /// It holds nothing and gave a sign within the hour.
    Idle,
    /// Nothing was heard of it for longer than that, or ever.
    Offline,
}

impl Presence {
    /// Returns whether the agent of this name is alive.
    pub fn of(agent: &str, tasks: &[Task], signs: &Signs, now: Timestamp) -> Self {
        let claims: Vec<_> =
            tasks.iter().filter_map(|task| task.claim.as_ref()).filter(|claim| claim.agent == agent).collect();
        let lives: Vec<Life> = claims.iter().map(|claim| signs.life(claim, now)).collect();
        if lives.contains(&Life::Alive) {
            return Presence::Busy;
        }
        if lives.contains(&Life::Unknown) {
            return Presence::Unknown;
        }
        if !lives.is_empty() {
            return Presence::Stale;
        }
        match signs.seen(agent).map(|seen| now.since(seen)) {
            Some(silent) if silent <= ONLINE => Presence::Online,
            Some(silent) if silent <= IDLE => Presence::Idle,
            _ => Presence::Offline,
        }
    }

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Presence::Stale => "stale",
            Presence::Unknown => "unknown",
            Presence::Busy => "busy",
            Presence::Online => "online",
            Presence::Idle => "idle",
            Presence::Offline => "offline",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Id;
    use crate::records::task::Claim;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn held() -> Task {
        let mut task = Task::new(Id::parse("t1").expect("an id"), at(0), "ada");
        task.claim = Some(Claim {
            id: "c1".into(),
            agent: "ada".into(),
            session: None,
            epoch: 1,
            at: at(0),
            ttl_minutes: 1,
            paths: vec![],
            over: None,
            rest: Default::default(),
        });
        task
    }

    #[test]
    fn a_holder_is_busy_until_its_claim_is_stale() {
        let of = |now| Presence::of("ada", &[held()], &Signs::default(), at(now));
        assert_eq!((of(60), of(61)), (Presence::Busy, Presence::Stale));
    }

    #[test]
    fn without_work_the_last_sign_decides() {
        let signs = Signs::default().with_seen("ada", at(0));
        let of = |now| Presence::of("ada", &[], &signs, at(now));
        assert_eq!((of(300), of(301), of(3601)), (Presence::Online, Presence::Idle, Presence::Offline));
        assert_eq!(Presence::of("bob", &[], &signs, at(0)), Presence::Offline);
    }
}
