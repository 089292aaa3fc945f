//! Which messages may leave the tip: those that all have read, that wait for no answer, and that are about nothing open.
//!
//! The thread of a task goes with it, whatever its age, and not before it; all other messages go when they are old.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Archivable, Kept, is_older};
use crate::base::{Id, Result, Timestamp, id};
use crate::records::message::{MESSAGE, Type};
use crate::records::recipient::Recipient;
use crate::records::task::TASK;
use crate::records::{Agent, Message, Reads, Sprint};
use crate::state::inbox::{Reader, own_inbox};
use crate::state::{Snapshot, all};

/// All that was said, and what of it is not done with.
pub(super) struct Said {
    messages: BTreeMap<String, Message>,
    unread: BTreeSet<String>,
    unanswered: BTreeSet<String>,
    /// The tasks in whose thread something waits for somebody.
    waiting: BTreeSet<String>,
}

impl Said {
    pub(super) fn read(snapshot: &dyn Snapshot) -> Result<Self> {
        let all = all::<Message>(snapshot)?;
        let answered: BTreeSet<String> = all.iter().flat_map(Message::answered).cloned().collect();
        let is_asked = |message: &&Message| message.r#type == Type::Question && !answered.contains(message.id.as_str());
        let unanswered: BTreeSet<String> = all.iter().filter(is_asked).map(|message| message.id.to_string()).collect();
        let unread = unread(snapshot, &all)?;
        let messages: BTreeMap<String, Message> =
            all.into_iter().map(|message| (message.id.to_string(), message)).collect();
        let mut said = Said { messages, unread, unanswered, waiting: BTreeSet::new() };
        said.waiting =
            said.messages.values().filter(|message| said.waits(message)).filter_map(|m| said.about(m)).collect();
        Ok(said)
    }

    /// Returns whether something in the thread of a task waits for somebody: a question for its answer, a blocker for
    /// being read.
    pub(super) fn waits_in(&self, task: &str) -> bool {
        self.waiting.contains(task)
    }

    fn waits(&self, message: &Message) -> bool {
        let id = message.id.as_str();
        self.unanswered.contains(id) || (message.r#type == Type::Blocker && self.unread.contains(id))
    }

    /// Adds the messages that may go, where those tasks go, and counts those that are old enough and stay.
    pub(super) fn collect(
        &self,
        snapshot: &dyn Snapshot,
        gone: &BTreeSet<String>,
        limit: Option<Duration>,
        now: Timestamp,
        found: &mut Archivable,
    ) -> Result<()> {
        let staying_subjects = staying_subjects(snapshot, gone)?;
        let mut going: BTreeSet<&str> = BTreeSet::new();
        let mut staying: Vec<&Message> = Vec::new();
        for message in self.messages.values() {
            let about = self.about(message);
            let goes_along = about.as_ref().is_some_and(|about| gone.contains(about));
            let is_due = goes_along || is_older(limit, message.timestamp, now);
            let why_kept = if self.unread.contains(message.id.as_str()) {
                Some(Kept::Unread)
            } else if self.unanswered.contains(message.id.as_str()) {
                Some(Kept::Unanswered)
            } else {
                about.filter(|about| staying_subjects.contains(about)).map(|_| Kept::InThread)
            };
            match is_due.then_some(why_kept) {
                Some(None) => drop(going.insert(&message.id)),
                Some(Some(why)) => {
                    found.keep(why);
                    staying.push(message);
                }
                None => staying.push(message),
            }
        }
        // What an answer belongs to stays as long as the answer does.
        while let Some(message) = staying.pop() {
            let above = message.thread.as_deref().and_then(|thread| self.messages.get(thread));
            if let Some(above) = above.filter(|above| going.remove(above.id.as_str())) {
                found.keep(Kept::InThread);
                staying.push(above);
            }
        }
        let records = snapshot.scan(&MESSAGE)?;
        found.records.extend(records.into_iter().filter(|record| going.contains(record.id().as_str())));
        Ok(())
    }

    /// Returns what a message is about in the end: the task, sprint or log to which the thread leads.
    fn about(&self, message: &Message) -> Option<String> {
        const LONGEST: usize = 1000;
        let mut thread = message.thread.as_ref()?;
        for _ in 0..LONGEST {
            match self.messages.get(thread).map(|above| above.thread.as_ref()) {
                Some(Some(above)) => thread = above,
                Some(None) | None => break,
            }
        }
        Some(thread.clone())
    }
}

/// Returns the tasks that stay, readable or not, and the sprints that are open.
fn staying_subjects(snapshot: &dyn Snapshot, gone: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let tasks = snapshot.ids(&TASK)?.into_iter().map(String::from).filter(|task| !gone.contains(task));
    let open = all::<Sprint>(snapshot)?.into_iter().filter(|sprint| sprint.status.is_open());
    Ok(tasks.chain(open.map(|sprint| String::from(sprint.id))).collect())
}

/// Returns the messages that somebody has not read: one to whom they are sent, or an agent with a profile that is among
/// those to whom they are sent.
fn unread(snapshot: &dyn Snapshot, messages: &[Message]) -> Result<BTreeSet<String>> {
    let mut unread = BTreeSet::new();
    let names: BTreeSet<&str> = messages.iter().flat_map(|message| &message.to).map(String::as_str).collect();
    let mut shared: BTreeSet<Id> = BTreeSet::new();
    for name in names {
        match Recipient::parse(name) {
            Ok(Recipient::Agent(_)) => {
                let own = own_inbox(snapshot, name)?;
                let linked = own.map(|own| snapshot.linked(&own)).transpose()?.unwrap_or_default();
                unread.extend(linked.into_iter().map(String::from));
            }
            Ok(several) => shared.extend(snapshot.linked(&several)?),
            Err(_) => {}
        }
    }
    let reads: BTreeMap<String, Reads> =
        all::<Reads>(snapshot)?.into_iter().map(|reads| (id::fold(&reads.id), reads)).collect();
    let shared: Vec<&Message> = messages.iter().filter(|message| shared.contains(&message.id)).collect();
    for agent in all::<Agent>(snapshot)? {
        let reader = Reader::of(snapshot, &agent.id)?;
        let waits = |message: &&&Message| reader.shares(message) && !reader.has_read(reads.get(&id::fold(&message.id)));
        unread.extend(shared.iter().filter(waits).map(|message| message.id.to_string()));
    }
    Ok(unread)
}
