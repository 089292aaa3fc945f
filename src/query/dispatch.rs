//! Who is at it, as the status entries say: whether a sprint or a task may be started once more, and which entries
//! have gone stale.
//!
//! An entry that names a task is about the task; one that names a sprint alone is about the sprint. What counts of an
//! agent is what it said last of the same one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Signs;
use crate::base::{Timestamp, id};
use crate::records::status::Word;
use crate::records::{StatusEntry, Task};

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject<'a> {
    /// A sprint, as a whole.
    Sprint(&'a str),
    /// A task.
    Task(&'a str),
}

/// Returns what an entry is about; nothing where it names neither a sprint nor a task.
pub fn subject(entry: &StatusEntry) -> Option<Subject<'_>> {
    let task = entry.task.as_deref().map(Subject::Task);
    task.or_else(|| entry.sprint.as_deref().map(Subject::Sprint))
}

/// Returns the entry that says that an agent is at a sprint: started or in progress, and nothing later of the same
/// agent and sprint that ends it. Of several the latest.
pub fn at_sprint<'a>(entries: &'a [StatusEntry], sprint: &str) -> Option<&'a StatusEntry> {
    at_work(entries, Subject::Sprint(sprint)).next()
}

/// Returns the entry that says that another agent than the asker is at a task. An agent that has given the task back
/// or closed it since is not at it; nor is the holder of the claim that the asker replaces, whose silence is judged by
/// the claim.
pub fn at_task<'a>(entries: &'a [StatusEntry], task: &Task, asker: &str) -> Option<&'a StatusEntry> {
    let is = |agent: &str, other: &str| id::fold(agent) == id::fold(other);
    let replaced = task.claim.as_ref().map(|claim| claim.agent.as_str());
    let left = task.edited.get("lifecycle").filter(|_| task.claim.is_none());
    at_work(entries, Subject::Task(&task.id)).find(|entry| {
        !is(&entry.agent, asker)
            && !replaced.is_some_and(|holder| is(&entry.agent, holder))
            && !left.is_some_and(|stamp| is(&entry.agent, &stamp.1) && stamp.0 > entry.timestamp)
    })
}

/// Returns the entries of agents that are at something, the latest first.
fn at_work<'a>(entries: &'a [StatusEntry], about: Subject<'_>) -> impl Iterator<Item = &'a StatusEntry> {
    let mut working: BTreeMap<String, &StatusEntry> = BTreeMap::new();
    for entry in in_order(entries).into_iter().filter(|entry| subject(entry) == Some(about)) {
        match entry.status {
            Word::Started | Word::InProgress => {
                working.insert(id::fold(&entry.agent), entry);
            }
            Word::Complete | Word::Failed | Word::Handoff => {
                working.remove(&id::fold(&entry.agent));
            }
            _ => {}
        }
    }
    let mut working: Vec<&StatusEntry> = working.into_values().collect();
    working.sort_by_key(|entry| std::cmp::Reverse((entry.timestamp, entry.id.clone())));
    working.into_iter()
}

/// Returns the entries that are stale, the longest silent first, each with how long beyond its time: the agent says
/// that it is at it, has said nothing later of the same, and has given no sign of life for longer than the entry lives.
pub fn stale<'a>(entries: &'a [StatusEntry], signs: &Signs, now: Timestamp) -> Vec<(&'a StatusEntry, Duration)> {
    let mut last: BTreeMap<(String, Option<Subject<'_>>), &StatusEntry> = BTreeMap::new();
    for entry in in_order(entries) {
        last.insert((id::fold(&entry.agent), subject(entry)), entry);
    }
    let overdue = |entry: &'a StatusEntry| {
        let ttl = Duration::from_secs(entry.ttl().saturating_mul(60));
        Some((entry, signs.overdue_agent(&entry.agent, said(entry), ttl, now)?))
    };
    let working = last.into_values().filter(|entry| matches!(entry.status, Word::Started | Word::InProgress));
    let mut stale: Vec<_> = working.filter_map(overdue).collect();
    stale.sort_by_key(|(entry, _)| (last_sign(entry, signs), entry.id.clone()));
    stale
}

/// Returns when the agent of an entry last gave a sign of life, as far as is known.
pub fn last_sign(entry: &StatusEntry, signs: &Signs) -> Timestamp {
    signs.last_of_agent(&entry.agent, said(entry))
}

/// Returns the last sign of life that the entry itself is.
pub fn said(entry: &StatusEntry) -> Timestamp {
    entry.heartbeat.map_or(entry.timestamp, |sign| sign.max(entry.timestamp))
}

