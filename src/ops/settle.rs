//! Settling claims: a published claim is put back where one that nobody had confirmed has displaced it, and who has lost
//! such a claim is told.
//!
//! Which claims have to give way is found out beside the history (`session/rulings.rs`); here they do. The message about
//! a lost claim is the same, to the byte, whoever sends it: two clones that find the same tell it once.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Context;
use super::delivery::{deliver, one_agent};
use crate::base::{Id, Result, id, text};
use crate::records::message::{CLAIM_LOST, Type, Urgency};
use crate::records::record::Typed as _;
use crate::records::task::{Claim, Lifecycle};
use crate::records::{Message, Stamp, Task, stamps};
use crate::state::{Changeset, Snapshot, find};

/// Who speaks in the message about a lost claim.
pub const SPEAKER: &str = "git-coord";

/// The key of the stamp of a lifecycle.
const UNIT: &str = "lifecycle";

/// Claims that have to give way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settle {
    /// The remote that has decided.
    pub remote: String,
    /// What it comes to, by task.
    pub rulings: Vec<Ruling>,
}

/// What it comes to for one task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ruling {
    /// The task.
    pub task: String,
    /// What is put back; nothing where the task stays as it is.
    pub restored: Option<Restored>,
    /// The claims that are lost.
    pub lost: Vec<Lost>,
}

/// A lifecycle that is put back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restored {
    /// The lifecycle that the task had when this was found out.
    pub seen: Lifecycle,
    /// The one that it is to have.
    pub wanted: Lifecycle,
    /// The stamp of that one; nothing where it is that of the creation. It goes along: what its holder does meanwhile is
    /// then the only change beside it, and not an earlier one.
    pub stamp: Option<Stamp>,
}

impl Restored {
    /// Returns what puts the lifecycle of one state of a task in the place of that of another.
    pub fn of(here: &Task, wanted: &Task) -> Restored {
        let stamp = wanted.edited.get(UNIT).cloned();
        Restored { seen: here.lifecycle(), wanted: wanted.lifecycle(), stamp }
    }
}

/// A claim that is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lost {
    /// The claim.
    pub claim: Claim,
    /// The claim that holds, or held when the lost one was made; nothing where that cannot be told.
    pub to: Option<Claim>,
    /// The branch on which its holder worked, where that is a worktree of this machine.
    pub branch: Option<String>,
}

/// Puts published lifecycles back, and tells who has lost a claim. What has changed since it was found out is left alone.
///
/// # Errors
/// What an edit of a task or a message is refused for.
pub fn settle(snapshot: &dyn Snapshot, input: &Settle, context: &Context) -> Result<Changeset> {
    let mut changes = Changeset::new(format!("Settle claims by {}", text::excerpt(&input.remote, 60)));
    for ruling in &input.rulings {
        let Some(before) = find::<Task>(snapshot, &ruling.task)? else { continue };
        if let Some(restored) = ruling.restored.as_ref().filter(|restored| restored.seen == before.lifecycle()) {
            let mut after = before.clone();
            after.set_lifecycle(restored.wanted.clone());
            stamps::mark(&before, &mut after, context.now, SPEAKER);
            match &restored.stamp {
                Some(stamp) => drop(after.edited.insert(UNIT.to_owned(), stamp.clone())),
                None => drop(after.edited.remove(UNIT)),
            }
            changes.put_main(after);
        }
        for lost in &ruling.lost {
            if let Some(message) = message(snapshot, &input.remote, &before, lost)? {
                deliver(snapshot, &message, &mut changes)?;
            }
        }
    }
    Ok(changes)
}

/// Returns the id of the message about a lost claim: the same whoever sends it.
pub fn message_id(lost: &Lost) -> Id {
    let branch = lost.branch.as_deref().unwrap_or_default();
    id::ulid_of(lost.claim.at, &format!("{CLAIM_LOST}\n{}\n{branch}", lost.claim.id))
}

/// Returns the message about a lost claim; nothing where it was said already.
fn message(snapshot: &dyn Snapshot, remote: &str, task: &Task, lost: &Lost) -> Result<Option<Message>> {
    let id = message_id(lost);
    if find::<Message>(snapshot, &id)?.is_some() {
        return Ok(None);
    }
    let Lost { claim, to, branch } = lost;
    // Nothing of the moment at which this is said: see above.
    let at = to.as_ref().map_or(claim.at, |to| to.at.max(claim.at));
    let mut message = Message::new(id, at, SPEAKER);
    message.from = SPEAKER.to_owned();
    message.to.insert(one_agent(snapshot, &claim.agent)?);
    message.timestamp = at;
    message.r#type = Type::Error;
    message.priority = Urgency::High;
    message.thread = Some(task.id.to_string());
    message.metadata.insert("event".to_owned(), json!(CLAIM_LOST));
    message.metadata.insert("task".to_owned(), json!(task.id.as_str()));
    message.metadata.insert("claim".to_owned(), json!(claim.id));
    let mut note = |key: &str, value: Option<Value>| value.map(|value| message.metadata.insert(key.to_owned(), value));
    note("lost_to", to.as_ref().map(|to| json!(to.id)));
    note("agent", to.as_ref().map(|to| json!(to.agent)));
    note("branch", branch.as_ref().map(|branch| json!(branch)));
    message.body = told(remote, &task.id, lost);
    message.validate()?;
    Ok(Some(message))
}

