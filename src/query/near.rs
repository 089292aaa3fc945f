//! The derived terms of single records, found out by looking up what they follow from; and whose terms a change may
//! have changed.

use std::collections::BTreeSet;

use super::derive::{self, Asking, Having, Others, Reported};
use super::graph::{Graph, Node};
use crate::base::{Id, Result};
use crate::records::message::{MESSAGE, Type};
use crate::records::reads::READS;
use crate::records::recipient::{self, Recipient};
use crate::records::record::{AnyRecord, downcast};
use crate::records::status::STATUS;
use crate::records::task::{Status, TASK};
use crate::records::{Kind, Message, Position, StatusEntry, Task, Term};
use crate::state::inbox::written_name;
use crate::state::{Select, Snapshot, find, load};

/// A file that differs between two moments, as far as it is a record of either.
#[derive(Debug, Clone)]
pub struct Changed {
    /// Where it lies.
    pub path: String,
    /// The record before; nothing where there was none, or none that could be read.
    pub before: Option<AnyRecord>,
    /// The record after.
    pub after: Option<AnyRecord>,
    /// Whether there was a file before, and is one after.
    pub is_there: (bool, bool),
}

/// Records by kind and id.
pub type Named = BTreeSet<(&'static str, Id)>;

/// Returns the records whose derived terms may differ once these files have changed: those themselves, and those for
/// which they count.
///
/// # Errors
/// Whatever the snapshot, which is that after the changes, cannot read.
pub fn touched(snapshot: &dyn Snapshot, changes: &[(Option<(&'static Kind, Id)>, Changed)]) -> Result<Named> {
    let mut touched = Touched { snapshot, named: Named::new() };
    for (place, change) in changes {
        match place {
            Some((kind, id)) if **kind == TASK => touched.by_task(id, change)?,
            Some((kind, id)) if **kind == MESSAGE => touched.by_message(id, change),
            Some((kind, id)) if **kind == STATUS => touched.by_status(id, change)?,
            Some((kind, id)) if **kind == READS => touched.add(&MESSAGE, id.clone()),
            Some(_) => {}
            None => {
                if let Some((_, message)) = recipient::locate(&change.path) {
                    touched.add(&MESSAGE, message);
                }
            }
        }
    }
    Ok(touched.named)
}

struct Touched<'a> {
    snapshot: &'a dyn Snapshot,
    named: Named,
}

impl Touched<'_> {
    fn add(&mut self, kind: &'static Kind, id: Id) {
        self.named.insert((kind.name, id));
    }

    fn by_task(&mut self, id: &Id, change: &Changed) -> Result<()> {
        let [before, after] =
            [&change.before, &change.after].map(|task| task.as_ref().and_then(downcast::<Task>).map(Node::of));
        // A task that cannot be read may be open.
        let is_open = |task: &Option<Node>, is_there| task.as_ref().map_or(is_there, Node::is_open);
        let opened = is_open(&before, change.is_there.0) != is_open(&after, change.is_there.1);
        let parents = [&before, &after].map(|task| task.as_ref().and_then(|task| task.parent.clone()));
        let bars = |task: &Option<Node>| {
            task.as_ref().map(|task| (task.status == Status::Blocked, task.depends_on.clone(), task.is_open()))
        };
        let status = |task: &Option<Node>| task.as_ref().map(|task| task.status.clone());
        self.add(&TASK, id.clone());
        if opened || parents[0] != parents[1] {
            for parent in parents.iter().flatten().filter_map(|parent| Id::parse(parent).ok()) {
                self.add(&TASK, parent);
            }
        }
        if opened {
            for dependent in self.snapshot.under(&TASK, &Select::with(Term::new("on", id.as_str())))? {
                self.below(&dependent)?;
                self.add(&TASK, dependent);
            }
        }
        // What is said of a task that is not there, or cannot be read, is not over.
        let is_over = |task: &Option<Node>| task.as_ref().is_some_and(|task| !task.is_open());
        if is_over(&before) != is_over(&after) {
            for entry in self.snapshot.under(&STATUS, &Select::with(Term::new("task", id.folded())))? {
                self.add(&STATUS, entry);
            }
        }
        if opened || parents[0] != parents[1] || bars(&before) != bars(&after) {
            self.below(id)?;
        }
        if status(&before) != status(&after) {
            let blockers =
                Select::with(Term::new("thread", id.folded())).and(Term::new("type", Type::Blocker.as_str()));
            for message in self.snapshot.under(&MESSAGE, &blockers)? {
                self.add(&MESSAGE, message);
            }
        }
        Ok(())
    }

    /// Everything that is part of a task, however deep.
    fn below(&mut self, id: &Id) -> Result<()> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![id.clone()];
        while let Some(id) = todo.pop() {
            if seen.insert(id.clone()) {
                let parts = self.snapshot.under(&TASK, &Select::with(Term::new("parent", id.as_str())))?;
                parts.iter().for_each(|part| self.add(&TASK, part.clone()));
                todo.extend(parts);
            }
        }
        Ok(())
    }

    fn by_message(&mut self, id: &Id, change: &Changed) {
        self.add(&MESSAGE, id.clone());
        for message in [&change.before, &change.after].into_iter().flatten().filter_map(downcast::<Message>) {
            for asked in message.answered().filter_map(|asked| Id::parse(asked).ok()) {
                self.add(&MESSAGE, asked);
            }
        }
    }

    fn by_status(&mut self, id: &Id, change: &Changed) -> Result<()> {
        self.add(&STATUS, id.clone());
        for entry in [&change.before, &change.after].into_iter().flatten().filter_map(downcast::<StatusEntry>) {
            for other in self.snapshot.under(&STATUS, &Select::with(entry.about()))? {
                self.add(&STATUS, other);
            }
        }
        Ok(())
    }
}

/// Finds out the derived terms of records one by one.
pub struct Near<'a> {
    snapshot: &'a dyn Snapshot,
    graph: Graph,
}

