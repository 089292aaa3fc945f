//! Random histories of three to five replicas: they end alike, and nothing that anybody wrote is lost.

use std::collections::BTreeMap;

use git_coord::records::task::TASK;
use git_coord::records::{Conflict, Task, codec, conflict};
use proptest::collection::vec;
use proptest::prelude::*;

use super::world::{Name, World};
use super::writes::{Entry, OWN_NAMES, SHARED_NAMES, Scalar, Scene, TASKS, Write, any_write, edit, read, scalar};

/// Something that happens in a world.
#[derive(Debug, Clone)]
enum Event {
    /// Somebody at a replica writes.
    Write(usize, usize, Write),
    /// A replica takes in the head of another.
    Pull(usize, usize),
    /// All take in the head that the one before them had: nobody waits for anybody.
    Lockstep,
}

fn events(write: impl Strategy<Value = Write>, replicas: usize) -> impl Strategy<Value = Vec<Event>> {
    let one = prop_oneof![
        12 => (0..replicas, 0..TASKS.len(), write).prop_map(|(who, task, write)| Event::Write(who, task, write)),
        4 => (0..replicas, 0..replicas).prop_map(|(who, from)| Event::Pull(who, from)),
        1 => Just(Event::Lockstep),
    ];
    vec(one, 1..60)
}

fn history(write: impl Strategy<Value = Write> + Clone + 'static) -> impl Strategy<Value = (usize, Vec<Event>)> {
    (3usize..=5).prop_flat_map(move |replicas| (Just(replicas), events(write.clone(), replicas)))
}

fn played(mut scene: Scene, events: &[Event]) -> Scene {
    for event in events {
        match event {
            Event::Write(who, task, write) => scene.act(*who, *task, write),
            Event::Pull(who, from) => {
                let theirs = scene.world.heads[*from];
                scene.world.pull(*who, theirs);
            }
            Event::Lockstep => lockstep(&mut scene.world),
        }
    }
    scene
}

pub(crate) fn lockstep(world: &mut World) {
    let heads = world.heads.clone();
    for who in 0..heads.len() {
        world.pull(who, heads[(who + heads.len() - 1) % heads.len()]);
    }
}

/// Lets the replicas exchange in a lockstep ring until they are alike, and returns the head of all.
pub(crate) fn in_a_ring(world: &mut World) -> Name {
    for _ in 0..4 * world.heads.len() {
        lockstep(world);
    }
    head_of_all(world)
}

/// Lets them exchange in pairs, in an order that the seed decides.
pub(crate) fn in_pairs(world: &mut World, mut seed: u64) -> Name {
    let count = world.heads.len();
    for _ in 0..6 * count * count {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (who, from) = ((seed >> 33) as usize % count, (seed >> 50) as usize % count);
        world.pull(who, world.heads[from]);
    }
    for _ in 0..2 {
        for who in 0..count {
            world.pull(who, world.heads[(who + 1) % count]);
        }
        for who in (0..count).rev() {
            world.pull(who, world.heads[(who + 1) % count]);
        }
    }
    head_of_all(world)
}

fn head_of_all(world: &World) -> Name {
    assert!(world.heads.iter().all(|head| *head == world.heads[0]), "they do not end alike");
    world.heads[0]
}

/// All that is kept in conflicts, as text.
fn kept(world: &World, head: Name) -> String {
    let is_of_conflicts = |path: &&String| path.starts_with("conflicts/") || path.starts_with("artifacts/conflict/");
    let texts = world.files(head).keys().filter(is_of_conflicts).filter_map(|path| world.bytes(head, path));
    texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect::<Vec<_>>().join("\n")
}

/// Each mark is in the record, or in a conflict, or whoever overwrote it knew of it.
pub(crate) fn nothing_is_lost(scene: &Scene, head: Name) {
    let world = &scene.world;
    let kept = kept(world, head);
    for entry in &scene.entries {
        let Some(mark) = &entry.mark else { continue };
        let is_later = |other: &&Entry| {
            other.path == entry.path
                && (other.part == entry.part || other.part == "*")
                && other.commit != entry.commit
                && world.is_behind(entry.commit, other.commit)
        };
        if scene.entries.iter().any(|other| is_later(&other)) || entry.path.starts_with("inbox/") {
            continue;
        }
        let bytes = world.bytes(head, &entry.path).unwrap_or_default();
        let is_there = String::from_utf8_lossy(&bytes).contains(mark.as_str());
        assert!(is_there || kept.contains(mark.as_str()), "{mark} of {} at {} is lost", entry.part, entry.path);
    }
}

/// Every link that nobody has read is there, and none that somebody has.
fn inboxes_are_right(scene: &Scene, head: Name) {
    for entry in scene.entries.iter().filter(|entry| entry.path.starts_with("inbox/") && entry.mark.is_some()) {
        let is_read = scene.entries.iter().any(|other| other.path == entry.path && other.mark.is_none());
        assert_eq!(scene.world.files(head).contains_key(&entry.path), !is_read, "{}", entry.path);
    }
}

