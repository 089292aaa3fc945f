//! Several operations as one: all of them happen, in their order, or none does.

use serde::{Deserialize, Serialize};

use super::{Context, Operation};
use crate::base::{Result, Seed};
use crate::query::Tracked;
use crate::state::overlay::{InMemory, Shelf};
use crate::state::{Changeset, Overlay, Snapshot};

/// Operations that are one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Batch {
    /// One line that says what they are together; the subject of the commit.
    pub subject: String,
    /// The operations; each is decided on what those before it leave behind.
    pub steps: Vec<Operation>,
}

/// Does all operations of a batch.
///
/// # Errors
/// The refusal of the first that does not fit, with its place in the detail `step`, from 0.
pub fn batch(snapshot: &dyn Snapshot, input: &Batch, context: &Context) -> Result<Changeset> {
    let (mut bench, mut whole) = (Bench::new(Overlay::new(snapshot), context), Changeset::new(&input.subject));
    for operation in &input.steps {
        whole.absorb(bench.add(operation)?);
    }
    Ok(whole)
}

/// Where a batch is put together, operation by operation.
pub struct Bench<'a, S = InMemory> {
    records: Overlay<'a, S>,
    seed: Seed,
    context: Context,
    steps: u32,
}

impl<'a, S: Shelf> Bench<'a, S> {
    /// Begins with nothing but a moment, over which nothing was laid.
    pub fn new(records: Overlay<'a, S>, context: &Context) -> Self {
        Bench { records, seed: context.seed.clone(), context: context.clone(), steps: 0 }
    }

    /// Returns the records as the operations so far leave them.
    pub fn records(&self) -> &Overlay<'a, S> {
        &self.records
    }

    /// Gives the files that git tracks, where an operation asks for them.
    pub fn know_files(&mut self, tracked: Tracked) {
        self.context.tracked = tracked;
    }

    /// Does a further operation, and returns its change, which the next ones find made.
    ///
    /// # Errors
    /// Its refusal, with its place in the detail `step`; `io`, `disk_full` where the records cannot be kept.
    pub fn add(&mut self, operation: &Operation) -> Result<Changeset> {
        // Ids of its own: two operations of one batch never make the same.
        self.context.seed = self.seed.part(self.steps);
        let change =
            super::apply(operation, &self.records, &self.context).map_err(|error| error.detail("step", self.steps))?;
        self.records.lay(&change)?;
        // What the batch has taken, its later operations hold.
        self.context.held.extend(change.holds.iter().map(|claim| claim.id.clone()));
        self.steps += 1;
        Ok(change)
    }

    /// Returns how many operations were done.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Ends it: returns the records as the operations leave them.
    pub fn done(self) -> Overlay<'a, S> {
        self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::fixture::{World, code, input};
    use crate::ops::{claim, close, note, task};
    use crate::records::Message;
    use crate::state::all;

    fn batch_of(steps: Vec<Operation>) -> Operation {
        Operation::Batch(Batch { subject: "Together".into(), steps })
    }

    fn task(title: &str) -> Operation {
        input(task::New { title: title.into(), ..task::New::default() })
    }

    fn noted(task: &str, text: &str) -> Operation {
        Operation::Note(note::Note { task: task.into(), text: text.into(), ..note::Note::default() })
    }

    #[test]
    fn each_operation_finds_what_those_before_it_have_left() {
        let mut world = World::new();
        world.task("a");
        let claim = Operation::Claim(claim::Claim { task: "a".into(), ..claim::Claim::default() });
        let done = Operation::Done(close::Done { task: "a".into(), ..close::Done::default() });
        let changes = world.run(batch_of(vec![claim, done])).expect("claimed and done");
        assert_eq!(world.get("a").status, crate::records::task::Status::Completed);
        assert_eq!(changes.parts.len(), 2);
    }

    #[test]
    fn every_operation_makes_ids_of_its_own_and_messages_keep_their_order() {
        let mut world = World::new();
        let changes = world.run(batch_of(vec![task("x"), task("y")])).expect("made");
        let ids: std::collections::BTreeSet<_> =
            changes.parts.iter().filter_map(|part| Some(part.about.as_ref()?.id().clone())).collect();
        assert_eq!(ids.len(), 2);
        world.task("a");
        world.run(batch_of((0..20).map(|n| noted("a", &format!("{n}"))).collect())).expect("noted");
        let said: Vec<_> = all::<Message>(&world.records).expect("messages").into_iter().map(|m| m.body).collect();
        assert_eq!(said, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn one_that_does_not_fit_refuses_all() {
        let mut world = World::new();
        let error = world.run(batch_of(vec![task("x"), noted("nowhere", "y")])).expect_err("no such task");
        assert_eq!((error.code(), error.details().get("step")), ("not_found", Some(&1.into())));
        assert_eq!(code(world.run(batch_of(vec![task("x"), noted("nowhere", "y")]))), "not_found");
        assert_eq!(all::<crate::records::Task>(&world.records).expect("tasks").len(), 0);
    }
}