fn in_order(entries: &[StatusEntry]) -> Vec<&StatusEntry> {
    let mut entries: Vec<&StatusEntry> = entries.iter().collect();
    entries.sort_by_key(|entry| (entry.timestamp, entry.id.clone()));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Id;
    use crate::records::Stamp;
    use crate::records::task::Claim;

    /// An entry of an agent of the second `at`, about `s` or, where a task is named, about that.
    fn entry(at: i64, agent: &str, status: &str, task: Option<&str>) -> StatusEntry {
        let at = Timestamp::from_seconds(at);
        let mut entry = StatusEntry::new(id::ulid_of(at, agent), at, agent);
        entry.timestamp = at;
        entry.agent = agent.into();
        entry.status = Word::from(status);
        entry.sprint = Some("s".into());
        entry.task = task.map(str::to_owned);
        entry
    }

    fn task() -> Task {
        Task::new(Id::parse("t").expect("an id"), Timestamp::EPOCH, "ada")
    }

    fn agent_at_task(entries: &[StatusEntry], task: &Task, asker: &str) -> Option<String> {
        at_task(entries, task, asker).map(|entry| entry.agent.clone())
    }

    #[test]
    fn somebody_is_at_a_sprint_until_it_says_otherwise() {
        for (words, is_at_it) in [
            (vec!["STARTED"], true),
            (vec!["IN_PROGRESS"], true),
            (vec!["STARTED", "BLOCKED"], true),
            (vec!["STARTED", "COMPLETE"], false),
            (vec!["STARTED", "FAILED"], false),
            (vec!["IN_PROGRESS", "HANDOFF"], false),
            (vec!["COMPLETE", "STARTED"], true),
            (vec!["BLOCKED"], false),
            (vec!["PONDERING"], false),
        ] {
            let entries: Vec<_> = (1..).zip(&words).map(|(at, word)| entry(at, "ada", word, None)).collect();
            assert_eq!(at_sprint(&entries, "s").is_some(), is_at_it, "{words:?}");
            let backwards: Vec<_> = entries.into_iter().rev().collect();
            assert_eq!(at_sprint(&backwards, "s").is_some(), is_at_it, "{words:?}");
        }
    }

    #[test]
    fn only_the_agent_itself_ends_what_it_began_and_only_for_the_same() {
        let entries = [
            entry(1, "ada", "STARTED", None),
            entry(2, "bob", "COMPLETE", None),
            entry(3, "ada", "COMPLETE", Some("t")),
        ];
        assert!(at_sprint(&entries, "s").is_some());
        assert!(at_sprint(&entries, "other").is_none());
        assert!(at_sprint(&[entry(1, "ada", "STARTED", Some("t"))], "s").is_none(), "it is about the task");
    }

    #[test]
    fn a_task_is_free_for_who_is_at_it_and_the_latest_other_is_named() {
        let entries = [entry(1, "ada", "STARTED", Some("t")), entry(2, "bob", "IN_PROGRESS", Some("t"))];
        assert_eq!(agent_at_task(&entries, &task(), "carol").as_deref(), Some("bob"));
        assert_eq!(agent_at_task(&entries, &task(), "BOB").as_deref(), Some("ada"));
        assert_eq!(agent_at_task(&entries[..1], &task(), "ada"), None);
    }

    #[test]
    fn who_gave_the_task_back_or_loses_its_claim_is_not_at_it() {
        let entries = [entry(5, "ada", "IN_PROGRESS", Some("t"))];
        let mut left = task();
        left.edited.insert("lifecycle".into(), Stamp(Timestamp::from_seconds(9), "ada".into()));
        assert_eq!(agent_at_task(&entries, &left, "bob"), None);
        left.edited.insert("lifecycle".into(), Stamp(Timestamp::from_seconds(4), "ada".into()));
        assert_eq!(agent_at_task(&entries, &left, "bob").as_deref(), Some("ada"));
        let mut held = task();
        held.claim = Some(Claim {
            id: "c1".into(),
            agent: "ada".into(),
            session: None,
            epoch: 1,
            at: Timestamp::EPOCH,
            ttl_minutes: 30,
            paths: Vec::new(),
            over: None,
            rest: BTreeMap::new(),
        });
        assert_eq!(agent_at_task(&entries, &held, "bob"), None);
    }

    #[test]
    fn an_entry_is_stale_when_its_agent_is_silent_and_has_said_nothing_later() {
        let minute = |n: i64| Timestamp::from_seconds(n * 60);
        let entries = [entry(0, "ada", "IN_PROGRESS", None), entry(0, "bob", "STARTED", Some("t"))];
        let who = |entries: &[StatusEntry], signs: &Signs, now| {
            stale(entries, signs, now).into_iter().map(|(entry, _)| entry.agent.clone()).collect::<Vec<_>>()
        };
        assert!(who(&entries, &Signs::default(), minute(30)).is_empty());
        assert_eq!(stale(&entries, &Signs::default(), minute(31))[0].1, Duration::from_secs(60));
        let seen = Signs::default().with_seen("ada", minute(5));
        assert_eq!(who(&entries, &seen, minute(31)), ["bob"]);
        assert_eq!(who(&entries, &seen, minute(36)), ["bob", "ada"]);
        let later = [entries[0].clone(), entry(1, "ada", "BLOCKED", None)];
        assert!(who(&later, &Signs::default(), minute(99)).is_empty());
        let mut short = entries[0].clone();
        short.ttl_minutes = Some(1);
        short.heartbeat = Some(minute(2));
        assert!(who(&[short.clone()], &Signs::default(), minute(3)).is_empty());
        assert_eq!(who(&[short], &Signs::default(), minute(4)), ["ada"]);
    }
}
