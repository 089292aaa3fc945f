//! The derived terms of all records of one moment, found out by having seen each of them once.

use std::collections::{BTreeMap, BTreeSet};

use super::derive::{self, About, Asking, Having, Others, Reported};
use super::graph::{Graph, Node};
use crate::base::{Id, Result};
use crate::records::message::MESSAGE;
use crate::records::reads::READS;
use crate::records::recipient::Recipient;
use crate::records::record::{AnyRecord, downcast};
use crate::records::status::STATUS;
use crate::records::task::{Status, TASK};
use crate::records::{Kind, Message, Position, StatusEntry, Task};
use crate::state::Snapshot;

/// What derived terms follow from, of all records of one moment. It keeps little of each.
#[derive(Debug, Default)]
pub struct Whole {
    graph: Graph,
    asking: Vec<Asking>,
    answered: BTreeSet<String>,
    linked: BTreeMap<Id, BTreeSet<Recipient>>,
    read: BTreeSet<Id>,
    reported: BTreeMap<About, Reported>,
}

impl Whole {
    /// Reads all that the derived terms of a kind follow from.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read.
    pub fn of(snapshot: &(impl Snapshot + ?Sized), kind: &'static Kind) -> Result<Self> {
        let mut whole = Whole::default();
        snapshot.scan(&TASK)?.iter().for_each(|record| whole.add(record));
        snapshot.broken(&TASK)?.iter().for_each(|id| whole.add_broken_task(id));
        if *kind != TASK {
            snapshot.scan(kind)?.iter().for_each(|record| whole.add(record));
        }
        if *kind == MESSAGE {
            snapshot.links()?.into_iter().for_each(|(recipient, message)| whole.add_link(recipient, message));
            snapshot.ids(&READS)?.into_iter().for_each(|id| whole.add_read(id));
        }
        Ok(whole)
    }

    /// Takes note of a record.
    pub fn add(&mut self, record: &AnyRecord) {
        if let Some(task) = downcast::<Task>(record) {
            self.graph.add(Node::of(task));
        } else if let Some(message) = downcast::<Message>(record) {
            self.asking.extend(Asking::of(message));
            self.answered.extend(message.answered().cloned());
        } else if let Some(entry) = downcast::<StatusEntry>(record) {
            self.report(Reported::of(entry));
        }
    }

    /// Takes note of a task that is there and cannot be read.
    pub fn add_broken_task(&mut self, id: &Id) {
        self.graph.add_broken(id);
    }

    /// Takes note of a link to a message that somebody has not read, or that is for several.
    pub fn add_link(&mut self, recipient: Recipient, message: Id) {
        self.linked.entry(message).or_default().insert(recipient);
    }

    /// Takes note that one of several has read a message.
    pub fn add_read(&mut self, message: Id) {
        self.read.insert(message);
    }

    /// Of what an agent has said of something, the last counts.
    fn report(&mut self, new: Reported) {
        match self.reported.get(&new.about) {
            Some(known) if known.place > new.place => {}
            _ => drop(self.reported.insert(new.about.clone(), new)),
        }
    }

    /// Tells all records of a kind that have derived terms, in no order.
    ///
    /// # Errors
    /// None: all that is asked for is known.
    pub fn each(&self, kind: &Kind, mut tell: impl FnMut(Having)) -> Result<()> {
        if *kind == TASK {
            for task in self.graph.tasks() {
                derive::of_task(&self.graph, task).into_iter().for_each(|one| tell(Having::new(one, &task.position)));
            }
        } else if *kind == MESSAGE {
            for asking in &self.asking {
                let position = Position { rank: 0, id: asking.id.clone() };
                asking.derived(self)?.into_iter().for_each(|one| tell(Having::new(one, &position)));
            }
        } else if *kind == STATUS {
            for reported in self.reported.values() {
                let position = Position { rank: 0, id: reported.place.1.clone() };
                reported.derived(self)?.into_iter().for_each(|one| tell(Having::new(one, &position)));
            }
        }
        Ok(())
    }
}

impl Others for Whole {
    fn is_answered(&self, message: &Id) -> Result<bool> {
        Ok(self.answered.contains(message.as_str()))
    }

    fn status(&self, task: &str) -> Result<Option<Status>> {
        Ok(self.graph.task(task).map(|task| task.status.clone()))
    }

    fn is_unread(&self, asking: &Asking) -> Result<bool> {
        let links = self.linked.get(&asking.id);
        let is_linked = |to: &Recipient| links.is_some_and(|links| links.iter().any(|link| link.is_same(to)));
        Ok(asking.to.iter().any(|to| is_linked(to) && !(to.is_shared() && self.read.contains(&asking.id))))
    }

    fn is_last(&self, reported: &Reported) -> Result<bool> {
        Ok(self.reported.get(&reported.about).is_some_and(|last| last.place == reported.place))
    }
}
