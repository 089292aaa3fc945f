//! Putting away what is closed or old: it leaves the tip, and stays in the history.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Context;
use crate::base::Result;
use crate::query::archive::{Archivable, Limits, archivable};
use crate::records::reads::READS;
use crate::records::recipient::Recipient;
use crate::records::record::{AnyRecord, downcast};
use crate::records::{Message, policy};
use crate::state::{Changeset, Rotation, Snapshot};

/// What to put away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Archive {
    /// How old it must be, in seconds; without it the policies of the team say.
    pub older_than: Option<u64>,
}

/// Puts away what is closed or old and what nothing that is open needs, in one commit.
///
/// # Errors
/// `bad_policy` where it cannot be told what is old.
pub fn archive(snapshot: &dyn Snapshot, input: &Archive, context: &Context) -> Result<Changeset> {
    let found = plan(snapshot, input, context)?;
    let mut changes = Changeset::new(match found.records.as_slice() {
        [] => "Archive nothing".to_owned(),
        [one] => format!("Archive {} {}", one.kind().name, one.id()),
        several => format!("Archive {} records", several.len()),
    });
    changes.rotation = Some(Rotation::Archived);
    for record in found.records {
        changes.absorb(without(snapshot, record)?);
    }
    Ok(changes)
}

/// Returns what would be put away, and what stays although it is old enough.
///
/// # Errors
/// As [`archive`].
pub fn plan(snapshot: &dyn Snapshot, input: &Archive, context: &Context) -> Result<Archivable> {
    let policy = policy::archiving(&snapshot.config()?)?;
    let told = input.older_than.map(Duration::from_secs);
    let limits = Limits {
        tasks: told.or(policy.tasks_after),
        messages: told.or(policy.messages_after),
        status: policy.status_keep,
    };
    archivable(snapshot, limits, context.now)
}

