//! A task that several take at once, and conflicts that meet: three lines, merged in every order.

use std::collections::BTreeSet;

use git_coord::base::{Id, Timestamp};
use git_coord::records::conflict::{self, CONFLICT, Candidate, Status as Choice};
use git_coord::records::task::{Claim, Status, TASK};
use git_coord::records::{Conflict, Record, Task, codec, stamps};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::world::{Name, World};
use super::writes::read;

/// What somebody does with the task, at most one after another.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Claim,
    Renew,
    TakeOver,
    Release,
    Done,
    Rename,
}

fn deed() -> impl Strategy<Value = Deed> {
    select(&[Deed::Claim, Deed::Claim, Deed::Renew, Deed::TakeOver, Deed::Release, Deed::Done, Deed::Rename][..])
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Does it as the verbs do; what cannot be done is not done.
fn done(before: &Task, deed: Deed, now: Timestamp, by: &str, tick: usize) -> Option<Task> {
    let mut task = before.clone();
    match (deed, &before.claim) {
        (Deed::Claim, None) if before.is_open() => take(&mut task, now, by, tick, None),
        (Deed::TakeOver, Some(old)) => take(&mut task, now, by, tick, Some(old.id.clone())),
        (Deed::Renew, Some(_)) => task.claim.iter_mut().for_each(|claim| claim.at = now),
        (Deed::Release, Some(_)) => (task.claim, task.assignee, task.status) = (None, None, Status::Pending),
        (Deed::Done, _) if before.is_open() => {
            (task.claim, task.status) = (None, Status::Completed);
            (task.completed_at, task.summary) = (Some(now), Some(format!("by {by} at {tick}")));
        }
        (Deed::Rename, _) => task.title = format!("{by} {tick}"),
        _ => {}
    }
    stamps::mark(before, &mut task, now, by).then_some(task)
}

fn take(task: &mut Task, now: Timestamp, by: &str, tick: usize, over: Option<String>) {
    task.epoch += 1;
    task.attempts += 1;
    let claim = json!({"id": format!("c-{by}-{tick}"), "agent": by, "epoch": task.epoch, "at": now, "ttl_minutes": 30, "over": over});
    let claim: Claim = serde_json::from_value(claim).expect("a claim");
    (task.claim, task.assignee, task.status) = (Some(claim), Some(by.to_owned()), Status::InProgress);
    task.started_at = Some(now);
}

/// The fields that are true only together.
fn lifecycle(task: &Task) -> String {
    let map = task.to_map();
    let fields = TASK.fields.iter().filter(|field| matches!(field.rule, git_coord::records::Rule::Unit("lifecycle")));
    let members: Vec<Value> = fields.map(|field| json!([field.name, map.get(field.name)])).collect();
    json!(members).to_string()
}

/// Merges three heads in every order, and returns what came of it.
fn in_every_order(world: &mut World, heads: [Name; 3]) -> Vec<Name> {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 2, 0]];
    let merged = orders.map(|order| {
        let [a, b, c] = order.map(|n| heads[n]);
        let first = world.merge(a, b);
        world.merge(first, c)
    });
    merged.into()
}

