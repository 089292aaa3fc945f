//! What becomes of a path that both sides changed, by what lies there.

use std::collections::BTreeSet;

use git_coord::base::{Id, Timestamp};
use git_coord::merge::{NOBODY, unite};
use git_coord::records::conflict::{self, WHOLE};
use git_coord::records::message::MESSAGE;
use git_coord::records::task::{Artifact, Status, TASK};
use git_coord::records::{Config, Conflict, Message, Task, codec, stamps};
use serde_json::{Value, json};

use super::world::{Name, World};
use super::writes::read;

type Edits<'a> = &'a [(&'a str, Option<&'a [u8]>)];

/// A base, two heads on it, and what they merge to.
struct Case {
    world: World,
    merged: Name,
}

impl Case {
    fn new(base: Edits<'_>, ours: Edits<'_>, theirs: Edits<'_>) -> Case {
        let mut world = World::new(2);
        let owned = |edits: Edits<'_>| -> Vec<(String, Option<Vec<u8>>)> {
            edits.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.map(<[u8]>::to_vec))).collect()
        };
        let first = world.write(0, owned(base), at(1));
        world.heads.fill(first);
        let (ours, theirs) = (world.write(0, owned(ours), at(2)), world.write(1, owned(theirs), at(3)));
        let merged = world.merge(ours, theirs);
        Case { world, merged }
    }

    fn text(&self, path: &str) -> Option<String> {
        Some(String::from_utf8_lossy(&self.world.bytes(self.merged, path)?).into_owned())
    }

    fn task(&self, id: &str) -> Option<Task> {
        read(&self.world, self.merged, &TASK.path(id))
    }

    fn conflicts(&self) -> Vec<Conflict> {
        let paths = self.world.files(self.merged).keys().filter(|path| path.starts_with("conflicts/"));
        paths.map(|path| read(&self.world, self.merged, path).expect("a conflict")).collect()
    }

    /// The only conflict, which must be about this, with its values: those outside too, as text.
    fn conflict(&self, record: &str, field: &str) -> BTreeSet<String> {
        let conflicts = self.conflicts();
        let [conflict] = conflicts.as_slice() else { panic!("not one conflict: {conflicts:?}") };
        assert_eq!((conflict.record.as_str(), conflict.field.as_str()), (record, field));
        let value = |(hash, candidate): (&String, &conflict::Candidate)| match &candidate.uri {
            Some(_) => self.text(&conflict::value_path(&conflict.id, hash)).expect("it lies there"),
            None => candidate.value.as_str().map_or_else(|| candidate.value.to_string(), str::to_owned),
        };
        conflict.values.iter().map(value).collect()
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn task(id: &str) -> Task {
    Task { title: "first".into(), ..Task::new(Id::parse(id).expect("an id"), at(1), "ada") }
}

fn edited(before: &Task, when: i64, by: &str, change: impl FnOnce(&mut Task)) -> Task {
    let mut after = before.clone();
    change(&mut after);
    stamps::mark(before, &mut after, at(when), by);
    after
}

fn file(task: &Task) -> Vec<u8> {
    codec::encode(task).expect("small")
}

fn values<const N: usize>(values: [&[u8]; N]) -> BTreeSet<String> {
    values.iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
}

#[test]
fn what_one_side_changed_is_taken_byte_for_byte() {
    let foreign = b"---\r\nkind: task\r\nnot yaml: [\r\n---\r\n";
    let case = Case::new(
        &[("tasks/odd.md", Some(b"old")), ("x/gone", Some(b"1"))],
        &[("tasks/odd.md", Some(foreign)), ("x/new", Some(b"\xff\0"))],
        &[("x/gone", None), ("y", Some(b"2"))],
    );
    assert_eq!(case.text("tasks/odd.md"), Some(String::from_utf8_lossy(foreign).into_owned()));
    assert_eq!(case.world.bytes(case.merged, "x/new").as_deref(), Some(&b"\xff\0"[..]));
    assert_eq!((case.text("x/gone"), case.text("y")), (None, Some("2".into())));
    assert!(case.conflicts().is_empty());
}

#[test]
fn an_edit_beats_a_removal_and_somebody_is_asked() {
    let (path, before) = (TASK.path("a"), task("a"));
    let after = edited(&before, 5, "bob", |task| task.title = "edited".into());
    let case = Case::new(&[(&path, Some(&file(&before)))], &[(&path, None)], &[(&path, Some(&file(&after)))]);
    assert_eq!(case.task("a"), Some(after.clone()));
    assert_eq!(case.conflict("task/a", WHOLE), values([b"null", &file(&after)]));
    let conflict = &case.conflicts()[0];
    let who: BTreeSet<_> = conflict.values.values().map(|it| (it.by.as_str(), it.at.millis())).collect();
    assert_eq!(who, [(NOBODY, 1), ("bob", 5)].into());
    assert!(!conflict.is_settled(Some(&after)) && conflict.is_settled(None));
}

#[test]
fn an_edit_beats_an_archiving_and_nobody_is_asked() {
    let path = TASK.path("a");
    let before = edited(&task("a"), 2, "ada", |task| task.status = Status::Completed);
    let after = edited(&before, 5, "bob", |task| task.title = "edited".into());
    let case = Case::new(&[(&path, Some(&file(&before)))], &[(&path, Some(&file(&after)))], &[(&path, None)]);
    assert_eq!(case.task("a"), Some(after));
    assert!(case.conflicts().is_empty());
    let case = Case::new(&[(&path, Some(&file(&before)))], &[(&path, None)], &[(&path, None), ("y", Some(b"2"))]);
    assert_eq!((case.task("a"), case.text("y")), (None, Some("2".into())));
}

#[test]
fn a_record_that_cannot_be_read_gives_way_and_is_kept_whole() {
    let (path, before) = (TASK.path("a"), task("a"));
    let after = edited(&before, 5, "bob", |task| task.title = "edited".into());
    let broken = b"---\nkind: task\nformat: 9\n---\n";
    let base: Edits<'_> = &[(&path, Some(&file(&before)))];
    let case = Case::new(base, &[(&path, Some(broken))], &[(&path, Some(&file(&after)))]);
    assert_eq!(case.task("a"), Some(after.clone()));
    assert_eq!(case.conflict("task/a", WHOLE), values([broken, &file(&after)]));
    let other = b"---\nkind: tusk\n---\n";
    let case = Case::new(base, &[(&path, Some(broken))], &[(&path, Some(other))]);
    assert_eq!(case.text(&path), Some(String::from_utf8_lossy(other).into_owned()), "the greater bytes");
    assert_eq!(case.conflict("task/a", WHOLE), values([broken, other]));
    let stranger = file(&task("b"));
    let case = Case::new(base, &[(&path, Some(&stranger))], &[(&path, Some(&file(&after)))]);
    assert_eq!(case.task("a"), Some(after), "a record that calls itself otherwise is none");
}

#[test]
fn two_messages_under_one_id_are_not_mixed() {
    let said = |by: &str, body: &str| {
        let mut message = Message::new(Id::parse("01KAHD4V2M0000000000000000").expect("an id"), at(1), by);
        (message.from, message.body) = (by.into(), body.into());
        codec::encode(&message).expect("small")
    };
    let path = MESSAGE.path("01KAHD4V2M0000000000000000");
    let link = "inbox/bob/01KAHD4V2M0000000000000000.md";
    let (ada, eve) = (said("ada", "from ada"), said("eve", "from eve"));
    let case = Case::new(&[], &[(&path, Some(&ada)), (link, Some(&ada))], &[(&path, Some(&eve)), (link, Some(&eve))]);
    assert_eq!(case.text(&path).map(String::into_bytes), Some(ada.clone()));
    assert_eq!(case.text(link), case.text(&path), "the link is to the message that stayed");
    assert_eq!(case.conflict("message/01KAHD4V2M0000000000000000", WHOLE), values([&ada, &eve]));
}

#[test]
fn what_was_read_on_one_side_has_been_read() {
    let link = "inbox/bob/01KAHD4V2M0000000000000000.md";
    let case = Case::new(&[(link, Some(b"1"))], &[(link, None)], &[(link, Some(b"2"))]);
    assert_eq!(case.text(link), None);
    assert!(case.conflicts().is_empty());
    let case = Case::new(&[], &[(link, Some(b"1"))], &[(link, Some(b"1")), ("y", Some(b"2"))]);
    assert_eq!(case.text(link), Some("1".into()));
}

#[test]
fn settings_are_merged_by_policy() {
    let settings = |policies: &[(&str, Value)]| {
        let policy = policies.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Config { policy, ..Config::default() }.encode().expect("small")
    };
    let path = "coordination.yaml";
    let base = settings(&[("same", json!(1)), ("both", json!("a")), ("gone", json!(1))]);
    let ours = settings(&[("same", json!(1)), ("both", json!("b")), ("ours", json!([1]))]);
    let theirs = settings(&[("same", json!(2)), ("both", json!("c")), ("gone", json!(1)), ("theirs", json!(true))]);
    let case = Case::new(&[(path, Some(&base))], &[(path, Some(&ours))], &[(path, Some(&theirs))]);
    let merged = settings(&[("same", json!(2)), ("both", json!("c")), ("ours", json!([1])), ("theirs", json!(true))]);
    assert_eq!(case.text(path).map(String::into_bytes), Some(merged));
    assert_eq!(case.conflict("config", "policy/both"), values([b"b", b"c"]));
}

#[test]
fn settings_that_can_be_read_never_give_way_to_others() {
    let path = "coordination.yaml";
    let settings = b"kind: config\nformat: 1\n";
    let case = Case::new(&[], &[("y", Some(b"1"))], &[(path, None)]);
    assert_eq!(case.text(path).map(String::into_bytes), Some(settings.to_vec()));
    assert!(case.conflicts().is_empty());
    let case = Case::new(&[], &[("y", Some(b"1"))], &[(path, Some(b"format: one"))]);
    assert_eq!(case.text(path).map(String::into_bytes), Some(settings.to_vec()));
    assert_eq!(case.conflict("config", WHOLE), values([b"format: one"]));
    let case = Case::new(&[], &[(path, Some(b"format: two"))], &[(path, Some(b"format: one"))]);
    assert_eq!(case.text(path).map(String::into_bytes), Some(settings.to_vec()));
    assert_eq!(case.conflict("config", WHOLE), values([b"format: one", b"format: two"]));
}

#[test]
fn a_newer_format_is_not_merged_with() {
    let mut world = World::new(2);
    let newer = b"kind: config\nformat: 2\n".to_vec();
    let ours = world.write(0, vec![("y".into(), Some(b"1".to_vec()))], at(2));
    let theirs = world.write(1, vec![("coordination.yaml".into(), Some(newer))], at(3));
    for (ours, theirs) in [(ours, theirs), (theirs, ours)] {
        assert_eq!(unite(&world, ours, theirs).expect_err("newer").code(), "unsupported_format");
    }
}

#[test]
fn a_plain_file_is_taken_whole_and_the_other_kept() {
    let case = Case::new(&[("x", Some(b"0"))], &[("x", Some(b"1"))], &[("x", Some(b"2"))]);
    assert_eq!(case.text("x"), Some("2".into()));
    assert_eq!(case.conflict("x", WHOLE), values([b"1", b"2"]));
    let case = Case::new(&[], &[("x", Some(b"\xff\xfe"))], &[("x", Some(b"\xff\xff"))]);
    assert_eq!(case.conflict("x", WHOLE), values([b"\xff\xfe", b"\xff\xff"]), "no texts, and kept byte for byte");
    let case = Case::new(&[("x", Some(b"0"))], &[("x", None)], &[("x", Some(b"2"))]);
    assert_eq!(case.text("x"), Some("2".into()));
    assert_eq!(case.conflict("x", WHOLE), values([b"null", b"2"]));
}

#[test]
fn the_bytes_of_an_artifact_go_with_its_facts() {
    let (owner, path) = (TASK.path("a"), "artifacts/task/a/log.txt");
    let before = task("a");
    let noted = |when, size| {
        let artifact = Artifact { name: "log.txt".into(), size: Some(size), ..Artifact::default() };
        file(&edited(&before, when, "ada", |task| task.artifacts.push(artifact)))
    };
    // By their bytes alone the others would win.
    let case = Case::new(
        &[(&owner, Some(&file(&before)))],
        &[(&owner, Some(&noted(9, 1))), (path, Some(b"1"))],
        &[(&owner, Some(&noted(5, 2))), (path, Some(b"22"))],
    );
    assert_eq!(case.text(path), Some("1".into()));
    assert_eq!(case.task("a").expect("there").artifacts[0].size, Some(1));
    assert_eq!(case.conflicts().len(), 2);
}

#[test]
fn a_file_gives_way_to_a_folder() {
    let case = Case::new(&[("x", Some(b"0"))], &[("x", Some(b"1"))], &[("x", None), ("x/y", Some(b"2"))]);
    assert_eq!((case.text("x"), case.text("x/y")), (None, Some("2".into())));
    let kept: Vec<_> = case.conflicts().iter().flat_map(|it| it.values.values().map(|it| it.value.clone())).collect();
    assert!(kept.contains(&json!("1")), "{kept:?}");
    let case = Case::new(&[], &[("conflicts", Some(b"0")), ("x", Some(b"1"))], &[("x", Some(b"2"))]);
    assert_eq!(case.text("conflicts"), None, "the conflict needs its folder");
    assert_eq!(case.conflicts().len(), 2);
}

#[test]
fn a_record_for_which_there_is_no_room_is_the_later_one() {
    let (path, before) = (TASK.path("a"), task("a"));
    let filled = |when, side: &str| {
        let texts = (0..400).map(|n| format!("{side} {n} {}", "x".repeat(80)));
        file(&edited(&before, when, "ada", |task| task.questions.extend(texts)))
    };
    let (ours, theirs) = (filled(5, "ours"), filled(6, "theirs"));
    let case = Case::new(&[(&path, Some(&file(&before)))], &[(&path, Some(&ours))], &[(&path, Some(&theirs))]);
    assert_eq!(case.text(&path).map(String::into_bytes), Some(theirs.clone()));
    assert_eq!(case.conflict("task/a", WHOLE), values([&ours, &theirs]));
}

#[test]
fn a_conflict_grows_by_each_value_and_forgets_none() {
    let (path, before) = (TASK.path("a"), task("a"));
    let mut world = World::new(60);
    let first = world.write(0, vec![(path.clone(), Some(file(&before)))], at(1));
    world.heads.fill(first);
    for replica in 0..60 {
        let step = format!("{replica} {}", "x".repeat(replica * 9));
        let task = edited(&before, 5, &format!("r{replica:02}"), |task| task.current_step = Some(step));
        world.write(replica, vec![(path.clone(), Some(file(&task)))], at(5));
    }
    for replica in 1..60 {
        let theirs = world.heads[replica];
        world.pull(0, theirs);
    }
    let head = world.heads[0];
    let id = conflict::id_of("task/a", "current_step");
    let conflict: Conflict = read(&world, head, &format!("conflicts/{id}.md")).expect("a conflict");
    assert_eq!(conflict.values.len(), 32, "the latest");
    assert!(conflict.values.values().any(|it| it.uri.is_some()) && conflict.values.values().any(|it| it.uri.is_none()));
    for replica in 0..60 {
        let step = json!(format!("{replica} {}", "x".repeat(replica * 9)));
        let hash = conflict::hash_of(&step);
        let inside = conflict.values.get(&hash).map(|it| it.value.clone());
        let beside =
            world.bytes(head, &conflict::value_path(&id, &hash)).map(|bytes| json!(String::from_utf8_lossy(&bytes)));
        assert!(inside == Some(step.clone()) || beside == Some(step), "the value of r{replica}");
    }
}

#[test]
fn a_choice_holds_until_a_newer_value_comes() {
    let (path, before) = (TASK.path("a"), task("a"));
    let titled = |when, title: &str| file(&edited(&before, when, "ada", |task| task.title = title.into()));
    let mut world = World::new(4);
    let first = world.write(0, vec![(path.clone(), Some(file(&before)))], at(1));
    world.heads.fill(first);
    for (replica, when) in [(0, 5), (1, 6), (2, 4), (3, 9)] {
        world.write(replica, vec![(path.clone(), Some(titled(when, &format!("title {replica}"))))], at(9));
    }
    let heads = world.heads.clone();
    world.pull(0, heads[1]);
    let place = format!("conflicts/{}.md", conflict::id_of("task/a", "title"));
    let status = |world: &World| {
        let conflict: Conflict = read(world, world.heads[0], &place).expect("a conflict");
        (conflict.status, conflict.values.len())
    };
    assert_eq!(status(&world), (conflict::Status::Open, 2));
    let mut chosen: Conflict = read(&world, world.heads[0], &place).expect("a conflict");
    chosen.status = conflict::Status::Resolved;
    (chosen.resolved_at, chosen.resolved_by) = (Some(at(7)), Some("ada".into()));
    world.write(0, vec![(place.clone(), Some(codec::encode(&chosen).expect("small")))], at(9));
    world.pull(0, heads[2]);
    assert_eq!(status(&world), (conflict::Status::Resolved, 3), "an older value changes nothing");
    world.pull(0, heads[3]);
    assert_eq!(status(&world), (conflict::Status::Open, 4));
}