/// What this version wrote can be read by it, and every conflict is what it says it is.
fn all_can_be_read(scene: &Scene, head: Name, is_garbled: bool) {
    for path in scene.world.files(head).keys() {
        let bytes = scene.world.bytes(head, path).expect("there");
        if let Some((kind, _)) = git_coord::records::kind::locate(path) {
            assert!(is_garbled || (kind.decode)(&bytes).is_ok(), "{path}: {}", String::from_utf8_lossy(&bytes));
        }
        if path.starts_with("conflicts/") {
            let conflict: Conflict = codec::decode(&bytes).expect("a conflict");
            assert_eq!(conflict::id_of(&conflict.record, &conflict.field), conflict.id);
            assert!(!conflict.record.starts_with("conflict/"), "a conflict about a conflict");
            for (hash, candidate) in &conflict.values {
                let place = conflict::value_path(&conflict.id, hash);
                assert!(candidate.uri.is_none() || scene.world.files(head).contains_key(&place), "{place}");
                assert!(candidate.uri.is_some() || conflict::hash_of(&candidate.value) == *hash);
            }
        }
    }
}

/// The values of all single-valued parts.
fn scalars(world: &World, head: Name) -> BTreeMap<(String, &'static str), Option<serde_json::Value>> {
    let mut found = BTreeMap::new();
    for id in TASKS {
        let task: Task = read(world, head, &TASK.path(id)).expect("nobody removed it");
        for part in ["title", "sprint", "lifecycle", "later"] {
            found.insert((TASK.path(id), part), scalar(&task, part));
        }
    }
    found
}

/// Each single value is that of the greatest stamp, and each that nobody knowingly overwrote is it, or in a conflict.
fn the_latest_wins(scene: &Scene, head: Name) {
    let world = &scene.world;
    for ((path, part), value) in scalars(world, head) {
        let mut written: Vec<_> = scene.scalars.iter().filter(|it| it.path == path && it.part == part).collect();
        let bytes =
            |value: &Option<serde_json::Value>| conflict::text_of(value.as_ref().unwrap_or(&serde_json::Value::Null));
        written.sort_by_key(|it| (it.stamp.clone(), bytes(&it.value)));
        let Some(last) = written.last() else { continue };
        assert_eq!(value, last.value, "{part} of {path}");
        let id = conflict::id_of(&format!("task/{}", &path[path.len() - 4..path.len() - 3]), part);
        let kept: Option<Conflict> = read(world, head, &format!("conflicts/{id}.md"));
        for write in &written {
            // Somebody knew the value, and set another.
            let is_known = written.iter().filter(|it| it.value == write.value).any(|it| {
                let is_later = |other: &&&Scalar| other.commit != it.commit && world.is_behind(it.commit, other.commit);
                written.iter().any(|other| is_later(&other))
            });
            if write.value == value || is_known {
                continue;
            }
            let wanted = bytes(&write.value);
            let values = kept.as_ref().map(|kept| format!("{:?}", kept.values)).unwrap_or_default();
            let in_conflict = kept.as_ref().is_some_and(|kept| match part {
                "lifecycle" => kept.values.values().any(|it| bytes(&lifecycle(&it.value)) == wanted),
                _ => kept.values.values().any(|it| bytes(&Some(it.value.clone())) == wanted),
            });
            assert!(in_conflict, "{wanted} of {part} of {path} is not in {values}");
        }
    }
}

fn lifecycle(value: &serde_json::Value) -> Option<serde_json::Value> {
    Some(serde_json::json!([value.get("status"), value.get("summary")]))
}

/// What both count is counted once each, and labels that nobody took out are there.
fn additions_add_up(scene: &Scene, head: Name) {
    for id in TASKS {
        let path = TASK.path(id);
        let task: Task = read(&scene.world, head, &path).expect("nobody removed it");
        let begun = scene.begun.iter().filter(|(other, _)| *other == path).count() as u64;
        assert_eq!(task.attempts, begun, "{path}");
    }
}

proptest! {
    #![proptest_config(super::tried(48))]

    #[test]
    fn replicas_end_alike_and_nothing_is_lost((replicas, events) in history(any_write().boxed()), seed: u64) {
        let scene = played(Scene::new(replicas, SHARED_NAMES), &events);
        let is_garbled = events.iter().any(|event| matches!(event, Event::Write(_, _, Write::Garble)));
        let (mut ring, mut pairs) = (scene.clone(), scene);
        let heads = [in_a_ring(&mut ring.world), in_pairs(&mut pairs.world, seed)];
        for (scene, head) in [(&ring, heads[0]), (&pairs, heads[1])] {
            nothing_is_lost(scene, head);
            inboxes_are_right(scene, head);
            all_can_be_read(scene, head, is_garbled);
        }
    }

    #[test]
    fn single_values_do_not_depend_on_the_order((replicas, events) in history(edit().boxed()), seed: u64) {
        let mut ring = played(Scene::new(replicas, OWN_NAMES), &events);
        let mut pairs = ring.clone();
        let heads = [in_a_ring(&mut ring.world), in_pairs(&mut pairs.world, seed)];
        prop_assert_eq!(scalars(&ring.world, heads[0]), scalars(&pairs.world, heads[1]));
        for (scene, head) in [(&ring, heads[0]), (&pairs, heads[1])] {
            nothing_is_lost(scene, head);
            the_latest_wins(scene, head);
            additions_add_up(scene, head);
            all_can_be_read(scene, head, false);
        }
    }
}
