//! How tasks hang together: what each one waits for, and so what is ready.
//!
//! A task waits for the tasks in `depends_on`, for its open children, and for whatever its open ancestors wait for.
//! Cycles and missing targets are legal in storage: members of a cycle are blocked, a missing target is closed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::base::{Result, Timestamp};
use crate::records::Task;
use crate::records::task::{Status, TASK};
use crate::state::{Snapshot, all};

/// All tasks of one moment, and who is whose child.
#[derive(Debug, Default)]
pub struct Graph {
    tasks: BTreeMap<String, Task>,
    children: BTreeMap<String, BTreeSet<String>>,
    /// Tasks that are there and cannot be read: nobody can say that they are closed.
    broken: BTreeSet<String>,
}

/// Why a task cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Reason {
    /// It waits for an open task.
    Dependency {
        /// The task it waits for.
        on: String,
    },
    /// A task it is part of is blocked.
    Ancestor {
        /// The ancestor that is blocked.
        ancestor: String,
    },
    /// It waits for itself, by way of others.
    Cycle,
    /// Somebody said so.
    Status {
        /// The reason they gave.
        because: Option<String>,
    },
}

/// What can be done with a task now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It can be claimed.
    Ready,
    /// Somebody holds it.
    Claimed,
    /// It cannot go on.
    Blocked(Vec<Reason>),
    /// It waits for its open children, which are the work.
    Container(Vec<String>),
    /// It is put off until then.
    Deferred(Option<Timestamp>),
    /// It is in progress, and nobody holds it.
    Unclaimed,
    /// It is completed or cancelled.
    Closed,
    /// Its status keeps it from being taken: it waits for approval, or has a word from the future.
    Waiting,
}

impl Graph {
    /// Reads all tasks of a snapshot.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read.
    pub fn of(snapshot: &(impl Snapshot + ?Sized)) -> Result<Self> {
        let mut graph = Self::from_tasks(all::<Task>(snapshot)?);
        graph.broken = snapshot.broken(&TASK)?.into_iter().map(String::from).collect();
        Ok(graph)
    }

    /// Returns the graph with one task as it is to be.
    pub fn with(mut self, task: Task) -> Self {
        self.children.values_mut().for_each(|children| {
            children.remove(task.id.as_str());
        });
        if let Some(parent) = &task.parent {
            self.children.entry(parent.clone()).or_default().insert(task.id.to_string());
        }
        self.tasks.insert(task.id.to_string(), task);
        self
    }

    /// Returns something that a task waits for and that waits for the task: nobody could ever begin either.
    pub fn deadlock(&self, id: &str) -> Option<String> {
        self.waited_for(id).into_iter().find(|on| self.waits_for(on, id))
    }

    /// Builds the graph of these tasks.
    pub fn from_tasks(tasks: impl IntoIterator<Item = Task>) -> Self {
        let mut graph = Graph::default();
        for task in tasks {
            if let Some(parent) = &task.parent {
                graph.children.entry(parent.clone()).or_default().insert(task.id.to_string());
            }
            graph.tasks.insert(task.id.to_string(), task);
        }
        graph
    }

    /// Returns whether a task is there, readable or not.
    pub fn contains(&self, id: &str) -> bool {
        self.tasks.contains_key(id) || self.broken.contains(id)
    }