impl<'a> Near<'a> {
    /// Returns one that looks into this moment.
    pub fn new(snapshot: &'a dyn Snapshot) -> Self {
        Near { snapshot, graph: Graph::default() }
    }

    /// Returns the derived terms of a record; none for one that is not there.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read, but for files that are no records.
    pub fn of(&mut self, kind: &Kind, id: &Id) -> Result<Vec<Having>> {
        let (derived, rank) = if *kind == TASK {
            self.graph.grow_around(self.snapshot, id)?;
            match self.graph.task(id) {
                Some(task) => (derive::of_task(&self.graph, task), task.position.rank),
                None => return Ok(Vec::new()),
            }
        } else if *kind == MESSAGE {
            let message = load::<Message>(self.snapshot, std::slice::from_ref(id))?;
            let asking = message.first().and_then(Asking::of);
            (asking.map(|asking| asking.derived(self)).transpose()?.unwrap_or_default(), 0)
        } else if *kind == STATUS {
            let entry = load::<StatusEntry>(self.snapshot, std::slice::from_ref(id))?;
            let reported = entry.first().map(Reported::of);
            (reported.map(|reported| reported.derived(self)).transpose()?.unwrap_or_default(), 0)
        } else {
            return Ok(Vec::new());
        };
        let position = Position { rank, id: id.clone() };
        Ok(derived.into_iter().map(|one| Having::new(one, &position)).collect())
    }
}

