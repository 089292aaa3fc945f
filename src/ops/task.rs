//! Making tasks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Context;
use crate::base::{Error, Id, Result, text};
use crate::query::Graph;
use crate::records::record::Typed;
use crate::records::{Kind, Task, task};
use crate::state::snapshot::missing;
use crate::state::{Changeset, Snapshot, find};

/// What a new task is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct New {
    /// What is to be done.
    pub title: String,
    /// The id, where the user chose one.
    pub id: Option<String>,
    /// The description.
    pub body: String,
    /// How much it matters.
    pub priority: Option<String>,
    /// What sort of work it is.
    pub r#type: Option<String>,
    /// Free labels.
    pub labels: BTreeSet<String>,
    /// The sprint it belongs to.
    pub sprint: Option<String>,
    /// The task it is a part of.
    pub parent: Option<String>,
    /// The tasks it waits for.
    pub depends_on: BTreeSet<String>,
    /// The tasks during which it was found.
    pub discovered_from: BTreeSet<String>,
}

/// Makes a task.
///
/// # Errors
/// `id_taken` (3) where the id is in use, `not_found` (4) where the parent or a dependency is not there, `cycle` (5)
/// where it would wait for itself, `bad_record` or `bad_id` (5) where a field breaks a rule.
pub fn new(snapshot: &dyn Snapshot, input: &New, context: &Context) -> Result<Changeset> {
    let id = fresh_id(snapshot, &task::TASK, input.id.as_deref(), context)?;
    let mut task = Task::new(id, context.now, &context.agent);
    task.title.clone_from(&input.title);
    task.body.clone_from(&input.body);
    task.priority = input.priority.as_deref().map(parse_priority).transpose()?.unwrap_or_default();
    task.r#type = input.r#type.as_deref().map(task::Type::from).unwrap_or_default();
    task.labels.clone_from(&input.labels);
    task.sprint.clone_from(&input.sprint);
    task.parent.clone_from(&input.parent);
    task.depends_on.clone_from(&input.depends_on);
    task.discovered_from.clone_from(&input.discovered_from);
    task.validate()?;

    let mut changes = Changeset::new(format!("Add task {}: {}", task.id, text::excerpt(&task.title, 60)));
    check_place(snapshot, &task, &mut changes)?;
    for on in &task.depends_on {
        require(snapshot, on)?;
    }
    if task.parent.is_some() && !task.depends_on.is_empty() {
        refuse_deadlock(snapshot, &task)?;
    }
    changes.put_main(task);
    Ok(changes)
}

/// Checks where a task stands: its parent must be there; a sprint or an origin may come later.
pub fn check_place(snapshot: &dyn Snapshot, task: &Task, changes: &mut Changeset) -> Result<()> {
    if let Some(parent) = &task.parent {
        let parent = require(snapshot, parent)?;
        if !parent.is_open() {
            changes.warn("parent_closed", format!("{} is {}, and has an open child now", parent.id, parent.status));
        }
    }
    for from in &task.discovered_from {
        if find::<Task>(snapshot, from)?.is_none() {
            changes.warn("missing_reference", format!("there is no task {from} yet"));
        }
    }
    if let Some(sprint) = &task.sprint
        && Kind::find("sprint").is_none_or(|kind| snapshot.find(kind, sprint).is_ok_and(|found| found.is_none()))
    {
        changes.warn("missing_sprint", format!("there is no sprint {} yet", text::excerpt(sprint, 40)));
    }
    Ok(())
}

/// Returns the task with this id, which must be there.
///
/// # Errors
/// `not_found`; `unreadable` where its file is no task.
pub fn require(snapshot: &dyn Snapshot, id: &str) -> Result<Task> {
    find::<Task>(snapshot, id)?.ok_or_else(|| missing(&task::TASK, id).hint("git coord task list"))
}