    /// Returns the task with this id.
    pub fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.get(id)
    }

    /// Returns all tasks in the order of their ids.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values()
    }

    /// Returns the tasks that can be claimed, the most important and oldest first.
    pub fn ready(&self, now: Timestamp) -> Vec<&Task> {
        let mut ready: Vec<&Task> = self.tasks().filter(|task| self.standing(task, now) == Standing::Ready).collect();
        ready.sort_by_cached_key(|task| order(task));
        ready
    }

    /// Returns the open tasks that cannot go on, each with its reasons, the most important and oldest first.
    pub fn blocked(&self) -> Vec<(&Task, Vec<Reason>)> {
        let mut blocked: Vec<_> = self
            .tasks()
            .filter(|task| task.is_open())
            .map(|task| (task, self.reasons(task)))
            .filter(|(_, reasons)| !reasons.is_empty())
            .collect();
        blocked.sort_by_cached_key(|(task, _)| order(task));
        blocked
    }

    /// Returns what can be done with a task now.
    pub fn standing(&self, task: &Task, now: Timestamp) -> Standing {
        if !task.is_open() {
            return Standing::Closed;
        }
        if task.claim.is_some() {
            return Standing::Claimed;
        }
        let reasons = self.reasons(task);
        if !reasons.is_empty() {
            return Standing::Blocked(reasons);
        }
        let children = self.open_children(&task.id);
        if !children.is_empty() {
            return Standing::Container(children);
        }
        let put_off = task.defer_until.is_some_and(|until| until > now);
        match task.status {
            Status::Pending | Status::Deferred if put_off => Standing::Deferred(task.defer_until),
            Status::Deferred if task.defer_until.is_none() => Standing::Deferred(None),
            Status::Pending | Status::Deferred => Standing::Ready,
            Status::InProgress => Standing::Unclaimed,
            _ => Standing::Waiting,
        }
    }

    /// Returns why an open task cannot go on; nothing where it can.
    pub fn reasons(&self, task: &Task) -> Vec<Reason> {
        let mut reasons: Vec<Reason> =
            self.open_dependencies(task).map(|on| Reason::Dependency { on: on.to_owned() }).collect();
        if task.status == Status::Blocked {
            reasons.push(Reason::Status { because: task.blocked_on.clone() });
        }
        let (ancestors, looped) = self.ancestors(&task.id);
        for ancestor in ancestors {
            if ancestor.is_open()
                && (ancestor.status == Status::Blocked || self.open_dependencies(ancestor).next().is_some())
            {
                reasons.push(Reason::Ancestor { ancestor: ancestor.id.to_string() });
            }
        }
        if looped || self.waits_for_itself(task) {
            reasons.push(Reason::Cycle);
        }
        reasons.sort();
        reasons.dedup();
        reasons
    }

    /// Returns the open children of a task, in the order of their ids.
    pub fn open_children(&self, id: &str) -> Vec<String> {
        let children = self.children.get(id).into_iter().flatten();
        children.filter(|child| self.tasks.get(*child).is_some_and(Task::is_open)).cloned().collect()
    }

    /// Returns the children of a task, open or not, in the order of their ids.
    pub fn children(&self, id: &str) -> Vec<&Task> {
        self.children.get(id).into_iter().flatten().filter_map(|child| self.tasks.get(child)).collect()
    }

    /// Returns the open tasks in a task's `depends_on`.
    pub fn open_dependencies<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = &'a str> {
        let is_open = |on: &&String| self.tasks.get(*on).is_some_and(Task::is_open) || self.broken.contains(*on);
        task.depends_on.iter().filter(is_open).map(String::as_str)
    }

    /// Returns whether `from`, as things stand, would wait for `to`: then `to` must not wait for `from`.
    pub fn waits_for(&self, from: &str, to: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut todo = vec![from.to_owned()];
        while let Some(id) = todo.pop() {
            if id == to {
                return true;
            }
            if seen.insert(id.clone()) {
                todo.extend(self.waited_for(&id));
            }
        }
        false
    }

    /// The tasks that one waits for directly: dependencies, children, and the dependencies of its ancestors.
    pub(super) fn waited_for(&self, id: &str) -> Vec<String> {
        let dependencies = |task: &Task| task.depends_on.iter().cloned().collect::<Vec<_>>();
        let mut on = self.tasks.get(id).map(dependencies).unwrap_or_default();
        on.extend(self.children.get(id).into_iter().flatten().cloned());
        on.extend(self.ancestors(id).0.into_iter().flat_map(dependencies));
        on
    }

    /// A dependency on a task that, over dependencies of open tasks alone, comes back to this one.
    fn waits_for_itself(&self, task: &Task) -> bool {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<&str> = self.open_dependencies(task).collect();
        while let Some(id) = todo.pop() {
            if id == task.id.as_str() {
                return true;
            }
            if seen.insert(id)
                && let Some(next) = self.tasks.get(id)
            {
                todo.extend(self.open_dependencies(next));
            }
        }
        false
    }

    /// Returns the ancestors of a task, the nearest first, and whether their chain comes back to itself.
    pub(super) fn ancestors(&self, id: &str) -> (Vec<&Task>, bool) {
        let mut chain = Vec::new();
        let mut seen = BTreeSet::from([id]);
        let mut current = self.tasks.get(id);
        while let Some(parent) = current.and_then(|task| task.parent.as_deref()) {
            if !seen.insert(parent) {
                return (chain, true);
            }
            current = self.tasks.get(parent);
            chain.extend(current);
        }
        (chain, false)
    }
}

