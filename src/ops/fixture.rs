//! A small world in memory for the unit tests of operations.

use std::collections::BTreeSet;

use super::{Context, Operation, apply, claim, task};
use crate::base::{Result, Seed, Timestamp};
use crate::query::overlap::Policy;
use crate::query::{Signs, Tracked};
use crate::records::Task;
use crate::records::record::Record;
use crate::state::memory::Memory;
use crate::state::{Changeset, get};

/// Records in memory, a clock that moves a second per operation, and who is asking.
pub(crate) struct World {
    pub(crate) records: Memory,
    pub(crate) agent: String,
    pub(crate) session: Option<String>,
    pub(crate) held: BTreeSet<String>,
    pub(crate) signs: Signs,
    pub(crate) now: Timestamp,
    pub(crate) overlap: Policy,
    pub(crate) tracked: Tracked,
}

impl World {
    pub(crate) fn new() -> Self {
        World {
            records: Memory::default(),
            agent: "ada".into(),
            session: None,
            held: BTreeSet::new(),
            signs: Signs::default(),
            now: Timestamp::from_seconds(1_000),
            overlap: Policy::default(),
            tracked: Tracked::default(),
        }
    }

    pub(crate) fn context(&self) -> Context {
        Context {
            now: self.now,
            agent: self.agent.clone(),
            session: self.session.clone(),
            correlation: None,
            seed: Seed::from_text(&self.now.to_string()),
            held: self.held.clone(),
            signs: self.signs.clone(),
            ttl_minutes: 30,
            overlap: self.overlap,
            tracked: self.tracked.clone(),
        }
    }

    /// Runs an operation and, where it is not refused, makes what it wants.
    pub(crate) fn run(&mut self, operation: impl Into<Operation>) -> Result<Changeset> {
        self.wait(1);
        let changes = apply(&operation.into(), &self.records, &self.context())?;
        self.records.apply(&changes);
        Ok(changes)
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now = self.now.plus(std::time::Duration::from_secs(seconds));
    }

    pub(crate) fn task(&mut self, id: &str) {
        let new = task::New { title: format!("do {id}"), id: Some(id.into()), ..task::New::default() };
        self.run(Operation::TaskNew(new)).expect("a new task");
    }

    pub(crate) fn get(&self, id: &str) -> Task {
        get::<Task>(&self.records, id).expect("a task")
    }

    pub(crate) fn put(&mut self, record: impl Record) {
        self.records.put(record);
    }

    pub(crate) fn with_task(id: &str) -> Self {
        let mut world = World::new();
        world.task(id);
        world
    }

    /// Claims a task and remembers the claim as a worktree would.
    pub(crate) fn claim(&mut self, id: &str) -> String {
        self.run(Operation::Claim(claim::Claim { task: id.into(), ..claim::Claim::default() })).expect("claimed");
        let claim = self.get(id).claim.expect("a claim").id;
        self.held.insert(claim.clone());
        claim
    }

    /// Becomes somebody else, who holds nothing.
    pub(crate) fn become_other(&mut self, agent: &str) {
        self.agent = agent.into();
        self.held.clear();
        self.session = None;
    }
}

/// Returns the code of the refusal.
pub(crate) fn code(result: Result<Changeset>) -> &'static str {
    match result {
        Ok(changes) => panic!("not refused: {}", changes.subject),
        Err(error) => error.code(),
    }
}

/// Returns the operation for an input.
pub(crate) fn input(new: task::New) -> Operation {
    Operation::TaskNew(new)
}
