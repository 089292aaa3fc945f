//! The transitions: pure functions from a moment and an input to what should be different, or a refusal.
//!
//! Nothing here reads a clock, draws a random number or knows git: `now`, the seed of ids and who is asking come in
//! the [`Context`]. The same operation may be run again on a newer moment, and must then decide anew.

pub mod access;
pub mod agent;
pub mod archive;
pub mod batch;
pub mod bug;
pub mod claim;
pub mod close;
pub mod completion;
pub mod block;
pub mod config;
pub mod context;
pub mod decision;
pub mod defer;
pub mod delivery;
pub mod dependency;
pub mod describe;
pub mod edit;
pub mod import;
pub mod message;
pub mod next;
pub mod note;
pub mod progress;
pub mod release;
pub mod remove;
mod reserve;
pub mod resolve;
pub mod settle;
pub mod revise;
pub mod sprint;
pub mod status;
pub mod task;
pub mod undo;
pub mod wording;

use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::state::{Changeset, Snapshot};

pub use context::Context;

/// Everything that can be done to the records, with its input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Operation {
    /// Makes a task.
    TaskNew(task::New),
    /// Makes a task of a bug, and tells who should know.
    BugReport(bug::Report),
    /// Changes fields of a record.
    Edit(edit::Edit),
    /// Makes a task wait for another.
    DependencyAdd(dependency::Edge),
    /// Makes a task no longer wait for another.
    DependencyRemove(dependency::Edge),
    /// Takes a task.
    Claim(claim::Claim),
    /// Takes the first task that is ready.
    ClaimNext(next::Next),
    /// Gives a task back.
    Release(release::Release),
    /// Closes a task as done.
    Done(close::Done),
    /// Closes a task as not to be done.
    Cancel(close::Cancel),
    /// Opens a closed task again.
    Reopen(close::Reopen),
    /// Says that a task cannot go on.
    Block(block::Block),
    /// Says that a task can go on.
    Unblock(block::Unblock),
    /// Puts a task off.
    Defer(defer::Defer),
    /// Begins or ends a step of a task.
    Step(progress::Step),
    /// Writes down what a check of the work said.
    Gate(progress::Gate),
    /// Changes the text of a task.
    Describe(describe::Describe),
    /// Puts a remark into the thread of a task.
    Note(note::Note),
    /// Sends a message.
    Send(message::Send),
    /// Answers a message.
    Reply(message::Reply),
    /// Takes messages out of the inbox.
    Read(message::Read),
    /// Makes an agent profile.
    AgentNew(agent::New),
    /// Writes into the log of an agent.
    AgentLog(agent::Log),
    /// Sets a policy of the team.
    Agree(config::Agree),
    /// Removes a record.
    Remove(remove::Remove),
    /// Makes a sprint.
    SprintNew(sprint::New),
    /// Starts a sprint.
    SprintStart(sprint::Start),
    /// Closes a sprint.
    SprintClose(sprint::Close),
    /// Writes a decision down.
    DecisionNew(decision::New),
    /// Reports how a sprint or a task stands.
    StatusPost(status::Post),
    /// Puts away what is closed or old.
    Archive(archive::Archive),
    /// Settles a conflict.
    Resolve(resolve::Resolve),
    /// Settles claims by what the remote has.
    Settle(settle::Settle),
    /// Takes a commit back.
    Undo(undo::Undo),
    /// Does several things in one commit, or none.
    Batch(batch::Batch),
}

impl Operation {
    /// Returns whether it takes tasks: then signs of life of others decide what it does, and so does the remote of the team.
    pub fn takes_tasks(&self) -> bool {
        match self {
            Operation::Claim(_) | Operation::ClaimNext(_) => true,
            Operation::Batch(batch) => batch.steps.iter().any(Operation::takes_tasks),
            _ => false,
        }
    }