/// Says in words that a claim is lost, to whom, and where the work is.
pub fn told(remote: &str, task: &str, lost: &Lost) -> String {
    let holder = match &lost.to {
        Some(to) => format!("to {} (claim {}), whose claim {remote} had first", text::excerpt(&to.agent, 40), to.id),
        None => format!("to one that {remote} had first"),
    };
    let work = match &lost.branch {
        Some(branch) => {
            format!(" Your work is on the branch {branch}: keep it, or hand it over, and do not merge it as it is.")
        }
        None => String::new(),
    };
    format!("The claim {} on {task} is lost {holder}.{work}", lost.claim.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::ops::Operation;
    use crate::ops::fixture::World;
    use crate::records::field::Rule;
    use crate::records::task::{Status, TASK};
    use crate::state::all;

    fn claim_of(agent: &str, id: &str) -> Claim {
        serde_json::from_value(
            json!({"id": id, "agent": agent, "epoch": 1, "at": "2026-01-02T03:04:05.000Z", "ttl_minutes": 30}),
        )
        .expect("a claim")
    }

    fn ruling(world: &World) -> Ruling {
        let mut published = world.get("a");
        published.claim = Some(claim_of("bob", "c-bob"));
        published.assignee = Some("bob".into());
        published.edited.insert(UNIT.into(), Stamp(Timestamp::from_seconds(7), "bob".into()));
        let task = world.get("a");
        Ruling {
            task: "a".into(),
            restored: Some(Restored::of(&task, &published)),
            lost: vec![Lost { claim: task.claim.expect("a claim"), to: published.claim, branch: Some("ada/a".into()) }],
        }
    }

    fn settle(world: &mut World, ruling: &Ruling) -> Changeset {
        let rulings = vec![ruling.clone()];
        world.run(Operation::Settle(Settle { remote: "origin".into(), rulings })).expect("settled")
    }

    #[test]
    fn a_published_claim_is_put_back_and_the_loser_is_told_once() {
        let mut world = World::with_task("a");
        let lost = world.claim("a");
        let ruling = ruling(&world);
        settle(&mut world, &ruling);
        let task = world.get("a");
        assert_eq!(task.claim.as_ref().map(|claim| claim.id.as_str()), Some("c-bob"));
        assert_eq!((task.status.clone(), task.assignee.as_deref()), (Status::InProgress, Some("bob")));
        assert_eq!(
            task.edited[UNIT],
            Stamp(Timestamp::from_seconds(7), "bob".to_owned()),
            "as if it had never changed"
        );
        let said = all::<Message>(&world.records).expect("messages");
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].to.iter().collect::<Vec<_>>(), ["ada"]);
        assert_eq!(said[0].metadata["event"], "claim.lost");
        assert_eq!(said[0].metadata["branch"], "ada/a");
        assert!(said[0].body.contains(&lost) && said[0].body.contains("ada/a"), "{}", said[0].body);
        assert!(settle(&mut world, &ruling).is_empty(), "nothing is said twice");
    }

    #[test]
    fn what_has_changed_since_is_left_alone() {
        let mut world = World::with_task("a");
        world.claim("a");
        let ruling = Ruling { lost: Vec::new(), ..ruling(&world) };
        let mut task = world.get("a");
        task.claim = Some(claim_of("carl", "c-carl"));
        world.put(task);
        assert!(settle(&mut world, &ruling).is_empty());
    }

    #[test]
    fn the_lifecycle_is_all_that_is_one_unit() {
        let unit = TASK.fields.iter().filter(|field| field.rule == Rule::Unit("lifecycle")).map(|field| field.name);
        let known = serde_json::to_value(Lifecycle::default()).expect("a lifecycle");
        let known = known.as_object().expect("fields").keys().map(String::as_str);
        let sorted = |names: Vec<&str>| std::collections::BTreeSet::from_iter(names.into_iter().map(str::to_owned));
        assert_eq!(sorted(unit.collect()), sorted(known.collect()));
    }
}
