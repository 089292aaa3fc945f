//! Whose a claimed task is, and what is said to everybody else.
//!
//! Ownership goes by the id of the claim: given with the command, or the session's, or remembered for this worktree.
//! Never by the name alone: two agents with one name are two owners.

use super::Context;
use super::wording::send_to;
use crate::base::{Error, Result, Timestamp, text, time};
use crate::query::Signs;
use crate::records::Task;
use crate::records::task::Claim;

/// Returns whether the asker holds this claim, by its id, its session, or what the worktree remembers.
pub fn holds(context: &Context, claim: &Claim, given: Option<&str>) -> bool {
    match given {
        Some(id) => claim.id == id,
        None if has_session(context) => same_session(context, claim),
        None => context.held.contains(&claim.id),
    }
}

/// Returns whether the asker may be answered as the holder when it claims again: only the claim's id or an equal
/// session proves that, not what the worktree remembers.
pub fn holds_for_claiming(context: &Context, claim: &Claim, given: Option<&str>) -> bool {
    match given {
        Some(id) => claim.id == id,
        None => same_session(context, claim),
    }
}

/// Returns the claim on a task where the asker holds it.
pub fn held_by(context: &Context, task: &Task, given: Option<&str>) -> Option<Claim> {
    task.claim.clone().filter(|claim| holds(context, claim, given))
}

/// Refuses what only the holder of a claimed task may do; lets everybody through where nobody holds it.
///
/// # Errors
/// `claim_held` where somebody else holds the task and `force` is not given.
pub fn require_holder(context: &Context, task: &Task, given: Option<&str>, force: bool, doing: &str) -> Result<()> {
    match &task.claim {
        Some(claim) if !force && !holds(context, claim, given) => Err(held(context, task, claim, doing)),
        _ => Ok(()),
    }
}

/// Makes the refusal for a task that somebody else holds.
pub fn held(context: &Context, task: &Task, claim: &Claim, doing: &str) -> Error {
    let by = text::excerpt(&claim.agent, 40);
    let since = time::in_words(context.now.since(claim.at));
    let mut error = Error::conflict(
        "claim_held",
        format!(
            "cannot {doing} {}: held by {by} (claim {}, {since} ago, ttl {} min)",
            task.id, claim.id, claim.ttl_minutes
        ),
    )
    .detail("task", task.id.as_str())
    .detail("claim", claim.id.as_str())
    .detail("agent", claim.agent.as_str())
    .detail("epoch", claim.epoch)
    .detail("at", claim.at.to_string())
    .detail("ttl_minutes", claim.ttl_minutes);
    if let Some(overdue) = context.signs.overdue(claim, context.now) {
        error = error.detail("stale_since", stale_since(&context.signs, claim).to_string());
        error = error.hint(format!(
            "silent for {} too long: git coord claim {} --takeover",
            time::in_words(overdue),
            task.id
        ));
    }
    error.hint("git coord ready").hint(tell_holder(context, claim, &task.id))
}

/// Returns the command that says something to the holder of a task: a message, or a note where none can reach it, or
/// where the asker, under the same name, would send it to itself.
pub fn tell_holder(context: &Context, claim: &Claim, task: &str) -> String {
    let message = send_to(&claim.agent, task).filter(|_| claim.agent != context.agent);
    message.unwrap_or_else(|| format!("git coord note {task} \"…\""))
}

fn stale_since(signs: &Signs, claim: &Claim) -> Timestamp {
    signs.last(claim).plus(std::time::Duration::from_secs(claim.ttl_minutes.saturating_mul(60)))
}

fn has_session(context: &Context) -> bool {
    context.session.as_deref().is_some_and(|session| !session.is_empty())
}

fn same_session(context: &Context, claim: &Claim) -> bool {
    has_session(context) && claim.session == context.session && claim.agent == context.agent
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::ops::fixture::World;
    use crate::ops::{Operation, claim, close, edit, note};

    fn world() -> World {
        let mut world = World::new();
        world.task("a");
        world.claim("a");
        world
    }

    fn relabel() -> Operation {
        let add = BTreeMap::from([("labels".to_owned(), vec!["x".to_owned()])]);
        Operation::Edit(edit::Edit { kind: "task".into(), id: "a".into(), add, ..edit::Edit::default() })
    }

    fn remark() -> Operation {
        Operation::Note(note::Note { task: "a".into(), text: "x".into(), ..note::Note::default() })
    }

    #[test]
    fn what_a_twin_does_to_a_task_never_makes_the_claim_its_own() {
        let mut world = world();
        world.become_other("ada");
        assert!(world.run(relabel()).expect("edited").holds.is_none());
        assert!(world.run(remark()).expect("noted").holds.is_none());
    }

    #[test]
    fn what_the_holder_does_under_its_claim_is_a_sign_of_its_life() {
        let mut world = world();
        assert!(world.run(remark()).expect("noted").holds.is_some());
        let again =
            claim::Claim { task: "a".into(), claim_id: world.get("a").claim.map(|c| c.id), ..Default::default() };
        assert!(world.run(Operation::Claim(again)).expect("held").holds.is_some());
        let done = close::Done { task: "a".into(), ..close::Done::default() };
        assert!(world.run(Operation::Done(done)).expect("done").ends.is_some());
    }
}
