//! Taking a task, and renewing the claim on one.
//!
//! A claim has an id of its own, which is what owns the task, and an epoch, greater than that of every earlier claim,
//! which tells late work of a lost claim from current work.

use serde::{Deserialize, Serialize};

use super::reserve::reserve;
use super::{Context, access, task::require, wording};
use crate::base::{Error, Id, Result, text};
use crate::query::graph::Node;
use crate::query::heard::Life;
use crate::query::{Graph, Standing, dispatch, lists};
use crate::records::stamps;
use crate::records::task::{self, Status, Task};
use crate::state::{Changeset, Snapshot};

/// Which task to take, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Claim {
    /// The task.
    pub task: String,
    /// How long the claim lives without a sign of life, in minutes.
    pub ttl_minutes: Option<u64>,
    /// The id of the claim, new or held already.
    pub claim_id: Option<String>,
    /// The globs of the paths that it reserves; where there are none, a held claim keeps its own.
    pub paths: Vec<String>,
    /// What to do where somebody holds it.
    pub over: Over,
}

/// What a claim does to a claim that is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Nothing: it is refused.
    #[default]
    Nobody,
    /// Replaces it where it is stale.
    Stale,
    /// Replaces it, dead or alive; somebody's word that it is at the task is passed over too.
    Anybody,
}

/// What a claim is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) ttl_minutes: Option<u64>,
    pub(super) claim_id: Option<&'a str>,
    pub(super) paths: &'a [String],
}

impl Claim {
    fn terms(&self) -> Terms<'_> {
        Terms { ttl_minutes: self.ttl_minutes, claim_id: self.claim_id.as_deref(), paths: &self.paths }
    }
}

/// Takes a task, or answers the claim that the asker holds already.
///
/// # Errors
/// All of them 3: `claim_held`, `blocked`, `open_children`, `deferred`, `closed`, `not_stale` for a takeover from a
/// living holder, `in_progress_elsewhere` where a status entry says that another agent is at it, and `paths_overlap`; `not_found` (4); `bad_glob` (5).
pub fn claim(snapshot: &dyn Snapshot, input: &Claim, context: &Context) -> Result<Changeset> {
    let task = require(snapshot, &input.task)?;
    if let Some(claim) = &task.claim {
        if access::holds_for_claiming(context, claim, input.claim_id.as_deref()) {
            return renew(snapshot, &task, claim, &input.terms(), context);
        }
        if task.is_open() {
            may_replace(context, &task, claim, input.over)?;
        }
    }
    match standing_if_free(snapshot, &task, context)? {
        Standing::Ready | Standing::Unclaimed => {
            if let Some(id) = &input.claim_id {
                require_free(snapshot, id)?;
            }
            let entries = lists::entries_of(snapshot, &task.id)?;
            let at_it = dispatch::at_task(&entries, &task, &context.agent);
            if let Some(entry) = at_it.filter(|_| input.over != Over::Anybody) {
                return Err(wording::in_progress_elsewhere("claim", &task.id, entry, context.now));
            }
            let mut changes = take(snapshot, &task, &input.terms(), context)?;
            if let Some(entry) = at_it {
                let agent = text::excerpt(&entry.agent, 40);
                changes.subject = format!("{}, by force, {agent} is at it", changes.subject);
            }
            Ok(changes)
        }
        standing => Err(wording::cannot_claim(&task, &standing)),
    }
}