/// Takes a record out, and with a message what says that all have read it.
fn without(snapshot: &dyn Snapshot, record: AnyRecord) -> Result<Changeset> {
    let mut part = Changeset::default();
    part.remove(record.kind().path(record.id()));
    if let Some(message) = downcast::<Message>(&record) {
        if snapshot.contains(&READS, &message.id)? {
            part.remove(READS.path(&message.id));
        }
        let several = message.to.iter().filter_map(|to| Recipient::parse(to).ok()).filter(Recipient::is_shared);
        for recipient in several {
            if snapshot.linked(&recipient)?.contains(&message.id) {
                part.remove(recipient.path(&message.id));
            }
        }
    }
    part.about = Some(record);
    Ok(part)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ops::fixture::{World, code};
    use crate::ops::{Operation, agent, close, config, message, note, sprint, status};
    use crate::query::archive::Kept;
    use crate::records::{Conflict, Reads, StatusEntry, Task, conflict};
    use crate::state::{all, find};

    const DAY: u64 = 24 * 3600;

    /// Makes a task that is closed.
    fn closed(world: &mut World, id: &str, change: impl FnOnce(&mut Task)) {
        world.task(id);
        let mut task = world.get(id);
        change(&mut task);
        world.put(task);
        let done = close::Done { task: id.into(), force: true, ..close::Done::default() };
        world.run(Operation::Done(done)).expect("done");
    }

    fn send(world: &mut World, to: &str, kind: &str, thread: Option<&str>) -> String {
        let thread = thread.map(str::to_owned);
        let to = [to.to_owned()].into();
        let input = message::Send { to, body: "said".into(), r#type: Some(kind.into()), thread, ..Default::default() };
        world.run(Operation::Send(input)).expect("sent").about.expect("a message").id().to_string()
    }

    fn read(world: &mut World, agent: &str, id: &str) {
        let asker = std::mem::replace(&mut world.agent, agent.into());
        let input = message::Read { messages: vec![id.to_owned()], all: false };
        world.run(Operation::Read(input)).expect("read");
        world.agent = asker;
    }

    fn agent(world: &mut World, name: &str) {
        world.run(Operation::AgentNew(agent::New { name: name.into(), ..Default::default() })).expect("a profile");
    }

    /// Archives, and returns what went, and why what stayed did.
    fn archive(world: &mut World) -> (Vec<String>, BTreeMap<Kept, usize>) {
        let kept = plan(&world.records, &Archive::default(), &world.context()).expect("a plan").kept;
        let changes = world.run(Operation::Archive(Archive::default())).expect("archived");
        assert_eq!(changes.is_empty(), changes.parts.is_empty());
        let records = changes.parts.iter().filter_map(|part| part.about.as_ref());
        (records.map(|record| record.id().to_string()).collect(), kept)
    }

    fn kept(why: &[(Kept, usize)]) -> BTreeMap<Kept, usize> {
        why.iter().copied().collect()
    }

    #[test]
    fn a_task_goes_when_it_has_been_closed_for_a_week_and_its_thread_goes_with_it() {
        let mut world = World::new();
        closed(&mut world, "old", |_| ());
        world.task("open");
        world
            .run(Operation::Note(note::Note { task: "old".into(), text: "x".into(), ..Default::default() }))
            .expect("noted");
        let of_thread = all::<Message>(&world.records).expect("messages").len();
        world.wait(6 * DAY);
        assert_eq!(archive(&mut world), (Vec::new(), kept(&[])));
        closed(&mut world, "young", |_| ());
        world.wait(DAY);
        let (gone, why) = archive(&mut world);
        assert_eq!((gone[0].as_str(), gone.len(), why), ("old", 1 + of_thread, kept(&[])));
        let left: Vec<String> =
            all::<Task>(&world.records).expect("tasks").into_iter().map(|task| task.id.into()).collect();
        assert_eq!(left, ["open", "young"]);
    }

    #[test]
    fn what_an_open_task_or_sprint_counts_on_stays() {
        let mut world = World::new();
        let new = sprint::New { title: "S".into(), id: Some("s".into()), ..Default::default() };
        world.run(Operation::SprintNew(new)).expect("a sprint");
        closed(&mut world, "in-sprint", |task| task.sprint = Some("s".into()));
        closed(&mut world, "of-none", |task| task.sprint = Some("elsewhere".into()));
        for id in ["waited-for", "origin", "related", "above"] {
            closed(&mut world, id, |_| ());
        }
        world.task("open");
        let mut open = world.get("open");
        open.depends_on = ["waited-for".to_owned()].into();
        open.discovered_from = ["origin".to_owned()].into();
        open.related = ["related".to_owned()].into();
        open.parent = Some("above".into());
        world.put(open);
        closed(&mut world, "part", |task| task.parent = Some("open".into()));
        closed(&mut world, "part-of-part", |task| task.parent = Some("part".into()));
        world.wait(8 * DAY);
        let (gone, why) = archive(&mut world);
        let tasks: Vec<_> = gone.iter().filter(|id| id.len() != 26).collect();
        assert_eq!(tasks, ["of-none"]);
        assert_eq!(why, kept(&[(Kept::Named, 4), (Kept::OfSprint, 1), (Kept::PartOf, 2)]));
    }

    #[test]
    fn parts_wait_for_the_whole_and_a_circle_of_them_goes() {
        let mut world = World::new();
        closed(&mut world, "part", |task| task.parent = Some("whole".into()));
        closed(&mut world, "a", |task| task.parent = Some("b".into()));
        closed(&mut world, "b", |task| task.parent = Some("a".into()));
        world.wait(5 * DAY);
        closed(&mut world, "whole", |_| ());
        world.wait(3 * DAY);
        let (gone, why) = archive(&mut world);
        assert_eq!(gone[..2], ["a", "b"]);
        assert_eq!(why, kept(&[(Kept::PartOf, 1)]));
        world.wait(5 * DAY);
        assert_eq!(archive(&mut world).0[..2], ["part", "whole"]);
    }

    #[test]
    fn a_message_goes_when_all_have_read_it_and_it_is_old() {
        let mut world = World::new();
        let one = send(&mut world, "bob", "chat", None);
        world.wait(31 * DAY);
        assert_eq!(archive(&mut world), (Vec::new(), kept(&[(Kept::Unread, 1)])));
        read(&mut world, "bob", &one);
        let young = send(&mut world, "bob", "chat", None);
        read(&mut world, "bob", &young);
        assert_eq!(archive(&mut world), (vec![one], kept(&[])));
    }

    #[test]
    fn a_message_to_several_goes_with_its_readers_and_its_link_when_the_last_has_read_it() {
        let mut world = World::new();
        agent(&mut world, "bob");
        agent(&mut world, "carol");
        let said = send(&mut world, "all", "chat", None);
        agent(&mut world, "later");
        read(&mut world, "bob", &said);
        world.wait(31 * DAY);
        assert_eq!(archive(&mut world), (Vec::new(), kept(&[(Kept::Unread, 1)])));
        read(&mut world, "carol", &said);
        assert_eq!(archive(&mut world), (vec![said.clone()], kept(&[])));
        assert!(find::<Reads>(&world.records, &said).expect("an answer").is_none());
        assert!(world.records.linked(&Recipient::All).expect("links").is_empty());
    }

    #[test]
    fn what_waits_for_an_answer_stays_and_keeps_what_it_is_about() {
        let mut world = World::new();
        closed(&mut world, "t", |_| ());
        let question = send(&mut world, "bob", "question", Some("t"));
        read(&mut world, "bob", &question);
        let root = send(&mut world, "bob", "chat", None);
        read(&mut world, "bob", &root);
        let answer = send(&mut world, "bob", "chat", Some(&root));
        world.wait(31 * DAY);
        let (gone, why) = archive(&mut world);
        assert!(gone.iter().all(|id| ![&question, &root, &answer].contains(&id)), "{gone:?}");
        assert_eq!(why, kept(&[(Kept::Asked, 1), (Kept::Unread, 1), (Kept::Unanswered, 1), (Kept::InThread, 2)]));
        world.agent = "bob".into();
        let reply = message::Reply { message: question.clone(), body: "so".into(), r#type: None };
        let reply = world.run(Operation::Reply(reply)).expect("answered").about.expect("a message").id().to_string();
        world.agent = "ada".into();
        read(&mut world, "ada", &reply);
        read(&mut world, "bob", &answer);
        let (gone, why) = archive(&mut world);
        assert_eq!(why, kept(&[]));
        for id in ["t", &question, &reply, &root, &answer] {
            assert!(gone.iter().any(|gone| gone == id), "{id}: {gone:?}");
        }
    }

    #[test]
    fn an_unread_blocker_keeps_its_task_and_messages_about_open_tasks_stay() {
        let mut world = World::new();
        closed(&mut world, "t", |_| ());
        world.task("open");
        let blocker = send(&mut world, "bob", "blocker", Some("t"));
        let remark = send(&mut world, "bob", "chat", Some("open"));
        read(&mut world, "bob", &remark);
        let below = send(&mut world, "bob", "chat", Some(&remark));
        read(&mut world, "bob", &below);
        world.wait(31 * DAY);
        let (_, why) = archive(&mut world);
        assert_eq!(why, kept(&[(Kept::Asked, 1), (Kept::Unread, 1), (Kept::InThread, 3)]));
        read(&mut world, "bob", &blocker);
        let (gone, _) = archive(&mut world);
        assert_eq!((gone[0].as_str(), gone.len(), &gone[2]), ("t", 3, &blocker), "and the word that it is done");
    }

    #[test]
    fn the_latest_entries_stay_and_the_last_word_on_what_goes_on() {
        let mut world = World::new();
        world.task("open");
        closed(&mut world, "shut", |_| ());
        let mut post = |agent: &str, word: &str, task: Option<&str>, sprint: Option<&str>| {
            let (task, sprint) = (task.map(str::to_owned), sprint.map(str::to_owned));
            let input = status::Post { text: "so".into(), status: word.into(), task, sprint, ..Default::default() };
            world.agent = agent.into();
            let posted = world.run(Operation::StatusPost(input)).expect("posted");
            posted.about.expect("an entry").id().to_string()
        };
        let mut old = vec![post("ada", "STARTED", Some("open"), None)];
        let last_word = post("ada", "IN_PROGRESS", Some("open"), None);
        old.push(post("ada", "IN_PROGRESS", Some("shut"), None));
        old.push(post("bob", "COMPLETE", Some("open"), None));
        let to_come = [post("bob", "STARTED", None, Some("next")), post("bob", "BLOCKED", None, Some("next"))];
        let latest: Vec<String> = (0..50).map(|_| post("carol", "COMPLETE", None, Some("s"))).collect();
        let (gone, why) = archive(&mut world);
        assert_eq!((gone, why), (old, kept(&[(Kept::LastWord, 3)])));
        let left: Vec<String> =
            all::<StatusEntry>(&world.records).expect("entries").into_iter().map(|e| e.id.into()).collect();
        assert_eq!(left, [vec![last_word], to_come.into(), latest].concat());
    }

    #[test]
    fn a_settled_conflict_goes_and_an_open_one_stays() {
        let mut world = World::new();
        let made = |field: &str, status: &str, at| {
            let mut made = Conflict::new(conflict::id_of("task/t", field), at, "ada");
            (made.record, made.field) = ("task/t".into(), field.into());
            made.status = status.into();
            made.resolved_at = (status == "resolved").then_some(at);
            made
        };
        let (open, settled) = (made("title", "open", world.now), made("priority", "resolved", world.now));
        world.records.put(open.clone());
        world.records.put(settled.clone());
        world.wait(8 * DAY);
        assert_eq!(archive(&mut world).0, [settled.id.to_string()]);
        assert!(find::<Conflict>(&world.records, &open.id).expect("an answer").is_some());
    }

    #[test]
    fn the_team_says_what_is_old_and_a_command_may_say_otherwise() {
        let mut world = World::new();
        closed(&mut world, "t", |_| ());
        world.wait(8 * DAY);
        let agree = |value: &str| {
            Operation::Agree(config::Agree { name: "archive_tasks_after".into(), value: Some(value.into()) })
        };
        world.run(agree("never")).expect("agreed");
        assert_eq!(archive(&mut world).0, Vec::<String>::new());
        world.run(agree("9d")).expect("agreed");
        assert_eq!(archive(&mut world).0, Vec::<String>::new());
        let now = Operation::Archive(Archive { older_than: Some(0) });
        assert_eq!(world.run(now).expect("archived").subject, "Archive 2 records");
        world.records.settings.policy.insert("archive_tasks_after".into(), 3.into());
        assert_eq!(code(world.run(Operation::Archive(Archive::default()))), "bad_policy");
    }

    #[test]
    fn what_cannot_be_told_to_be_old_stays() {
        let mut world = World::new();
        closed(&mut world, "t", |task| task.created_at = crate::base::Timestamp::EPOCH);
        let mut ahead = world.get("t");
        ahead.completed_at = Some(world.now.plus(Duration::from_secs(90 * DAY)));
        world.put(ahead);
        world.wait(31 * DAY);
        assert!(!archive(&mut world).0.contains(&"t".to_owned()), "it says that it is closed in time to come");
    }
}
