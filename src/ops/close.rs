//! Closing tasks and opening them again.

use serde::{Deserialize, Serialize};

use super::wording::listed;
use super::{Context, access, completion, message, note, task::require};
use crate::base::{Error, Result, text};
use crate::query::Graph;
use crate::query::graph::Node;
use crate::records::message::Type;
use crate::records::policy::required_gates;
use crate::records::task::{GateStatus, Status, TASK, Task};
use crate::records::{Term, stamps};
use crate::state::{Changeset, Select, Snapshot};

/// Which task is done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Done {
    /// The task.
    pub task: String,
    /// What came of it.
    pub summary: Option<String>,
    /// The id of the claim.
    pub claim_id: Option<String>,
    /// Whether open children and dependencies, missing gates and somebody else's claim are passed over.
    pub force: bool,
}

/// Which task will not be done, and why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cancel {
    /// The task.
    pub task: String,
    /// Why not.
    pub reason: String,
}

/// Which task is to be done after all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reopen {
    /// The task.
    pub task: String,
}

/// Closes a task as done, and tells whom the asker reports to.
///
/// # Errors
/// `closed` or `claim_held` (3); `open_children`, `open_dependencies` or `gates_not_passed` (5) without force;
/// `not_found` (4).
pub fn done(snapshot: &dyn Snapshot, input: &Done, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    require_open(&before, "finish")?;
    access::require_holder(context, &before, input.claim_id.as_deref(), input.force, "finish")?;
    let held_back = held_back(snapshot, &before)?;
    if let Some(reason) = held_back.first().filter(|_| !input.force) {
        return Err(reason.refusal(&before));
    }
    let mut after = closed(&before, Status::Completed, context);
    if let Some(summary) = &input.summary {
        after.summary = Some(summary.clone());
    }
    stamps::mark(&before, &mut after, context.now, &context.agent);

    let mut changes = Changeset::new(format!("Finish {}: {}", after.id, text::excerpt(&after.title, 60)));
    changes.ends.clone_from(&before.claim);
    let mut metadata = completion::facts(&after);
    if input.force {
        let passed_over = passed_over(&before, &held_back, input, context);
        metadata.insert("forced".into(), passed_over.into());
        changes.subject = format!("Finish {} by force: {}", after.id, text::excerpt(&after.title, 60));
    }
    warn_of_loose_ends(&after, &mut changes);
    let body = completion::body(&after);
    let said = note::Said { r#type: Type::Completion, body: &body, report: true, metadata, ..note::Said::default() };
    note::say(snapshot, &after, said, context, &mut changes)?;
    changes.put_main(after);
    Ok(changes)
}

/// Says what a task that is done has left undone.
fn warn_of_loose_ends(task: &Task, changes: &mut Changeset) {
    let failed: Vec<String> =
        task.gates.iter().filter(|(_, gate)| gate.status == GateStatus::Failed).map(|(name, _)| name.clone()).collect();
    if !failed.is_empty() {
        changes.warn("gates_failed", format!("{} is done, and failed {}", task.id, listed(&failed)));
    }
    let open: Vec<String> = task.steps.iter().filter(|step| !step.done).map(|step| step.name.clone()).collect();
    if !open.is_empty() {
        changes.warn("steps_open", format!("{} is done, and not its steps {}", task.id, listed(&open)));
    }
}

/// Closes a task as not to be done.
///
/// # Errors
/// `closed` (3), `empty_text` (5), `not_found` (4).
pub fn cancel(snapshot: &dyn Snapshot, input: &Cancel, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    require_open(&before, "cancel")?;
    message::require_text(&input.reason, "reason")?;
    let mut after = closed(&before, Status::Cancelled, context);
    after.summary = Some(input.reason.clone());
    stamps::mark(&before, &mut after, context.now, &context.agent);
    let mut changes = Changeset::new(format!("Cancel {}: {}", after.id, text::excerpt(&input.reason, 60)));
    changes.ends.clone_from(&before.claim);
    changes.put_main(after);
    Ok(changes)
}

/// Opens a closed task again.
///
/// # Errors
/// `not_closed` (3), `not_found` (4).
pub fn reopen(snapshot: &dyn Snapshot, input: &Reopen, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    if before.is_open() {
        return Err(Error::conflict("not_closed", format!("cannot reopen {}: it is {}", before.id, before.status))
            .hint(format!("git coord show {}", before.id)));
    }
    let mut after = before.clone();
    after.status = Status::Pending;
    after.completed_at = None;
    after.summary = None;
    after.claim = None;
    after.assignee = None;
    stamps::mark(&before, &mut after, context.now, &context.agent);
    let mut changes = Changeset::new(format!("Reopen {}: {}", after.id, text::excerpt(&after.title, 60)));
    changes.ends.clone_from(&before.claim);
    changes.put_main(after);
    Ok(changes)
}

/// Refuses what makes no sense for a closed task.
///
/// # Errors
/// `closed`.
pub fn require_open(task: &Task, doing: &str) -> Result<()> {
    if task.is_open() {
        return Ok(());
    }
    let when = task.completed_at.map(|at| format!(" since {at}")).unwrap_or_default();
    Err(Error::conflict("closed", format!("cannot {doing} {}: it is {}{when}", task.id, task.status))
        .detail("status", task.status.as_str())
        .hint(format!("git coord show {}", task.id)))
}

fn closed(before: &Task, status: Status, context: &Context) -> Task {
    let mut after = before.clone();
    after.status = status;
    after.completed_at = Some(context.now);
    after.claim = None;
    after.blocked_on = None;
    after.defer_until = None;
    after
}

/// Why a task should not be closed as done yet.
enum HeldBack {
    Children(Vec<String>),
    Dependencies(Vec<String>),
    Gates(Vec<String>),
    Unreadable(Vec<String>),
}

impl HeldBack {
    fn names(&self) -> &[String] {
        match self {
            HeldBack::Children(names)
            | HeldBack::Dependencies(names)
            | HeldBack::Gates(names)
            | HeldBack::Unreadable(names) => names,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            HeldBack::Children(_) => "open_children",
            HeldBack::Dependencies(_) => "open_dependencies",
            HeldBack::Gates(_) => "gates_not_passed",
            HeldBack::Unreadable(_) => "unreadable",
        }
    }

    fn refusal(&self, task: &Task) -> Error {
        let names = listed(self.names());
        let why = match self {
            HeldBack::Children(children) if children.len() == 1 => format!("its child {names} is open"),
            HeldBack::Children(_) => format!("its children {names} are open"),
            HeldBack::Dependencies(_) => format!("it waits for {names}"),
            HeldBack::Gates(gates) if gates.len() == 1 => format!("the gate {names} has not passed"),
            HeldBack::Gates(_) => format!("the gates {names} have not passed"),
            HeldBack::Unreadable(_) => format!("{names} may be a part of it, and cannot be read"),
        };
        Error::invalid(self.code(), format!("cannot finish {}: {why}", task.id))
            .detail("names", self.names().to_vec())
            .hint(format!("git coord show {}", task.id))
    }
}

fn held_back(snapshot: &dyn Snapshot, task: &Task) -> Result<Vec<HeldBack>> {
    let mut reasons = Vec::new();
    let parts = snapshot.under(&TASK, &Select::with(Term::new("parent/open", task.id.as_str())))?;
    let open: Vec<String> = parts.into_iter().map(String::from).collect();
    if !open.is_empty() {
        reasons.push(HeldBack::Children(open));
    }
    if !task.depends_on.is_empty() {
        let graph = Graph::around(snapshot, task)?;
        let open: Vec<String> = graph.open_dependencies(&Node::of(task)).map(str::to_owned).collect();
        if !open.is_empty() {
            reasons.push(HeldBack::Dependencies(open));
        }
    }
    let unreadable = snapshot.broken_naming(&TASK, &task.id)?;
    if !unreadable.is_empty() {
        reasons.push(HeldBack::Unreadable(unreadable.into_iter().map(String::from).collect()));
    }
    let missing = missing_gates(snapshot, task)?;
    if !missing.is_empty() {
        reasons.push(HeldBack::Gates(missing));
    }
    Ok(reasons)
}

/// The gates that the team's policy `required_gates` names and that have not passed.
fn missing_gates(snapshot: &dyn Snapshot, task: &Task) -> Result<Vec<String>> {
    let required = required_gates(&snapshot.config()?)?;
    let passed = |name: &str| task.gates.get(name).is_some_and(|gate| gate.status == GateStatus::Passed);
    Ok(required.into_iter().filter(|name| !passed(name)).collect())
}

fn passed_over(task: &Task, held_back: &[HeldBack], input: &Done, context: &Context) -> Vec<String> {
    let mut words: Vec<String> = held_back.iter().map(|reason| reason.code().to_owned()).collect();
    if access::require_holder(context, task, input.claim_id.as_deref(), false, "finish").is_err() {
        words.push("claim_held".to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};
    use crate::records::Message;
    use crate::state::all;

    fn finish(task: &str, force: bool) -> Operation {
        Operation::Done(Done { task: task.into(), summary: Some("did it".into()), force, ..Done::default() })
    }

    #[test]
    fn done_closes_the_task_frees_the_claim_and_says_so() {
        let mut world = World::new();
        world.task("a");
        world.claim("a");
        world.run(finish("a", false)).expect("done");
        let task = world.get("a");
        assert_eq!(
            (task.status.clone(), task.claim.clone(), task.summary.as_deref()),
            (Status::Completed, None, Some("did it"))
        );
        assert_eq!((task.completed_at, task.assignee.as_deref()), (Some(world.now), Some("ada")));
        let said = &all::<Message>(&world.records).expect("messages")[0];
        assert_eq!(
            (said.r#type.as_str(), said.thread.as_deref(), said.body.as_str()),
            ("completion", Some("a"), "did it")
        );
    }

    #[test]
    fn an_unclaimed_open_task_can_be_finished_and_a_finished_one_cannot() {
        let mut world = World::new();
        world.task("a");
        world.run(finish("a", false)).expect("done");
        assert_eq!(code(world.run(finish("a", true))), "closed");
    }

    #[test]
    fn somebody_elses_task_is_finished_only_by_force_and_that_is_recorded() {
        let mut world = World::new();
        world.task("a");
        world.claim("a");
        world.become_other("bob");
        assert_eq!(code(world.run(finish("a", false))), "claim_held");
        world.run(finish("a", true)).expect("forced");
        let said = &all::<Message>(&world.records).expect("messages")[0];
        assert_eq!(said.metadata["forced"], json!(["claim_held"]));
    }

    #[test]
    fn open_children_dependencies_and_required_gates_hold_a_task_back() {
        let mut world = World::new();
        for id in ["a", "b", "c"] {
            world.task(id);
        }
        let mut child = world.get("b");
        child.parent = Some("a".into());
        world.put(child);
        assert_eq!(code(world.run(finish("a", false))), "open_children");
        let mut waiting = world.get("c");
        waiting.depends_on = ["a".to_owned()].into();
        world.put(waiting);
        assert_eq!(code(world.run(finish("c", false))), "open_dependencies");
        world.records.settings.policy.insert("required_gates".into(), json!(["pytest"]));
        assert_eq!(code(world.run(finish("b", false))), "gates_not_passed");
        world.run(finish("a", true)).expect("forced");
    }

    #[test]
    fn cancel_closes_with_the_reason_and_reopen_clears_it() {
        let mut world = World::new();
        world.task("a");
        world.claim("a");
        let cancel = |reason: &str| Operation::Cancel(Cancel { task: "a".into(), reason: reason.into() });
        assert_eq!(code(world.run(cancel(" "))), "empty_text");
        world.run(cancel("not needed")).expect("cancelled");
        let task = world.get("a");
        assert_eq!((task.status, task.summary.as_deref(), task.claim), (Status::Cancelled, Some("not needed"), None));

        let reopen = || Operation::Reopen(Reopen { task: "a".into() });
        world.run(reopen()).expect("reopened");
        let task = world.get("a");
        assert_eq!((task.status, task.summary, task.completed_at, task.epoch), (Status::Pending, None, None, 1));
        assert_eq!(code(world.run(reopen())), "not_closed");
    }
}