/// The held claim again: as it is, or renewed where a time or other paths are given or half of its time has gone.
pub(super) fn renew(
    snapshot: &dyn Snapshot,
    before: &Task,
    claim: &task::Claim,
    terms: &Terms<'_>,
    context: &Context,
) -> Result<Changeset> {
    let half = std::time::Duration::from_secs(claim.ttl_minutes.saturating_mul(30));
    let mut changes =
        Changeset::new(format!("Renew the claim of {} on {}", text::excerpt(&claim.agent, 40), before.id));
    changes.holds = Some(claim.clone());
    let mut paths = claim.paths.clone();
    if !terms.paths.is_empty() {
        let reserved = reserve(snapshot, before, terms.paths, context)?;
        reserved.tell(&mut changes);
        paths = reserved.paths;
    }
    if terms.ttl_minutes.is_none() && paths == claim.paths && context.now.since(claim.at) < half {
        changes.about = Some(std::sync::Arc::new(before.clone()));
        return Ok(changes);
    }
    let mut after = before.clone();
    let renewed = task::Claim {
        at: context.now.max(claim.at),
        ttl_minutes: terms.ttl_minutes.unwrap_or(claim.ttl_minutes),
        paths,
        ..claim.clone()
    };
    after.claim = Some(renewed);
    stamps::mark(before, &mut after, context.now, &context.agent);
    changes.put_main(after);
    Ok(changes)
}

/// Returns what could be done with a task if nobody held it.
pub(super) fn standing_if_free(snapshot: &dyn Snapshot, task: &Task, context: &Context) -> Result<Standing> {
    let free = Node { is_claimed: false, ..Node::of(task) };
    Ok(Graph::around(snapshot, task)?.standing(&free, context.now))
}

/// Refuses an id that a claim on another task has: whoever knows it would own both.
fn require_free(snapshot: &dyn Snapshot, id: &str) -> Result<()> {
    match lists::carrying(snapshot, id)? {
        None => Ok(()),
        Some(task) => Err(Error::conflict(
            "claim_id_taken",
            format!("cannot claim with the id {}: it is that of the claim on {}", text::excerpt(id, 40), task.id),
        )
        .detail("task", task.id.as_str())
        .hint("leave --claim-id out, and an id is made")),
    }
}

fn may_replace(context: &Context, task: &Task, claim: &task::Claim, over: Over) -> Result<()> {
    match over {
        Over::Anybody => Ok(()),
        Over::Stale if context.signs.overdue(claim, context.now).is_some() => Ok(()),
        Over::Stale => {
            let held = access::held(context, task, claim, "take over");
            let error = match context.signs.life(claim, context.now) {
                Life::Unknown => {
                    let why = "and too little was heard of its machine to say that it is silent";
                    Error::conflict("not_stale", format!("{}, {why}", held.message())).hint("git coord sync")
                }
                _ => Error::conflict("not_stale", format!("{}, and it is alive", held.message())),
            };
            let error = held.details().iter().fold(error, |error, (key, value)| error.detail(key, value.clone()));
            Err(error.hints_of(held.hints().iter().cloned()))
        }
        Over::Nobody => Err(access::held(context, task, claim, "claim")),
    }
}

