//! What one task waits for, and what that waits for in turn: as lines in order, each with its depth.
//!
//! A chain may be as long as it likes, so nothing here calls itself.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::Graph;
use super::graph::Node;

/// Why a task stands in the tree, under the one above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is the one that was asked for.
    Root,
    /// The one above waits for it.
    Dependency,
    /// It is a part of the one above, which is done only after it.
    Part,
    /// A task that the one above is part of waits for it.
    Inherited,
}

/// What becomes of a task below its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Below {
    /// What it waits for follows, if there is anything.
    Open,
    /// It is closed, and waits for nothing.
    Closed,
    /// It stands in the tree before, with what it waits for.
    Shown,
    /// It stands above this line: it waits for itself.
    Cycle,
    /// There is no such task, which counts as closed.
    Missing,
    /// It is there and cannot be read.
    Unreadable,
}

/// A line of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How deep it stands; the task that was asked for has 0.
    pub depth: usize,
    /// The task.
    pub id: String,
    /// Why it stands here.
    pub why: Why,
    /// What follows.
    pub below: Below,
}

/// Returns what a task waits for, over dependencies, parts, and what the tasks it is part of wait for.
pub fn tree(graph: &Graph, root: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut shown = BTreeSet::new();
    let mut above: Vec<String> = Vec::new();
    let mut on_the_way = BTreeSet::new();
    let mut todo = vec![(0, root.to_owned(), Why::Root)];
    while let Some((depth, id, why)) = todo.pop() {
        above.drain(depth..).for_each(|left| {
            on_the_way.remove(&left);
        });
        let below = match graph.task(&id) {
            None if graph.contains(&id) => Below::Unreadable,
            None => Below::Missing,
            Some(_) if on_the_way.contains(&id) => Below::Cycle,
            Some(task) if !task.is_open() && why != Why::Root => Below::Closed,
            Some(_) if shown.contains(&id) => Below::Shown,
            Some(_) => Below::Open,
        };
        if let (Below::Open, Some(task)) = (&below, graph.task(&id)) {
            shown.insert(id.clone());
            above.push(id.clone());
            on_the_way.insert(id.clone());
            let next = waited_for(graph, task, &why);
            todo.extend(next.into_iter().rev().map(|(id, why)| (depth + 1, id, why)));
        }
        lines.push(Line { depth, id, why, below });
    }
    lines
}

/// What a task waits for directly. A part waits for what its whole waits for too, which stands there already.
fn waited_for(graph: &Graph, task: &Node, why: &Why) -> Vec<(String, Why)> {
    let mut next: Vec<(String, Why)> = task.depends_on.iter().map(|on| (on.clone(), Why::Dependency)).collect();
    next.extend(graph.children(task.id()).into_iter().map(|part| (part.id().to_string(), Why::Part)));
    if *why != Why::Part {
        let inherited = graph.ancestors(task.id()).0.into_iter().filter(|ancestor| ancestor.is_open());
        let inherited: BTreeSet<&String> = inherited.flat_map(|ancestor| &ancestor.depends_on).collect();
        let inherited = inherited.into_iter().filter(|on| !task.depends_on.contains(*on));
        next.extend(inherited.map(|on| (on.clone(), Why::Inherited)));
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Id, Timestamp};
    use crate::records::Task;
    use crate::records::task::Status;

    fn task(id: &str, parent: Option<&str>, on: &[&str]) -> Task {
        let mut task = Task::new(Id::parse(id).expect("an id"), Timestamp::EPOCH, "ada");
        task.parent = parent.map(str::to_owned);
        task.depends_on = on.iter().map(|on| (*on).to_owned()).collect();
        task
    }

    fn drawn(root: &str, tasks: Vec<Task>) -> Vec<String> {
        let lines = tree(&Graph::from_tasks(&tasks), root);
        let draw = |line: Line| {
            format!("{}{} {:?} {:?}", "  ".repeat(line.depth), line.id, line.why, line.below).to_lowercase()
        };
        lines.into_iter().map(draw).collect()
    }

    #[test]
    fn what_a_task_waits_for_stands_below_it_and_each_is_opened_once() {
        let mut done = task("done", None, &["old"]);
        done.status = Status::Completed;
        let tasks = vec![
            task("a", None, &["b", "c", "done", "gone"]),
            task("b", None, &["d"]),
            task("c", None, &["d"]),
            task("d", None, &["e"]),
            task("e", None, &[]),
            task("old", None, &[]),
            done,
        ];
        let expected = [
            "a root open",
            "  b dependency open",
            "    d dependency open",
            "      e dependency open",
            "  c dependency open",
            "    d dependency shown",
            "  done dependency closed",
            "  gone dependency missing",
        ];
        assert_eq!(drawn("a", tasks), expected);
    }

    #[test]
    fn parts_and_what_the_whole_waits_for_stand_there_too() {
        let tasks = || {
            vec![task("p", None, &["x"]), task("k", Some("p"), &[]), task("l", Some("k"), &[]), task("x", None, &[])]
        };
        let whole = ["p root open", "  x dependency open", "  k part open", "    l part open"];
        assert_eq!(drawn("p", tasks()), whole);
        assert_eq!(drawn("l", tasks()), ["l root open", "  x inherited open"]);
    }

    #[test]
    fn a_cycle_is_marked_where_it_closes() {
        let tasks = vec![task("a", None, &["b"]), task("b", None, &["a", "b", "c"]), task("c", None, &["b"])];
        let expected = [
            "a root open",
            "  b dependency open",
            "    a dependency cycle",
            "    b dependency cycle",
            "    c dependency open",
            "      b dependency cycle",
        ];
        assert_eq!(drawn("a", tasks), expected);
    }

    #[test]
    fn a_chain_may_be_as_long_as_it_likes() {
        let chain = (0..20_000).map(|n| task(&format!("t{n}"), None, &[&format!("t{}", n + 1)]));
        let lines = tree(&Graph::from_tasks(&chain.collect::<Vec<_>>()), "t0");
        assert_eq!((lines.len(), lines[20_000].depth, &lines[20_000].below), (20_001, 20_000, &Below::Missing));
    }
}
