//! How tasks hang together: what each one waits for, and so what is ready.
//!
//! A task waits for the tasks in `depends_on`, for its open children, and for whatever its open ancestors wait for.
//! Cycles and missing targets are legal in storage: members of a cycle are blocked, a missing target is closed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::base::{Id, Result, Timestamp};
use crate::records::record::downcast;
use crate::records::task::{Status, TASK};
use crate::records::{Position, Task, Typed};
use crate::state::Snapshot;

/// Tasks of one moment and how they hang together: all of them, or those that a question needs (`reach.rs`).
#[derive(Debug, Default)]
pub struct Graph {
    pub(super) tasks: BTreeMap<String, Node>,
    pub(super) children: BTreeMap<String, BTreeSet<String>>,
    /// Tasks that are there and cannot be read: nobody can say that they are closed.
    pub(super) broken: BTreeSet<String>,
}

/// Of a task, what decides how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its place in the order of tasks.
    pub position: Position,
    /// Where it stands in its life.
    pub status: Status,
    /// Whether somebody holds it.
    pub is_claimed: bool,
    /// Why it is blocked.
    pub blocked_on: Option<String>,
    /// The task it is a part of.
    pub parent: Option<String>,
    /// The tasks it waits for.
    pub depends_on: BTreeSet<String>,
    /// Until when it is put off.
    pub defer_until: Option<Timestamp>,
    /// The sprint it belongs to.
    pub sprint: Option<String>,
}

impl Node {
    /// Returns what of a task decides how it stands.
    pub fn of(task: &Task) -> Self {
        Node {
            position: Position { rank: task.rank(), id: task.id.clone() },
            status: task.status.clone(),
            is_claimed: task.claim.is_some(),
            blocked_on: task.blocked_on.clone(),
            parent: task.parent.clone(),
            depends_on: task.depends_on.clone(),
            defer_until: task.defer_until,
            sprint: task.sprint.clone(),
        }
    }

    /// Returns its id.
    pub fn id(&self) -> &Id {
        &self.position.id
    }