impl Others for Near<'_> {
    fn is_answered(&self, message: &Id) -> Result<bool> {
        Ok(self.snapshot.count(&MESSAGE, &Select::with(Term::new("answers", message.as_str())))? > 0)
    }

    fn status(&self, task: &str) -> Result<Option<Status>> {
        match find::<Task>(self.snapshot, task) {
            Err(error) if matches!(error.code(), "unreadable" | "too_large") => Ok(None),
            found => Ok(found?.map(|task| task.status)),
        }
    }

    fn is_unread(&self, asking: &Asking) -> Result<bool> {
        for to in &asking.to {
            let linked_for = match to {
                Recipient::Agent(name) => Recipient::Agent(written_name(self.snapshot, name.clone())?),
                group => group.clone(),
            };
            let is_read = to.is_shared() && self.snapshot.contains(&READS, &asking.id)?;
            if !is_read
                && (self.snapshot.is_linked(&linked_for, &asking.id)? || self.snapshot.is_linked(to, &asking.id)?)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_last(&self, reported: &Reported) -> Result<bool> {
        let (agent, subject) = &reported.about;
        let about = StatusEntry::about_of(agent, subject.as_ref().map(|(is_task, id)| (*is_task, id.as_str())));
        let entries = load::<StatusEntry>(self.snapshot, &self.snapshot.under(&STATUS, &Select::with(about))?)?;
        let same = entries.iter().map(Reported::of).filter(|other| other.about == reported.about);
        Ok(same.map(|other| other.place).max().is_none_or(|last| last <= reported.place))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::base::Timestamp;
    use crate::query::derive::DERIVING;
    use crate::query::whole::Whole;
    use crate::records::Reads;
    use crate::records::status::{Severity, Word};
    use crate::records::{Agent, kind};
    use crate::state::memory::Memory;
    use crate::state::{Changeset, Edit};

    /// The parent, what it waits for, the status, until when it is put off.
    type Parts = (Option<usize>, BTreeSet<usize>, usize, Option<i64>);

    /// One file of a small world in which everything hangs together with everything; nothing removes it.
    #[derive(Debug, Clone)]
    enum Row {
        Task(usize, Option<Parts>),
        Message(usize, Option<(usize, Option<usize>, Option<usize>)>),
        Status(usize, Option<(usize, usize, Option<usize>, i64)>),
        Link(usize, usize, bool),
        Read(usize, bool),
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn ulid(n: usize) -> Id {
        crate::base::id::ulid_of(at(1_000 + n as i64), &format!("m{n}"))
    }

    fn row() -> impl Strategy<Value = Row> {
        let links = (prop::option::of(0..6usize), prop::collection::btree_set(0..6usize, 0..3), 0..5usize);
        let task =
            (links, prop::option::of(0..9i64)).prop_map(|((parent, on, status), until)| (parent, on, status, until));
        let said = (0..6usize, prop::option::of(0..6usize), prop::option::of(0..5usize));
        let reported = (0..6usize, 0..3usize, prop::option::of(0..6usize), 0..4i64);
        prop_oneof![
            3 => (0..6usize, prop::option::weighted(0.8, task)).prop_map(|(n, task)| Row::Task(n, task)),
            2 => (0..5usize, prop::option::weighted(0.8, said)).prop_map(|(n, said)| Row::Message(n, said)),
            1 => (5..9usize, prop::option::weighted(0.8, reported)).prop_map(|(n, entry)| Row::Status(n, entry)),
            1 => (0..5usize, 0..3usize, any::<bool>()).prop_map(|(n, to, there)| Row::Link(n, to, there)),
            1 => (0..5usize, any::<bool>()).prop_map(|(n, there)| Row::Read(n, there)),
        ]
    }

    const TO: [&str; 3] = ["Bob", "all", "role:reviewer"];

    fn change(rows: &[Row]) -> Changeset {
        let mut changes = Changeset::new("");
        for row in rows {
            match row.clone() {
                Row::Task(n, None) => changes.remove(TASK.path(&format!("t{n}"))),
                Row::Task(n, Some((parent, on, status, until))) => {
                    let mut task = Task::new(Id::parse(&format!("t{n}")).expect("an id"), at(0), "ada");
                    task.title = "x".into();
                    task.parent = parent.map(|n| format!("t{n}"));
                    task.depends_on = on.into_iter().map(|n| format!("t{n}")).collect();
                    task.status =
                        [Status::Pending, Status::Pending, Status::Blocked, Status::Completed, Status::Deferred]
                            [status]
                            .clone();
                    task.defer_until = until.map(at);
                    task.sprint = parent.map(|n| format!("s{}", n % 2));
                    changes.put(task);
                }
                Row::Message(n, None) => changes.remove(MESSAGE.path(&ulid(n))),
                Row::Message(n, Some((kind, thread, asked))) => {
                    let mut message = Message::new(ulid(n), at(0), "ada");
                    message.from = "ada".into();
                    let types =
                        [Type::Question, Type::Blocker, Type::Completion, Type::Response, Type::Approval, Type::Chat];
                    message.r#type = types[kind].clone();
                    message.thread = thread.map(|n| format!("t{n}"));
                    message.references = asked.map(|n| ulid(n).to_string()).into_iter().collect();
                    message.to = [TO[n % 3].to_owned()].into();
                    changes.put(message);
                }
                Row::Status(n, None) => changes.remove(STATUS.path(&ulid(n))),
                Row::Status(n, Some((word, severity, task, moment))) => {
                    let mut entry = StatusEntry::new(ulid(n), at(0), "ada");
                    entry.agent = "ada".into();
                    entry.timestamp = at(moment);
                    entry.status =
                        [Word::Started, Word::InProgress, Word::Blocked, Word::Complete, Word::Handoff, Word::Failed]
                            [word]
                            .clone();
                    entry.severity = [Severity::Info, Severity::Warn, Severity::Blocker][severity].clone();
                    entry.task = task.map(|n| format!("t{}", n % 3));
                    entry.sprint = task.is_none().then(|| "s".to_owned());
                    changes.put(entry);
                }
                Row::Link(n, to, there) => {
                    let path = Recipient::parse(TO[to]).expect("a recipient").path(&ulid(n));
                    if there {
                        changes.link(path, Arc::new(Message::new(ulid(n), at(0), "ada")))
                    } else {
                        changes.remove(path)
                    }
                }
                Row::Read(n, there) => {
                    let message = Message::new(ulid(n), at(0), "ada");
                    if there { changes.put(Reads::of(&message)) } else { changes.remove(READS.path(&message.id)) }
                }
            }
        }
        changes
    }

    fn terms(memory: &Memory) -> BTreeMap<(&'static str, Id), BTreeSet<Having>> {
        let mut all: BTreeMap<_, BTreeSet<Having>> = BTreeMap::new();
        for kind in DERIVING {
            let whole = Whole::of(memory, kind).expect("whole");
            whole
                .each(kind, |having| {
                    all.entry((kind.name, having.position.id.clone())).or_default().insert(having);
                })
                .expect("each");
        }
        all
    }

    proptest! {
        #[test]
        fn one_by_one_and_all_at_once_agree_and_a_change_touches_all_that_it_changes(
            first in prop::collection::vec(row(), 1..30),
            then in prop::collection::vec(row(), 1..5),
        ) {
            let mut memory = Memory::default();
            memory.put(Agent::new(Id::parse("bob").expect("a name"), at(0), "ada"));
            first.iter().for_each(|row| memory.apply(&change(std::slice::from_ref(row))));
            let before = terms(&memory);
            let changes = change(&then);
            let mut files = Vec::new();
            for (path, edit) in changes.edits() {
                let place = kind::locate(path);
                let old = place.as_ref().and_then(|(kind, id)| memory.find(kind, id).expect("readable"));
                let new = match edit {
                    Edit::Put(record) => Some(record.clone()),
                    _ => None,
                };
                let is_there = (old.is_some(), new.is_some());
                files.push((place, Changed { path: path.clone(), before: old, after: new, is_there }));
            }
            memory.apply(&changes);
            let after = terms(&memory);
            let touched = touched(&memory, &files).expect("touched");
            let mut near = Near::new(&memory);
            for kind in DERIVING {
                for id in memory.ids(kind).expect("ids") {
                    let alone: BTreeSet<Having> = near.of(kind, &id).expect("terms").into_iter().collect();
                    let key = (kind.name, id);
                    prop_assert_eq!(&alone, &after.get(&key).cloned().unwrap_or_default(), "{:?}", &key);
                    let differs = before.get(&key) != after.get(&key);
                    prop_assert!(!differs || touched.contains(&key), "{:?} is not touched", &key);
                }
            }
        }
    }
}
