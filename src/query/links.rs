//! What is odd about the links between tasks: cycles, and targets that do not exist.
//!
//! Both are legal in storage and may come from a merge or an import. Nothing is repaired here; they are only named.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Graph;
use crate::records::Task;

/// A link to a task that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Missing {
    /// The task with the link.
    pub task: String,
    /// The field it stands in.
    pub field: String,
    /// The task that does not exist.
    pub target: String,
}

/// Returns the links of tasks to tasks that do not exist, in the order of the tasks.
pub fn missing<'a>(graph: &Graph, tasks: impl IntoIterator<Item = &'a Task>) -> Vec<Missing> {
    let mut found = Vec::new();
    for task in tasks {
        let parent = task.parent.iter().map(|target| ("parent", target));
        let waits = task.depends_on.iter().map(|target| ("depends_on", target));
        let related = task.related.iter().map(|target| ("related", target));
        let origin = task.discovered_from.iter().map(|target| ("discovered_from", target));
        for (field, target) in parent.chain(waits).chain(related).chain(origin) {
            if !graph.contains(target) {
                found.push(Missing { task: task.id.to_string(), field: field.to_owned(), target: target.clone() });
            }
        }
    }
    found
}

/// Returns the groups of tasks that wait for each other, over dependencies, children and what ancestors wait for:
/// each group in the order of its ids, the groups in the order of their first.
pub fn cycles(graph: &Graph) -> Vec<Vec<String>> {
    let on: BTreeMap<&str, Vec<String>> =
        graph.tasks().map(|task| (task.id().as_str(), graph.waited_for(task.id()))).collect();
    let mut back: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (task, targets) in &on {
        for target in targets {
            if let Some((target, _)) = on.get_key_value(target.as_str()) {
                back.entry(target).or_default().push(task);
            }
        }
    }
    // Tasks that reach each other: walked forwards, then backwards in the opposite order of leaving (Kosaraju).
    let forwards = |task: &str| -> Vec<&str> { on.get(task).into_iter().flatten().map(String::as_str).collect() };
    let backwards = |task: &str| -> Vec<&str> { back.get(task).cloned().unwrap_or_default() };
    let mut seen = BTreeSet::new();
    let order: Vec<&str> = on.keys().flat_map(|task| walk(task, &forwards, &mut seen)).collect();
    let mut seen = BTreeSet::new();
    let groups = order.iter().rev().map(|task| walk(task, &backwards, &mut seen));
    let waits_for_itself = |task: &str| on.get(task).is_some_and(|on| on.iter().any(|target| target == task));
    let mut cycles: Vec<Vec<String>> = groups
        .filter(|group| group.len() > 1 || group.iter().any(|task| waits_for_itself(task)))
        .map(|group| group.into_iter().filter(|task| on.contains_key(task)).map(str::to_owned).collect())
        .collect();
    cycles.iter_mut().for_each(|cycle: &mut Vec<String>| cycle.sort());
    cycles.sort();
    cycles
}

/// Returns the unseen tasks that are reached from one, each after all those it leads to. A chain may be long, so
/// the stack is our own.
fn walk<'a>(from: &'a str, next: &impl Fn(&str) -> Vec<&'a str>, seen: &mut BTreeSet<&'a str>) -> Vec<&'a str> {
    let mut left = Vec::new();
    if !seen.insert(from) {
        return left;
    }
    let mut stack = vec![(from, next(from))];
    while let Some((task, todo)) = stack.last_mut() {
        match todo.pop() {
            Some(target) if seen.insert(target) => stack.push((target, next(target))),
            Some(_) => {}
            None => {
                left.push(*task);
                stack.pop();
            }
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Id, Timestamp};

    fn task(id: &str, parent: Option<&str>, on: &[&str]) -> Task {
        let mut task = Task::new(Id::parse(id).expect("an id"), Timestamp::EPOCH, "ada");
        task.parent = parent.map(str::to_owned);
        task.depends_on = on.iter().map(|on| (*on).to_owned()).collect();
        task
    }

    #[test]
    fn tasks_that_wait_for_each_other_are_one_cycle() {
        let graph = Graph::from_tasks(&[
            task("a", None, &["b"]),
            task("b", None, &["c", "x"]),
            task("c", None, &["a"]),
            task("x", None, &["gone"]),
            task("s", None, &["s"]),
            task("p", None, &[]),
            task("k", Some("p"), &["p"]),
            task("tail", None, &["a"]),
        ]);
        assert_eq!(cycles(&graph), [vec!["a", "b", "c"], vec!["k", "p"], vec!["s"]]);
    }

    #[test]
    fn a_chain_however_long_is_no_cycle() {
        let chain = (0..20_000).map(|n| task(&format!("t{n}"), None, &[&format!("t{}", n + 1)]));
        assert!(cycles(&Graph::from_tasks(&chain.collect::<Vec<_>>())).is_empty());
    }

    #[test]
    fn a_link_to_nothing_is_named_with_its_field() {
        let mut odd = task("a", Some("p"), &["b", "x"]);
        odd.related.insert("y".into());
        let tasks = [odd, task("b", None, &[])];
        let found = missing(&Graph::from_tasks(&tasks), &tasks);
        let fields: Vec<_> = found.iter().map(|one| (one.field.as_str(), one.target.as_str())).collect();
        assert_eq!(fields, [("parent", "p"), ("depends_on", "x"), ("related", "y")]);
    }
}
