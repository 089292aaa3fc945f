//! What is odd about the links between tasks: cycles, and targets that do not exist.
//!
//! Both are legal in storage and may come from a merge or an import. Nothing is repaired here; they are only named. Of
//! a task no more is kept than its links, so that a million of them can be looked at.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Graph;
use super::graph::Node;
use crate::base::Result;
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

/// The links of one task to others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    parent: Option<String>,
    depends_on: Vec<String>,
    /// Links that hold nobody up, each with its field.
    others: Vec<(&'static str, String)>,
}

impl Links {
    /// Returns the links of a task.
    pub fn of(task: &Task) -> Links {
        let others = [("related", &task.related), ("discovered_from", &task.discovered_from)];
        let others = others.into_iter().flat_map(|(field, set)| set.iter().map(move |target| (field, target.clone())));
        Links {
            parent: task.parent.clone(),
            depends_on: task.depends_on.iter().cloned().collect(),
            others: others.collect(),
        }
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parent.is_none() && self.depends_on.is_empty() && self.others.is_empty()
    }

    /// Returns the links to tasks that do not exist.
    ///
    /// # Errors
    /// Those of `exists`.
    pub fn missing(&self, task: &str, mut exists: impl FnMut(&str) -> Result<bool>) -> Result<Vec<Missing>> {
        let parent = self.parent.iter().map(|target| ("parent", target));
        let waits = self.depends_on.iter().map(|target| ("depends_on", target));
        let others = self.others.iter().map(|(field, target)| (*field, target));
        let mut found = Vec::new();
        for (field, target) in parent.chain(waits).chain(others) {
            if !exists(target)? {
                found.push(Missing { task: task.to_owned(), field: field.to_owned(), target: target.clone() });
            }
        }
        Ok(found)
    }
}

/// Returns the links of tasks to tasks that do not exist, in the order of the tasks.
pub fn missing<'a>(graph: &Graph, tasks: impl IntoIterator<Item = &'a Task>) -> Vec<Missing> {
    let of = |task: &Task| Links::of(task).missing(&task.id, |target| Ok(graph.contains(target)));
    tasks.into_iter().filter_map(|task| of(task).ok()).flatten().collect()
}

/// Returns the groups of tasks that wait for each other, as [`cycles_among`] does.
pub fn cycles(graph: &Graph) -> Vec<Vec<String>> {
    let of = |task: &Node| Links {
        parent: task.parent.clone(),
        depends_on: task.depends_on.iter().cloned().collect(),
        others: Vec::new(),
    };
    let links: Vec<(&str, Links)> = graph.tasks().map(|task| (task.id().as_str(), of(task))).collect();
    let links = links.iter().map(|(id, links)| (*id, links)).collect();
    // All are among the tasks.
    cycles_among(&links, |_| Ok(false)).unwrap_or_default()
}

/// Returns the groups of tasks that wait for each other, over dependencies, children and what ancestors wait for:
/// each group in the order of its ids, the groups in the order of their first. Tasks without links may be left out.
///
/// # Errors
/// Those of `exists`, which is asked about parents that are not among the tasks.
pub fn cycles_among(
    tasks: &BTreeMap<&str, &Links>,
    mut exists: impl FnMut(&str) -> Result<bool>,
) -> Result<Vec<Vec<String>>> {
    let named = tasks.values().flat_map(|links| links.parent.iter().chain(&links.depends_on)).map(String::as_str);
    let names: BTreeSet<&str> = tasks.keys().copied().chain(named).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let number = |name: &str| names.binary_search(&name).expect("all names are there");
    // Behind the tasks stands for each what its ancestors wait for, so that a large family needs no more than that.
    let mut web = Web { next: vec![Vec::new(); names.len() * 2] };
    let above = |task: usize| task + names.len();
    for (name, links) in tasks {
        let task = number(name);
        web.next[task].extend(links.depends_on.iter().map(|target| number(target)));
        let Some(parent) = links.parent.as_deref() else { continue };
        if !tasks.contains_key(parent) && !exists(parent)? {
            continue;
        }
        web.next[number(parent)].push(task);
        web.next[task].push(above(task));
        web.next[above(task)].push(above(number(parent)));
        let waits = tasks.get(parent).into_iter().flat_map(|links| &links.depends_on);
        web.next[above(task)].extend(waits.map(|target| number(target)));
    }
    let groups = web.groups().into_iter().map(|group| group.into_iter().filter_map(|node| names.get(node)));
    let mut cycles: Vec<Vec<String>> =
        groups.map(|group| group.map(|name| (*name).to_owned()).collect::<Vec<_>>()).collect();
    cycles.retain(|cycle| !cycle.is_empty());
    cycles.iter_mut().for_each(|cycle| cycle.sort());
    cycles.sort();
    Ok(cycles)
}

/// Who leads to whom, by number.
struct Web {
    next: Vec<Vec<usize>>,
}