/// Returns the priority that a text names: `P1`, `p1` or `1`.
///
/// # Errors
/// `bad_record` where it is none of the five.
pub fn parse_priority(text: &str) -> Result<task::Priority> {
    let digit = text.trim_start_matches(['P', 'p']);
    match task::Priority::from(format!("P{digit}").as_str()) {
        task::Priority::Other(_) => {
            let shown = text::excerpt(text, 40);
            Err(Error::invalid("bad_record", format!("priority must be P0 to P4, not «{shown}»"))
                .detail("field", "priority"))
        }
        priority => Ok(priority),
    }
}

/// Returns the id of a new record: the chosen one, which must be free, or a generated one.
///
/// # Errors
/// `bad_id` (5) where the chosen id has a wrong form, `id_taken` (3) where it is in use.
pub fn fresh_id(snapshot: &dyn Snapshot, kind: &'static Kind, chosen: Option<&str>, context: &Context) -> Result<Id> {
    let Some(chosen) = chosen else { return Ok(context.seed.id(kind.letter, 0)) };
    let id = Id::parse(chosen)?;
    match snapshot.twin(kind, &id)? {
        None => Ok(id),
        Some(taken) => {
            Err(Error::conflict("id_taken", format!("cannot make {} {id}: {taken} is there already", kind.name))
                .detail("id", taken.as_str())
                .hint(format!("git coord show {}/{taken}", kind.name)))
        }
    }
}

/// Refuses a task that, as it is to be among the others, would wait for something that waits for it.
///
/// # Errors
/// `cycle`.
pub fn refuse_deadlock(others: &dyn Snapshot, task: &Task) -> Result<()> {
    refuse_circle(&Graph::reach(others, &task.id, Some(task))?, &task.id)
}

/// Refuses a task that waits, among all as they are to be, for something that waits for it.
///
/// # Errors
/// `cycle`.
pub fn refuse_circle(all: &Graph, task: &str) -> Result<()> {
    match all.deadlock(task) {
        None => Ok(()),
        Some(on) => Err(Error::invalid("cycle", format!("{task} would wait for {on}, which would wait for it"))
            .detail("on", on.as_str())
            .hint(format!("git coord show {on}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::fixture::{World, code, input};

    #[test]
    fn a_task_gets_a_random_id_or_the_chosen_one() {
        let mut world = World::new();
        let made =
            world.run(crate::ops::Operation::TaskNew(New { title: "x".into(), ..New::default() })).expect("made");
        assert_eq!(made.about.expect("a task").id().len(), 14);
        world.task("T-1");
        assert_eq!(world.get("T-1").created_by, "ada");
    }

    #[test]
    fn an_id_is_taken_whatever_its_case() {
        let mut world = World::new();
        world.task("T-1");
        assert_eq!(
            code(world.run(input(New { title: "x".into(), id: Some("t-1".into()), ..New::default() }))),
            "id_taken"
        );
    }

    #[test]
    fn a_missing_parent_or_dependency_is_refused_and_a_missing_sprint_is_not() {
        let mut world = World::new();
        let new = New { title: "x".into(), parent: Some("p".into()), ..New::default() };
        assert_eq!(code(world.run(input(new))), "not_found");
        let new = New { title: "x".into(), depends_on: ["p".to_owned()].into(), ..New::default() };
        assert_eq!(code(world.run(input(new))), "not_found");
        let new = New { title: "x".into(), sprint: Some("s".into()), ..New::default() };
        assert_eq!(world.run(input(new)).expect("made").warnings[0].code, "missing_sprint");
    }

    #[test]
    fn a_task_cannot_wait_for_the_task_it_is_part_of() {
        let mut world = World::new();
        world.task("p");
        let new =
            New { title: "x".into(), parent: Some("p".into()), depends_on: ["p".to_owned()].into(), ..New::default() };
        assert_eq!(code(world.run(input(new))), "cycle");
    }

    #[test]
    fn a_priority_may_be_typed_short() {
        assert_eq!(parse_priority("1").expect("one of five"), task::Priority::P1);
        assert_eq!(parse_priority("p0").expect("one of five"), task::Priority::P0);
        assert!(parse_priority("7").is_err());
        assert!(parse_priority("high").is_err());
    }
}
