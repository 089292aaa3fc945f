//! How far a task is: its steps, and the checks of the work.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Context, access, revise::revise, task::require};
use crate::base::{Error, Result, text};
use crate::records::check;
use crate::records::task::{Gate as Check, GateStatus, Step as Part, Task};
use crate::state::{Changeset, Snapshot};

/// A step of a task that begins, or is done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    /// The task.
    pub task: String,
    /// The step.
    pub name: String,
    /// Whether it is done; else it begins.
    pub done: bool,
    /// Whether it is only to be done later.
    pub later: bool,
    /// The id of the claim.
    pub claim_id: Option<String>,
    /// Whether somebody else's claim is passed over.
    pub force: bool,
}

/// What a check of the work said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gate {
    /// The task.
    pub task: String,
    /// The check.
    pub name: String,
    /// What it said: passed, failed, not_run.
    pub status: String,
    /// Its figures.
    pub figures: BTreeMap<String, Value>,
    /// The id of the claim.
    pub claim_id: Option<String>,
    /// Whether somebody else's claim is passed over.
    pub force: bool,
}

/// Begins a step, plans it, or says that it is done; one that the task does not have yet comes last.
///
/// # Errors
/// `claim_held` (3), `bad_record` (5), `not_found` (4).
pub fn step(snapshot: &dyn Snapshot, input: &Step, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    access::require_holder(context, &before, input.claim_id.as_deref(), input.force, "change the steps of")?;
    check::name("step", &input.name)?;
    let mut after = before.clone();
    let part = part(&mut after, &input.name);
    if input.done && !part.done {
        part.done = true;
        part.done_at = Some(context.now);
    } else if !input.done {
        part.done = false;
        part.done_at = None;
    }
    let (what, current) = match (input.done, input.later) {
        (true, _) => ("Finish", current_after(&after, &input.name)),
        (false, true) => ("Plan", after.current_step.clone().filter(|current| *current != input.name)),
        (false, false) => ("Begin", Some(input.name.clone())),
    };
    after.current_step = current;
    let subject = format!("{what} step {} of {}", text::excerpt(&input.name, 40), after.id);
    Ok(changed(&before, after, subject, input.claim_id.as_deref(), context))
}

/// Writes down what a check of the work said.
///
/// # Errors
/// `claim_held` (3), `bad_record` (5), `not_found` (4).
pub fn gate(snapshot: &dyn Snapshot, input: &Gate, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    access::require_holder(context, &before, input.claim_id.as_deref(), input.force, "change the gates of")?;
    check::name("gate", &input.name)?;
    let status = parse_status(&input.status)?;
    for figure in input.figures.keys() {
        check::name("figure", figure)?;
        if matches!(figure.as_str(), "status" | "last_run") {
            return Err(
                Error::invalid("bad_record", format!("a figure cannot be called {figure}")).detail("field", "figure")
            );
        }
    }
    let mut after = before.clone();
    let last_run = (status != GateStatus::NotRun).then_some(context.now);
    let check = Check { status: status.clone(), last_run, figures: input.figures.clone() };
    after.gates.insert(input.name.clone(), check);
    let subject = format!("Gate {} of {}: {status}", text::excerpt(&input.name, 40), after.id);
    Ok(changed(&before, after, subject, input.claim_id.as_deref(), context))
}

/// Returns the step of that name, added at the end where the task has none.
fn part<'a>(task: &'a mut Task, name: &str) -> &'a mut Part {
    let at = match task.steps.iter().position(|part| part.name == name) {
        Some(at) => at,
        None => {
            task.steps.push(Part { name: name.to_owned(), ..Part::default() });
            task.steps.len() - 1
        }
    };
    &mut task.steps[at]
}

/// What is being done after a step was finished: what it was, unless it was that step, then the next one to do.
fn current_after(task: &Task, finished: &str) -> Option<String> {
    match task.current_step.as_deref() {
        Some(current) if current != finished => Some(current.to_owned()),
        _ => task.steps.iter().find(|part| !part.done).map(|part| part.name.clone()),
    }
}

fn parse_status(word: &str) -> Result<GateStatus> {
    match GateStatus::from(word) {
        GateStatus::Other(_) => {
            let shown = text::excerpt(word, 40);
            Err(Error::invalid("bad_record", format!("a gate has passed, failed or not_run, not «{shown}»"))
                .detail("field", "status"))
        }
        status => Ok(status),
    }
}

fn changed(before: &Task, after: Task, subject: String, claim_id: Option<&str>, context: &Context) -> Changeset {
    let mut changes = Changeset::new(subject);
    changes.holds = access::held_by(context, before, claim_id);
    revise(&mut changes, before, after, context);
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};

    fn at(name: &str, done: bool) -> Operation {
        Operation::Step(Step { task: "a".into(), name: name.into(), done, ..Step::default() })
    }

    fn said(status: &str) -> Operation {
        let figures = BTreeMap::from([("failed".to_owned(), Value::from(3))]);
        Operation::Gate(Gate {
            task: "a".into(),
            name: "pytest".into(),
            status: status.into(),
            figures,
            ..Gate::default()
        })
    }

    fn world() -> World {
        let mut world = World::new();
        world.task("a");
        world.claim("a");
        world
    }

    #[test]
    fn steps_begin_end_and_begin_again() {
        let mut world = world();
        for name in ["design", "build"] {
            world.run(at(name, false)).expect("begun");
        }
        assert_eq!(world.get("a").current_step.as_deref(), Some("build"));
        world.run(at("build", true)).expect("done");
        let task = world.get("a");
        assert_eq!((task.current_step.as_deref(), task.steps[1].done_at), (Some("design"), Some(world.now)));
        assert!(world.run(at("build", true)).expect("done before").is_empty());
        world.run(at("design", true)).expect("done");
        assert_eq!(world.get("a").current_step, None);
        world.run(at("build", false)).expect("begun again");
        assert_eq!((world.get("a").steps[1].done, world.get("a").steps[1].done_at), (false, None));
    }

    #[test]
    fn a_gate_keeps_its_last_answer_and_its_figures() {
        let mut world = world();
        world.run(said("failed")).expect("noted");
        let gate = world.get("a").gates["pytest"].clone();
        assert_eq!(
            (gate.status, gate.last_run, gate.figures["failed"].as_u64()),
            (GateStatus::Failed, Some(world.now), Some(3))
        );
        world.run(said("passed")).expect("noted");
        assert_eq!(world.get("a").gates["pytest"].status, GateStatus::Passed);
        assert_eq!(code(world.run(said("green"))), "bad_record");
    }

    #[test]
    fn only_the_holder_says_how_far_a_claimed_task_is() {
        let mut world = world();
        world.become_other("bob");
        assert_eq!(code(world.run(at("design", false))), "claim_held");
        assert_eq!(code(world.run(said("passed"))), "claim_held");
    }
}