impl Web {
    /// Returns the groups that reach each other: of several, or of one that leads to itself. Walked forwards, then
    /// backwards in the opposite order of leaving (Kosaraju).
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut back = Web { next: vec![Vec::new(); self.next.len()] };
        for (from, targets) in self.next.iter().enumerate() {
            targets.iter().for_each(|target| back.next[*target].push(from));
        }
        let mut seen = vec![false; self.next.len()];
        let mut order = Vec::new();
        (0..self.next.len()).for_each(|from| self.walk(from, &mut seen, &mut order));
        seen.fill(false);
        let mut groups = Vec::new();
        for from in order.into_iter().rev() {
            let mut group = Vec::new();
            back.walk(from, &mut seen, &mut group);
            if group.len() > 1 || group.iter().any(|node| self.next[*node].contains(node)) {
                groups.push(group);
            }
        }
        groups
    }

    /// Adds what is reached and was not seen, each after all it leads to. A chain may be long, so the stack is our own.
    fn walk(&self, from: usize, seen: &mut [bool], left: &mut Vec<usize>) {
        if std::mem::replace(&mut seen[from], true) {
            return;
        }
        let mut stack = vec![(from, self.next[from].iter())];
        while let Some((node, todo)) = stack.last_mut() {
            match todo.next() {
                Some(target) if !std::mem::replace(&mut seen[*target], true) => {
                    stack.push((*target, self.next[*target].iter()));
                }
                Some(_) => {}
                None => {
                    left.push(*node);
                    stack.pop();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::{Id, Timestamp};

    fn task(id: &str, parent: Option<&str>, on: &[&str]) -> Task {
        let mut task = Task::new(Id::parse(id).expect("an id"), Timestamp::EPOCH, "ada");
        task.parent = parent.map(str::to_owned);
        task.depends_on = on.iter().map(|on| (*on).to_owned()).collect();
        task
    }

    fn cycles_of(tasks: &[Task]) -> Vec<Vec<String>> {
        let links: Vec<(&str, Links)> = tasks.iter().map(|task| (task.id.as_str(), Links::of(task))).collect();
        let some = links.iter().filter(|(_, links)| !links.is_empty()).map(|(id, links)| (*id, links)).collect();
        cycles_among(&some, |id| Ok(tasks.iter().any(|task| task.id.as_str() == id))).expect("groups")
    }

    #[test]
    fn tasks_that_wait_for_each_other_are_one_cycle() {
        let tasks = [
            task("a", None, &["b"]),
            task("b", None, &["c", "x"]),
            task("c", None, &["a"]),
            task("x", None, &["gone"]),
            task("s", None, &["s"]),
            task("p", None, &[]),
            task("k", Some("p"), &["p"]),
            task("orphan", Some("lost"), &["lost"]),
            task("tail", None, &["a"]),
        ];
        assert_eq!(cycles_of(&tasks), [vec!["a", "b", "c"], vec!["k", "p"], vec!["s"]]);
    }

    #[test]
    fn a_chain_however_long_is_no_cycle() {
        let chain: Vec<Task> = (0..20_000).map(|n| task(&format!("t{n}"), None, &[&format!("t{}", n + 1)])).collect();
        assert!(cycles_of(&chain).is_empty());
    }

    #[test]
    fn a_link_to_nothing_is_named_with_its_field() {
        let mut odd = task("a", Some("p"), &["b", "x"]);
        odd.related.insert("y".into());
        let found = Links::of(&odd).missing("a", |id| Ok(id == "b")).expect("found");
        let fields: Vec<_> = found.iter().map(|one| (one.field.as_str(), one.target.as_str())).collect();
        assert_eq!(fields, [("parent", "p"), ("depends_on", "x"), ("related", "y")]);
    }

    /// Who is reached from a task in one step or more, over tasks that exist.
    fn reached(graph: &Graph, from: &str) -> BTreeSet<String> {
        let (mut seen, mut todo) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(id) = todo.pop() {
            let next = graph.waited_for(&id).into_iter().filter(|next| graph.contains(next));
            todo.extend(next.filter(|next| seen.insert(next.clone())).collect::<Vec<_>>());
        }
        seen
    }

    /// Groups by the plain meaning of the word.
    fn slow_cycles(graph: &Graph) -> Vec<Vec<String>> {
        let reached: BTreeMap<&str, BTreeSet<String>> =
            graph.tasks().map(|task| (task.id().as_str(), reached(graph, task.id()))).collect();
        let group = |(id, from): (&&str, &BTreeSet<String>)| -> Vec<String> {
            from.iter().filter(|other| reached[other.as_str()].contains(*id)).cloned().collect()
        };
        let groups: BTreeSet<Vec<String>> = reached.iter().map(group).filter(|group| !group.is_empty()).collect();
        groups.into_iter().collect()
    }

    proptest! {
        #[test]
        fn cycles_are_what_the_graph_says(
            tasks in proptest::collection::vec((0..10_u8, proptest::collection::vec(0..10_u8, 0..3)), 0..8),
        ) {
            // Two names stand for no task.
            let tasks: Vec<Task> = tasks.iter().enumerate().map(|(n, (parent, on))| {
                let parent = (*parent < 9).then(|| format!("t{parent}"));
                let on: Vec<String> = on.iter().map(|on| format!("t{on}")).collect();
                task(&format!("t{n}"), parent.as_deref(), &on.iter().map(String::as_str).collect::<Vec<_>>())
            }).collect();
            let graph = Graph::from_tasks(&tasks);
            prop_assert_eq!(cycles_of(&tasks), slow_cycles(&graph));
            prop_assert_eq!(cycles(&graph), slow_cycles(&graph));
        }
    }
}