    /// Returns whether the task is still to be done.
    pub fn is_open(&self) -> bool {
        self.status.is_open()
    }
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
        let records = snapshot.scan(&TASK)?;
        let mut graph = Self::from_nodes(records.iter().filter_map(downcast::<Task>).map(Node::of));
        graph.broken = snapshot.broken(&TASK)?.into_iter().map(String::from).collect();
        Ok(graph)
    }

    /// Returns something that a task waits for and that waits for the task: nobody could ever begin either.
    pub fn deadlock(&self, id: &str) -> Option<String> {
        self.waited_for(id).into_iter().find(|on| self.waits_for(on, id))
    }

    /// Builds the graph of these tasks.
    pub fn from_tasks<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Self {
        Self::from_nodes(tasks.into_iter().map(Node::of))
    }

    /// Builds the graph of tasks of which this is known.
    pub fn from_nodes(nodes: impl IntoIterator<Item = Node>) -> Self {
        let mut graph = Graph::default();
        nodes.into_iter().for_each(|node| graph.add(node));
        graph
    }

    /// Adds a task that is there and cannot be read.
    pub(super) fn add_broken(&mut self, id: &Id) {
        self.broken.insert(id.to_string());
    }

    /// Adds a task.
    pub(super) fn add(&mut self, node: Node) {
        if let Some(parent) = &node.parent {
            self.children.entry(parent.clone()).or_default().insert(node.id().to_string());
        }
        self.tasks.insert(node.id().to_string(), node);
    }

    /// Returns whether a task is there, readable or not.
    pub fn contains(&self, id: &str) -> bool {
        self.tasks.contains_key(id) || self.broken.contains(id)
    }

    /// Returns the task with this id.
    pub fn task(&self, id: &str) -> Option<&Node> {
        self.tasks.get(id)
    }

    /// Returns all tasks in the order of their ids.
    pub fn tasks(&self) -> impl Iterator<Item = &Node> {
        self.tasks.values()
    }

    /// Returns the tasks that can be claimed, the most important and oldest first.
    pub fn ready(&self, now: Timestamp) -> Vec<&Node> {
        let mut ready: Vec<&Node> = self.tasks().filter(|task| self.standing(task, now) == Standing::Ready).collect();
        ready.sort_by(|a, b| a.position.cmp(&b.position));
        ready
    }

    /// Returns the open tasks that cannot go on, each with its reasons, the most important and oldest first.
    pub fn blocked(&self) -> Vec<(&Node, Vec<Reason>)> {
        let mut blocked: Vec<_> = self
            .tasks()
            .filter(|task| task.is_open())
            .map(|task| (task, self.reasons(task)))
            .filter(|(_, reasons)| !reasons.is_empty())
            .collect();
        blocked.sort_by(|(a, _), (b, _)| a.position.cmp(&b.position));
        blocked
    }

    /// Returns what can be done with a task now.
    pub fn standing(&self, task: &Node, now: Timestamp) -> Standing {
        if !task.is_open() {
            return Standing::Closed;
        }
        if task.is_claimed {
            return Standing::Claimed;
        }
        let reasons = self.reasons(task);
        if !reasons.is_empty() {
            return Standing::Blocked(reasons);
        }
        let children = self.open_children(task.id());
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
    pub fn reasons(&self, task: &Node) -> Vec<Reason> {
        let mut reasons: Vec<Reason> =
            self.open_dependencies(task).map(|on| Reason::Dependency { on: on.to_owned() }).collect();
        if task.status == Status::Blocked {
            reasons.push(Reason::Status { because: task.blocked_on.clone() });
        }
        let (ancestors, looped) = self.ancestors(task.id());
        for ancestor in ancestors {
            if self.bars_parts(ancestor) {
                reasons.push(Reason::Ancestor { ancestor: ancestor.id().to_string() });
            }
        }
        if looped || self.waits_for_itself(task) {
            reasons.push(Reason::Cycle);
        }
        reasons.sort();
        reasons.dedup();
        reasons
    }

    /// Returns whether nothing that is part of a task can go on, because the task itself cannot.
    pub fn bars_parts(&self, task: &Node) -> bool {
        task.is_open() && (task.status == Status::Blocked || self.open_dependencies(task).next().is_some())
    }

    /// Returns the open children of a task, in the order of their ids.
    pub fn open_children(&self, id: &str) -> Vec<String> {
        let children = self.children.get(id).into_iter().flatten();
        children.filter(|child| self.tasks.get(*child).is_some_and(Node::is_open)).cloned().collect()
    }

    /// Returns the children of a task, open or not, in the order of their ids.
    pub fn children(&self, id: &str) -> Vec<&Node> {
        self.children.get(id).into_iter().flatten().filter_map(|child| self.tasks.get(child)).collect()
    }

    /// Returns the open tasks in a task's `depends_on`.
    pub fn open_dependencies<'a>(&'a self, task: &'a Node) -> impl Iterator<Item = &'a str> {
        let is_open = |on: &&String| self.tasks.get(*on).is_some_and(Node::is_open) || self.broken.contains(*on);
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
        let dependencies = |task: &Node| task.depends_on.iter().cloned().collect::<Vec<_>>();
        let mut on = self.tasks.get(id).map(dependencies).unwrap_or_default();
        on.extend(self.children.get(id).into_iter().flatten().cloned());
        on.extend(self.ancestors(id).0.into_iter().flat_map(dependencies));
        on
    }

    /// A dependency on a task that, over dependencies of open tasks alone, comes back to this one.
    fn waits_for_itself(&self, task: &Node) -> bool {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<&str> = self.open_dependencies(task).collect();
        while let Some(id) = todo.pop() {
            if id == task.id().as_str() {
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
    pub(super) fn ancestors(&self, id: &str) -> (Vec<&Node>, bool) {
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
        Graph::from_tasks(&tasks).ready(NOW).iter().map(|task| task.id().to_string()).collect()
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
        assert_eq!(Graph::from_tasks([&pinned]).standing(&Node::of(&pinned), NOW), Standing::Waiting);
    }

    #[test]
    fn a_deferred_task_is_ready_when_its_time_has_come() {
        let mut task = with_status(task("a"), Status::Deferred);
        task.defer_until = Some(Timestamp::from_seconds(60));
        let graph = Graph::from_tasks([&task]);
        assert_eq!(graph.standing(&Node::of(&task), NOW), Standing::Deferred(task.defer_until));
        assert_eq!(graph.standing(&Node::of(&task), Timestamp::from_seconds(60)), Standing::Ready);
    }

    #[test]
    fn members_of_a_cycle_are_blocked_and_the_cycle_is_named() {
        let graph = Graph::from_tasks(&[on("a", &["b"]), on("b", &["a"]), on("c", &["a"]), on("d", &["d"])]);
        assert!(graph.ready(NOW).is_empty());
        let reasons = |id: &str| graph.reasons(graph.task(id).expect("in the graph"));
        assert!(reasons("a").contains(&Reason::Cycle));
        assert!(!reasons("c").contains(&Reason::Cycle));
        assert!(reasons("d").contains(&Reason::Cycle));
        let parents = Graph::from_tasks(&[under("a", "b"), under("b", "a"), under("c", "c")]);
        assert!(parents.ready(NOW).is_empty());
    }

    #[test]
    fn waiting_goes_over_dependencies_children_and_ancestors() {
        let graph = Graph::from_tasks(&[
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
    fn ready_is_ordered_by_priority_then_age_then_id() {
        let mut urgent = task("z");
        urgent.priority = Priority::P0;
        let mut old = task("y");
        old.created_at = Timestamp::from_millis(-1);
        assert_eq!(ready(vec![task("b"), task("a"), urgent, old]), ["z", "y", "a", "b"]);
    }
}