/// Returns the key by which tasks are ordered: priority, then age, then id.
pub fn order(task: &Task) -> String {
    format!("{}/{}/{}", task.priority, task.created_at, task.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Id;
    use crate::records::task::Priority;

    const NOW: Timestamp = Timestamp::EPOCH;

    fn task(id: &str) -> Task {
        let mut task = Task::new(Id::parse(id).expect("an id"), NOW, "ada");
        task.title = id.into();
        task
    }

    fn on(id: &str, on: &[&str]) -> Task {
        let mut task = task(id);
        task.depends_on = on.iter().map(|s| (*s).to_owned()).collect();
        task
    }

    fn under(id: &str, parent: &str) -> Task {
        let mut task = task(id);
        task.parent = Some(parent.into());
        task
    }

    fn with_status(mut task: Task, status: Status) -> Task {
        task.status = status;
        task
    }

    fn ready(tasks: Vec<Task>) -> Vec<String> {
        Graph::from_tasks(tasks).ready(NOW).iter().map(|task| task.id.to_string()).collect()
    }

    #[test]
    fn a_task_is_ready_when_all_it_depends_on_is_closed_or_gone() {
        assert_eq!(ready(vec![task("a"), on("b", &["a"])]), ["a"]);
        assert_eq!(ready(vec![with_status(task("a"), Status::Cancelled), on("b", &["a"])]), ["b"]);
        assert_eq!(ready(vec![on("b", &["gone"])]), ["b"]);
    }

    #[test]
    fn a_container_is_ready_when_its_last_child_is_closed() {
        assert_eq!(ready(vec![task("p"), under("c", "p")]), ["c"]);
        assert_eq!(ready(vec![task("p"), with_status(under("c", "p"), Status::Completed)]), ["p"]);
    }

    #[test]
    fn what_blocks_an_open_ancestor_blocks_the_child_and_a_closed_ancestor_does_not() {
        let tasks = || vec![task("x"), on("p", &["x"]), under("c", "p"), under("g", "c")];
        assert_eq!(ready(tasks()), ["x"]);
        let mut closed = tasks();
        closed[1].status = Status::Completed;
        assert_eq!(ready(closed), ["g", "x"]);
        assert_eq!(ready(vec![with_status(task("p"), Status::Blocked), under("c", "p")]), Vec::<String>::new());
    }

    #[test]
    fn words_from_the_future_are_open_and_never_ready() {
        let pinned = with_status(task("a"), Status::from("pinned"));
        assert!(pinned.is_open());
        assert_eq!(ready(vec![pinned.clone(), on("b", &["a"])]), Vec::<String>::new());
        assert_eq!(Graph::from_tasks([pinned.clone()]).standing(&pinned, NOW), Standing::Waiting);
    }

    #[test]
    fn a_deferred_task_is_ready_when_its_time_has_come() {
        let mut task = with_status(task("a"), Status::Deferred);
        task.defer_until = Some(Timestamp::from_seconds(60));
        let graph = Graph::from_tasks([task.clone()]);
        assert_eq!(graph.standing(&task, NOW), Standing::Deferred(task.defer_until));
        assert_eq!(graph.standing(&task, Timestamp::from_seconds(60)), Standing::Ready);
    }

    #[test]
    fn members_of_a_cycle_are_blocked_and_the_cycle_is_named() {
        let graph = Graph::from_tasks([on("a", &["b"]), on("b", &["a"]), on("c", &["a"]), on("d", &["d"])]);
        assert!(graph.ready(NOW).is_empty());
        let reasons = |id: &str| graph.reasons(graph.task(id).expect("in the graph"));
        assert!(reasons("a").contains(&Reason::Cycle));
        assert!(!reasons("c").contains(&Reason::Cycle));
        assert!(reasons("d").contains(&Reason::Cycle));
        let parents = Graph::from_tasks([under("a", "b"), under("b", "a"), under("c", "c")]);
        assert!(parents.ready(NOW).is_empty());
    }

    #[test]
    fn waiting_goes_over_dependencies_children_and_ancestors() {
        let graph = Graph::from_tasks([
            on("a", &["b"]),
            task("b"),
            under("c", "b"),
            on("p", &["x"]),
            under("k", "p"),
            task("x"),
        ]);
        assert!(graph.waits_for("a", "b"));
        assert!(graph.waits_for("a", "c"), "b is done only after c");
        assert!(graph.waits_for("k", "x"), "p waits for x, and k is part of p");
        assert!(!graph.waits_for("c", "b"));
        assert!(!graph.waits_for("x", "k"));
    }

    #[test]
    fn a_task_that_could_never_begin_is_known_before_it_is_made() {
        let graph = || Graph::from_tasks([task("p"), on("y", &["p"]), task("x")]);
        let mut part = under("k", "p");
        part.depends_on = ["y".to_owned()].into();
        assert_eq!(graph().with(part.clone()).deadlock("k").as_deref(), Some("y"));
        part.depends_on = ["x".to_owned()].into();
        assert_eq!(graph().with(part).deadlock("k"), None);
        let moved = graph().with(under("p", "y")).deadlock("p");
        assert_eq!(moved.as_deref(), Some("p"), "y waits for p, and so would all its parts");
    }

    #[test]
    fn ready_is_ordered_by_priority_then_age_then_id() {
        let mut urgent = task("z");
        urgent.priority = Priority::P0;
        let mut old = task("y");
        old.created_at = Timestamp::from_millis(-1);
        assert_eq!(ready(vec![task("b"), task("a"), urgent, old]), ["z", "y", "a", "b"]);
    }
}