proptest! {
    #![proptest_config(super::tried(64))]

    /// One of the lines has the task in the end, with all that belongs to it, and the claims of the others are kept.
    #[test]
    fn a_task_that_three_take_has_one_holder_in_every_order(
        lines in vec(vec(deed(), 1..5), 3),
        is_held in any::<bool>(),
        skews in vec(-2i64..3, 3),
    ) {
        let mut world = World::new(3);
        let mut first = Task { title: "first".into(), ..Task::new(Id::parse("a").expect("an id"), at(1), "ada") };
        if is_held {
            take(&mut first, at(1), "ada", 0, None);
        }
        let path = TASK.path("a");
        let base = world.write(0, vec![(path.clone(), Some(codec::encode(&first).expect("small")))], at(1));
        world.heads.fill(base);
        let (mut states, mut taken, mut last) = (BTreeSet::from([lifecycle(&first)]), first.attempts, BTreeSet::new());
        for (who, line) in lines.iter().enumerate() {
            let mut task = first.clone();
            for (tick, deed) in line.iter().enumerate() {
                let now = at(1_000 + 10 * tick as i64 + skews[who]);
                let Some(after) = done(&task, *deed, now, ["ada", "bob", "cyd"][who], tick + 1) else { continue };
                taken += after.attempts - task.attempts;
                task = after;
                states.insert(lifecycle(&task));
                world.write(who, vec![(path.clone(), Some(codec::encode(&task).expect("small")))], now);
            }
            // A line that never touched the claim has no word in who holds it.
            if task.edited.get("lifecycle") != first.edited.get("lifecycle") {
                last.insert((stamps::of_part(&task, "lifecycle"), lifecycle(&task), task.claim.map(|claim| claim.id)));
            }
        }
        let [a, b, c] = [world.heads[0], world.heads[1], world.heads[2]];
        prop_assume!(a != base && b != base && c != base);
        let ended = in_every_order(&mut world, [a, b, c]);
        let kept = CONFLICT.path(&conflict::id_of("task/a", "lifecycle"));
        for head in &ended {
            let task: Task = read(&world, *head, &path).expect("a task");
            prop_assert!(states.contains(&lifecycle(&task)), "half of one claim and half of another: {}", lifecycle(&task));
            let wanted = last.last().map_or_else(|| lifecycle(&first), |(_, state, _)| state.clone());
            prop_assert_eq!(lifecycle(&task), wanted, "the later one");
            prop_assert_eq!(task.attempts, taken, "all were counted");
            prop_assert!(task.claim.as_ref().is_none_or(|claim| claim.epoch <= task.epoch));
            let kept: Option<Conflict> = read(&world, *head, &kept);
            let text = kept.map(|kept| json!(kept.values).to_string()).unwrap_or_default();
            for (_, state, claim) in &last {
                let is_kept = claim.as_ref().is_none_or(|claim| text.contains(&format!("{claim:?}")));
                prop_assert!(is_kept || *state == lifecycle(&task), "{claim:?} is lost");
            }
        }
        let tasks: BTreeSet<_> = ended.iter().map(|head| world.bytes(*head, &path)).collect();
        prop_assert_eq!(tasks.len(), 1, "the task depends on the order");
        // When a value was set of which two had the same thought may be said with either one's stamp.
        let hashes = |head: &Name| read::<Conflict>(&world, *head, &kept).map(|kept| kept.values.into_keys().collect::<Vec<_>>());
        let values: BTreeSet<_> = ended.iter().map(hashes).collect();
        prop_assert_eq!(values.len(), 1, "what is kept depends on the order");
    }

    /// Conflicts about one part unite to the same, in every order, and none of their values is gone.
    #[test]
    fn conflicts_unite_to_the_same_in_every_order(conflicts in vec(any_conflict(), 3)) {
        let mut world = World::new(3);
        let path = CONFLICT.path(&conflicts[0].id);
        let base = world.heads[0];
        for (who, conflict) in conflicts.iter().enumerate() {
            world.write(who, vec![(path.clone(), Some(codec::encode(conflict).expect("small")))], at(2));
        }
        let heads = [world.heads[0], world.heads[1], world.heads[2]];
        let different: BTreeSet<Name> = heads.into_iter().collect();
        prop_assume!(different.len() == 3 && !different.contains(&base));
        let ended = in_every_order(&mut world, heads);
        for head in &ended {
            // A value that was laid beside one of them and stands in another may be in both places.
            prop_assert_eq!(world.bytes(*head, &path), world.bytes(ended[0], &path));
            let united: Conflict = read(&world, *head, &path).expect("a conflict");
            for (hash, candidate) in conflicts.iter().flat_map(|conflict| &conflict.values) {
                let is_beside = world.files(*head).contains_key(&conflict::value_path(&united.id, hash));
                let is_inside = united.values.get(hash).is_some_and(|it| it.value == candidate.value);
                prop_assert!(is_inside || is_beside, "{} is lost", candidate.value);
            }
            let latest = conflicts.iter().filter_map(|conflict| conflict.resolved_at).max();
            let is_newer = united.values.values().any(|it| Some(it.at) > latest);
            let wanted = if latest.is_none() || is_newer { Choice::Open } else { Choice::Resolved };
            prop_assert_eq!((united.resolved_at, united.status), (latest, wanted));
        }
    }
}

fn any_conflict() -> impl Strategy<Value = Conflict> {
    let candidate = (0u8..60, 0i64..40, select(&["ada", "bob"][..]));
    let values = btree_map(0u8..60, candidate, 0..24);
    (values, option::of(0i64..60), select(&["ada", "bob"][..])).prop_map(|(candidates, resolved, by)| {
        let mut found = Conflict::new(conflict::id_of("task/a", "title"), at(1), "git-coord merge");
        (found.record, found.field) = ("task/a".into(), "title".into());
        for (_, (value, when, by)) in candidates {
            let value = json!(format!("v{value}"));
            let hash = conflict::hash_of(&value);
            found.values.insert(hash, Candidate { value, uri: None, by: by.into(), at: at(when), rest: [].into() });
        }
        if let Some(when) = resolved {
            (found.resolved_at, found.resolved_by) = (Some(at(when)), Some(by.into()));
            found.chosen = found.values.keys().next().cloned();
            let is_newer = found.values.values().any(|it| it.at > at(when));
            found.status = if is_newer { Choice::Open } else { Choice::Resolved };
        }
        found
    })
}
