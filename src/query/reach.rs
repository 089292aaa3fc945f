//! The part of the graph that a question about one task needs, read task by task instead of all.
//!
//! Whatever the rules in `graph.rs` look at for that question is in it, so the answer is that of the whole graph.

use std::collections::BTreeSet;

use super::graph::{Graph, Node};
use crate::base::Result;
use crate::records::task::TASK;
use crate::records::{Task, Term};
use crate::state::{Select, Snapshot, find};

impl Graph {
    /// Returns what decides how a task stands: itself, its open parts, what it waits for, and the same of what it is
    /// part of.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read, but for files that are no records.
    pub fn around(snapshot: &(impl Snapshot + ?Sized), task: &Task) -> Result<Self> {
        let mut graph = Graph::default();
        graph.add(Node::of(task));
        graph.grow_around(snapshot, &task.id)?;
        Ok(graph)
    }

    /// Adds what decides how a task stands.
    pub(super) fn grow_around(&mut self, snapshot: &(impl Snapshot + ?Sized), id: &str) -> Result<()> {
        self.read(snapshot, id)?;
        for child in snapshot.under(&TASK, &Select::with(Term::new("parent/open", id)))? {
            self.read(snapshot, &child)?;
        }
        let mut waiting: Vec<String> = self.climb(snapshot, id)?;
        waiting.push(id.to_owned());
        // Over open tasks, as far as it goes: it may come back to where it began.
        let mut seen = BTreeSet::new();
        let mut next: Vec<String> = waiting.iter().flat_map(|task| self.dependencies(task)).collect();
        while let Some(on) = next.pop() {
            if seen.insert(on.clone()) && self.read(snapshot, &on)?.is_some_and(Node::is_open) {
                next.extend(self.dependencies(&on));
            }
        }
        Ok(())
    }

    /// Returns everything that a task waits for, and what that waits for in turn. `replaced` is a task as it is to be,
    /// there or not.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read, but for files that are no records.
    pub fn reach(snapshot: &(impl Snapshot + ?Sized), from: &str, replaced: Option<&Task>) -> Result<Self> {
        let mut graph = Graph::default();
        if let Some(task) = replaced {
            graph.add(Node::of(task));
        }
        let mut seen = BTreeSet::new();
        let mut todo = vec![from.to_owned()];
        while let Some(id) = todo.pop() {
            if !seen.insert(id.clone()) {
                continue;
            }
            graph.read(snapshot, &id)?;
            for child in snapshot.under(&TASK, &Select::with(Term::new("parent", &id)))? {
                graph.read(snapshot, &child)?;
            }
            graph.climb(snapshot, &id)?;
            todo.extend(graph.waited_for(&id));
        }
        Ok(graph)
    }

    /// Reads a task, where it is not known yet, and returns it.
    fn read(&mut self, snapshot: &(impl Snapshot + ?Sized), id: &str) -> Result<Option<&Node>> {
        if !self.contains(id) {
            match find::<Task>(snapshot, id) {
                Ok(found) => found.iter().for_each(|task| self.add(Node::of(task))),
                Err(error) if matches!(error.code(), "unreadable" | "too_large") => {
                    self.broken.insert(id.to_owned());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(self.task(id))
    }

    /// Reads what a task is part of, up to the top, and returns the ids.
    fn climb(&mut self, snapshot: &(impl Snapshot + ?Sized), id: &str) -> Result<Vec<String>> {
        let mut chain = Vec::new();
        let mut seen = BTreeSet::from([id.to_owned()]);
        let mut parent = self.task(id).and_then(|task| task.parent.clone());
        while let Some(id) = parent.filter(|id| seen.insert(id.clone())) {
            parent = self.read(snapshot, &id)?.and_then(|task| task.parent.clone());
            chain.push(id);
        }
        Ok(chain)
    }

    fn dependencies(&self, id: &str) -> Vec<String> {
        self.task(id).map(|task| task.depends_on.iter().cloned().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::{Id, Timestamp};
    use crate::records::task::Status;
    use crate::state::memory::Memory;

    /// Tasks that hang together anyhow: parents, dependencies, cycles, links to nothing.
    fn tasks() -> impl Strategy<Value = Vec<Task>> {
        let links = (prop::option::of(0..8usize), prop::collection::btree_set(0..8usize, 0..3), 0..5usize);
        prop::collection::vec(links, 1..7).prop_map(|rows| {
            let name = |n: usize| format!("t{n}");
            let make = |(n, (parent, on, status)): (usize, (Option<usize>, BTreeSet<usize>, usize))| {
                let mut task = Task::new(Id::parse(&name(n)).expect("an id"), Timestamp::EPOCH, "ada");
                task.title = name(n);
                task.parent = parent.map(name);
                task.depends_on = on.into_iter().map(name).collect();
                task.status =
                    [Status::Pending, Status::Pending, Status::Blocked, Status::Completed, Status::InProgress][status]
                        .clone();
                task
            };
            rows.into_iter().enumerate().map(make).collect()
        })
    }

    fn memory(tasks: &[Task]) -> Memory {
        let mut memory = Memory::default();
        tasks.iter().for_each(|task| memory.put(task.clone()));
        memory
    }

    proptest! {
        #[test]
        fn the_part_answers_as_the_whole(tasks in tasks()) {
            let memory = memory(&tasks);
            let whole = Graph::of(&memory).expect("a graph");
            for task in &tasks {
                let node = Node::of(task);
                let part = Graph::around(&memory, task).expect("a graph");
                prop_assert_eq!(part.standing(&node, Timestamp::EPOCH), whole.standing(&node, Timestamp::EPOCH));
                prop_assert_eq!(part.reasons(&node), whole.reasons(&node));
                let part = Graph::reach(&memory, &task.id, None).expect("a graph");
                for other in &tasks {
                    prop_assert_eq!(part.waits_for(&task.id, &other.id), whole.waits_for(&task.id, &other.id));
                }
                prop_assert_eq!(part.deadlock(&task.id), whole.deadlock(&task.id));
            }
        }

        #[test]
        fn a_task_as_it_is_to_be_takes_the_place_of_the_one_that_is(tasks in tasks(), other in tasks()) {
            let memory = memory(&tasks);
            for replaced in &other {
                let mut changed = tasks.clone();
                changed.retain(|task| task.id != replaced.id);
                changed.push(replaced.clone());
                let whole = Graph::from_tasks(&changed);
                let part = Graph::reach(&memory, &replaced.id, Some(replaced)).expect("a graph");
                prop_assert_eq!(part.deadlock(&replaced.id), whole.deadlock(&replaced.id));
            }
        }
    }

    #[test]
    fn a_task_that_could_never_begin_is_known_before_it_is_made() {
        let task = |id: &str, parent: Option<&str>, on: &[&str]| {
            let mut task = Task::new(Id::parse(id).expect("an id"), Timestamp::EPOCH, "ada");
            task.parent = parent.map(str::to_owned);
            task.depends_on = on.iter().map(|on| (*on).to_owned()).collect();
            task
        };
        let memory = memory(&[task("p", None, &[]), task("y", None, &["p"]), task("x", None, &[])]);
        let deadlock = |task: Task| Graph::reach(&memory, &task.id, Some(&task)).expect("a graph").deadlock(&task.id);
        assert_eq!(deadlock(task("k", Some("p"), &["y"])).as_deref(), Some("y"));
        assert_eq!(deadlock(task("k", Some("p"), &["x"])), None);
        assert_eq!(
            deadlock(task("p", Some("y"), &[])).as_deref(),
            Some("p"),
            "y waits for p, and so would all its parts"
        );
    }
}