/// Makes the claim on a task that may be taken.
pub(super) fn take(snapshot: &dyn Snapshot, before: &Task, terms: &Terms<'_>, context: &Context) -> Result<Changeset> {
    let reserved = reserve(snapshot, before, terms.paths, context)?;
    let id = match terms.claim_id {
        Some(chosen) => Id::parse(chosen)?,
        None => context.seed.id('c', 0),
    };
    let mut after = before.clone();
    // The moment of the machine, not a stamp: by it the silence of the holder is measured.
    let at = context.now;
    after.epoch = before.epoch.saturating_add(1);
    after.attempts = before.attempts.saturating_add(1);
    after.status = Status::InProgress;
    after.assignee = Some(context.agent.clone());
    after.started_at = before.started_at.or(Some(at));
    after.defer_until = None;
    after.claim = Some(task::Claim {
        id: id.to_string(),
        agent: context.agent.clone(),
        session: context.session.clone(),
        epoch: after.epoch,
        at,
        ttl_minutes: terms.ttl_minutes.unwrap_or(context.ttl_minutes),
        paths: reserved.paths.clone(),
        over: before.claim.as_ref().map(|claim| claim.id.clone()),
        rest: Default::default(),
    });
    stamps::mark(before, &mut after, context.now, &context.agent);
    let mut changes = Changeset::new(format!("Claim {}: {}", after.id, text::excerpt(&after.title, 60)));
    reserved.tell(&mut changes);
    changes.holds.clone_from(&after.claim);
    changes.ends.clone_from(&before.claim);
    if let Some(lost) = &before.claim {
        let from = text::excerpt(&lost.agent, 40);
        changes.subject = format!("Take over {} from {from}: {}", after.id, text::excerpt(&after.title, 60));
    }
    changes.put_main(after);
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};
    use crate::ops::next::Next;
    use crate::ops::release::Release;
    use crate::ops::status;
    use crate::query::Signs;
    use crate::query::stale::SignKey;

    fn claim_of(task: &str) -> Claim {
        Claim { task: task.into(), ..Claim::default() }
    }

    fn over(task: &str, over: Over) -> Operation {
        Operation::Claim(Claim { over, ..claim_of(task) })
    }

    #[test]
    fn a_ready_task_is_claimed_and_started() {
        let mut world = World::with_task("a");
        let id = world.claim("a");
        let task = world.get("a");
        let claim = task.claim.expect("a claim");
        assert_eq!((task.status, task.epoch, task.attempts), (Status::InProgress, 1, 1));
        assert_eq!((claim.epoch, claim.id, claim.agent.as_str()), (1, id, "ada"));
        assert_eq!((task.assignee.as_deref(), task.started_at), (Some("ada"), Some(claim.at)));
    }

    #[test]
    fn a_held_task_is_refused_to_everybody_even_to_the_same_name() {
        let mut world = World::with_task("a");
        world.claim("a");
        assert_eq!(code(world.run(Operation::Claim(claim_of("a")))), "claim_held");
        world.become_other("bob");
        assert_eq!(code(world.run(Operation::Claim(claim_of("a")))), "claim_held");
    }

    #[test]
    fn the_holder_is_answered_by_claim_id_or_session_without_a_commit() {
        let mut world = World::with_task("a");
        world.session = Some("s1".into());
        let id = world.claim("a");
        assert!(world.run(Operation::Claim(claim_of("a"))).expect("its own").is_empty());
        world.become_other("ada");
        let by_id = Claim { claim_id: Some(id), ..claim_of("a") };
        assert!(world.run(Operation::Claim(by_id)).expect("its own").is_empty());
        world.session = Some("s2".into());
        assert_eq!(code(world.run(Operation::Claim(claim_of("a")))), "claim_held");
    }

    #[test]
    fn a_claim_is_renewed_after_half_its_time_or_when_asked_and_keeps_its_epoch() {
        let mut world = World::with_task("a");
        world.session = Some("s1".into());
        world.claim("a");
        let first = world.get("a").claim.expect("a claim");
        world.wait(15 * 60);
        assert!(!world.run(Operation::Claim(claim_of("a"))).expect("renewed").is_empty());
        let second = world.get("a").claim.expect("a claim");
        assert!(second.at > first.at);
        assert_eq!((second.epoch, second.id), (first.epoch, first.id));
        let longer = Claim { ttl_minutes: Some(90), ..claim_of("a") };
        assert!(!world.run(Operation::Claim(longer)).expect("renewed").is_empty());
        assert_eq!(world.get("a").claim.expect("a claim").ttl_minutes, 90);
    }

    #[test]
    fn each_reason_not_to_claim_has_its_word() {
        let mut world = World::with_task("a");
        let mut put = |id: &str, change: &dyn Fn(&mut Task)| {
            world.task(id);
            let mut task = world.get(id);
            change(&mut task);
            world.put(task);
        };
        put("waits", &|task| task.depends_on = ["a".to_owned()].into());
        put("parent", &|_| ());
        put("child", &|task| task.parent = Some("parent".into()));
        put("later", &|task| {
            task.status = Status::Deferred;
            task.defer_until = Some(Timestamp::from_seconds(1 << 40));
        });
        put("done", &|task| task.status = Status::Completed);
        put("approval", &|task| task.status = Status::AwaitingApproval);
        put("stuck", &|task| task.status = Status::Blocked);
        let expected = [
            ("waits", "blocked"),
            ("parent", "open_children"),
            ("later", "deferred"),
            ("done", "closed"),
            ("approval", "blocked"),
            ("stuck", "blocked"),
        ];
        for (id, word) in expected {
            for over_whom in [Over::Nobody, Over::Anybody] {
                let error = world.run(over(id, over_whom)).expect_err(id);
                assert_eq!((error.code(), error.kind()), (word, crate::base::Kind::Conflict), "{id}");
            }
        }
    }

    use crate::base::Timestamp;

    #[test]
    fn a_takeover_needs_a_stale_claim_and_raises_the_epoch() {
        let mut world = World::with_task("a");
        let lost = world.claim("a");
        world.become_other("bob");
        assert_eq!(code(world.run(over("a", Over::Stale))), "not_stale");
        world.wait(31 * 60);
        assert_eq!(code(world.run(Operation::Claim(claim_of("a")))), "claim_held");
        world.run(over("a", Over::Stale)).expect("taken over");
        let claim = world.get("a").claim.expect("a claim");
        assert_eq!((claim.epoch, claim.over.as_deref(), claim.agent.as_str()), (2, Some(lost.as_str()), "bob"));
    }

    #[test]
    fn a_heartbeat_keeps_a_claim_alive() {
        let mut world = World::with_task("a");
        let id = world.claim("a");
        world.wait(31 * 60);
        let key = SignKey::Claim(&id).name();
        world.signs = Signs::new(BTreeMap::from([(key, world.now)]));
        world.become_other("bob");
        assert_eq!(code(world.run(over("a", Over::Stale))), "not_stale");
    }

    #[test]
    fn force_takes_a_living_claim() {
        let mut world = World::with_task("a");
        world.claim("a");
        world.become_other("bob");
        world.run(over("a", Over::Anybody)).expect("taken");
        assert_eq!(world.get("a").claim.expect("a claim").agent, "bob");
    }

    #[test]
    fn an_id_belongs_to_one_claim_and_asking_for_it_again_gives_the_same_task() {
        let mut world = World::with_task("a");
        world.task("b");
        let with_id = |task: &str| Claim { claim_id: Some("once".into()), ..claim_of(task) };
        world.run(Operation::Claim(with_id("a"))).expect("claimed");
        assert_eq!(code(world.run(Operation::Claim(with_id("b")))), "claim_id_taken");
        let next = Operation::ClaimNext(Next { claim_id: Some("once".into()), ..Next::default() });
        assert_eq!(world.run(next).expect("held").about.expect("a task").id().as_str(), "a");
        assert!(world.get("b").claim.is_none());
    }

    #[test]
    fn a_session_is_one_of_its_agent() {
        let mut world = World::with_task("a");
        world.session = Some("s1".into());
        world.claim("a");
        world.become_other("bob");
        world.session = Some("s1".into());
        assert_eq!(code(world.run(Operation::Claim(claim_of("a")))), "claim_held");
    }

    #[test]
    fn an_epoch_never_falls() {
        let mut world = World::with_task("a");
        for epoch in 1..4 {
            world.claim("a");
            assert_eq!(world.get("a").epoch, epoch);
            world.run(Operation::Release(Release { task: "a".into(), ..Release::default() })).expect("released");
        }
    }

    #[test]
    fn a_task_that_another_agent_says_to_be_at_is_taken_only_by_force_and_that_is_recorded() {
        let mut world = World::with_task("a");
        let post =
            status::Post { text: "x".into(), status: "STARTED".into(), task: Some("a".into()), ..Default::default() };
        world.run(Operation::StatusPost(post)).expect("posted");
        world.become_other("bob");
        assert_eq!(code(world.run(over("a", Over::Nobody))), "in_progress_elsewhere");
        assert!(world.run(Operation::ClaimNext(Next::default())).expect("an answer").about.is_none());
        let changes = world.run(over("a", Over::Anybody)).expect("forced");
        assert_eq!(changes.subject, "Claim a: do a, by force, ada is at it");
        world
            .run(Operation::Release(Release { task: "a".into(), force: true, ..Release::default() }))
            .expect("released");
        world.become_other("ada");
        world.run(over("a", Over::Nobody)).expect("it is at it itself");
    }
}