    /// Returns whether what hangs together with the record decides what the operation does.
    pub fn looks_at_others(&self) -> bool {
        match self {
            Operation::Claim(_)
            | Operation::ClaimNext(_)
            | Operation::Done(_)
            | Operation::DependencyAdd(_)
            | Operation::Remove(_)
            | Operation::SprintStart(_)
            | Operation::SprintClose(_)
            | Operation::Undo(_) => true,
            Operation::Batch(batch) => batch.steps.iter().any(Operation::looks_at_others),
            _ => false,
        }
    }

    /// Returns whether another process may do it for us: it is small, and nothing decides about it that is only here.
    pub fn can_be_handed_on(&self) -> bool {
        match self {
            Operation::Archive(_) => false,
            Operation::Batch(batch) => batch.steps.iter().all(Operation::can_be_handed_on),
            _ => !self.looks_at_files(),
        }
    }

    /// Returns whether the files that git tracks decide what the operation does.
    pub fn looks_at_files(&self) -> bool {
        match self {
            Operation::Claim(input) => !input.paths.is_empty(),
            Operation::ClaimNext(input) => !input.paths.is_empty(),
            Operation::Batch(batch) => batch.steps.iter().any(Operation::looks_at_files),
            _ => false,
        }
    }
}

/// Decides what an operation changes in a moment.
///
/// # Errors
/// The refusal: the operation does not fit the moment or the rules, and nothing is to be changed.
pub fn apply(operation: &Operation, snapshot: &dyn Snapshot, context: &Context) -> Result<Changeset> {
    match operation {
        Operation::TaskNew(input) => task::new(snapshot, input, context),
        Operation::BugReport(input) => bug::report(snapshot, input, context),
        Operation::Edit(input) => edit::edit(snapshot, input, context),
        Operation::DependencyAdd(input) => dependency::add(snapshot, input, context),
        Operation::DependencyRemove(input) => dependency::remove(snapshot, input, context),
        Operation::Claim(input) => claim::claim(snapshot, input, context),
        Operation::ClaimNext(input) => next::next(snapshot, input, context),
        Operation::Release(input) => release::release(snapshot, input, context),
        Operation::Done(input) => close::done(snapshot, input, context),
        Operation::Cancel(input) => close::cancel(snapshot, input, context),
        Operation::Reopen(input) => close::reopen(snapshot, input, context),
        Operation::Block(input) => block::block(snapshot, input, context),
        Operation::Unblock(input) => block::unblock(snapshot, input, context),
        Operation::Defer(input) => defer::defer(snapshot, input, context),
        Operation::Step(input) => progress::step(snapshot, input, context),
        Operation::Gate(input) => progress::gate(snapshot, input, context),
        Operation::Describe(input) => describe::describe(snapshot, input, context),
        Operation::Note(input) => note::note(snapshot, input, context),
        Operation::Send(input) => message::send(snapshot, input, context),
        Operation::Reply(input) => message::reply(snapshot, input, context),
        Operation::Read(input) => message::read(snapshot, input, context),
        Operation::AgentNew(input) => agent::new(snapshot, input, context),
        Operation::AgentLog(input) => agent::log(snapshot, input, context),
        Operation::Agree(input) => config::agree(snapshot, input, context),
        Operation::Remove(input) => remove::remove(snapshot, input, context),
        Operation::SprintNew(input) => sprint::new(snapshot, input, context),
        Operation::SprintStart(input) => sprint::start(snapshot, input, context),
        Operation::SprintClose(input) => sprint::close(snapshot, input, context),
        Operation::DecisionNew(input) => decision::new(snapshot, input, context),
        Operation::StatusPost(input) => status::post(snapshot, input, context),
        Operation::Archive(input) => archive::archive(snapshot, input, context),
        Operation::Resolve(input) => resolve::resolve(snapshot, input, context),
        Operation::Settle(input) => settle::settle(snapshot, input, context),
        Operation::Undo(input) => undo::undo(snapshot, input, context),
        Operation::Batch(input) => batch::batch(snapshot, input, context),
    }
}

#[cfg(test)]
pub(crate) mod fixture;
