//! The task: a unit of work, its place among others, who holds it, and how far it is.
//!
//! What moves a task from one status to another is in `ops`; what makes it ready is in `query`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::field::{Field, Rule};
use super::kind::{Kind, Place, build_as, came_changed_went, decode_as, happened_as, mark_as, schema_of};
use super::record::record;
use super::term::{Term, rank_as, terms_as};
use super::word::words;
use crate::base::{Result, Timestamp};
use crate::records::check;

/// The row of the kind.
pub static TASK: Kind = Kind {
    name: "task",
    letter: 't',
    place: Place::Sharded("tasks"),
    companion_of: None,
    fields: FIELDS,
    decode: decode_as::<Task>,
    build: build_as::<Task>,
    mark: mark_as::<Task>,
    happened: happened_as::<Task>,
    terms: terms_as::<Task>,
    rank: rank_as::<Task>,
    schema: schema_of::<Task>,
};

/// The verbs that move a task through its life.
const LIFE: &str = "claim, release, block, unblock, defer, done, cancel, reopen";

/// As [`LIFE`], and by the verb that makes a task for somebody.
const ASSIGNED: &str = "claim, release, block, unblock, defer, done, cancel, reopen, bug report";

const FIELDS: &[Field] = &[
    Field::open("title", Rule::Scalar),
    Field::open("type", Rule::Scalar),
    Field::by("status", Rule::Unit("lifecycle"), LIFE),
    Field::open("priority", Rule::Scalar),
    Field::open("sprint", Rule::Scalar),
    Field::open("parent", Rule::Scalar),
    Field::by("depends_on", Rule::Set, "dep add, dep rm"),
    Field::open("related", Rule::Set),
    Field::open("discovered_from", Rule::Set),
    Field::open("labels", Rule::Set),
    Field::open("collaborators", Rule::Set),
    Field::by("assignee", Rule::Unit("lifecycle"), ASSIGNED),
    Field::by("epoch", Rule::Max, LIFE),
    Field::by("claim", Rule::Unit("lifecycle"), LIFE),
    Field::open("phase", Rule::Scalar),
    Field::open("current_step", Rule::Scalar),
    Field::by("steps", Rule::Keyed("name"), "step"),
    Field::by("blocked_on", Rule::Unit("lifecycle"), LIFE),
    Field::open("questions", Rule::List),
    Field::open("objectives", Rule::List),
    Field::open("deliverables", Rule::List),
    Field::open("acceptance", Rule::List),
    Field::open("artifacts", Rule::Keyed("name")),
    Field::by("gates", Rule::Map, "gate"),
    Field::open("metrics", Rule::Map),
    Field::open("estimate_minutes", Rule::Scalar),
    Field::open("due_at", Rule::Scalar),
    Field::by("defer_until", Rule::Unit("lifecycle"), LIFE),
    Field::open("estimated_completion", Rule::Scalar),
    Field::by("started_at", Rule::Unit("lifecycle"), LIFE),
    Field::by("completed_at", Rule::Unit("lifecycle"), LIFE),
    Field::by("summary", Rule::Unit("lifecycle"), LIFE),
    Field::by("attempts", Rule::Counter, LIFE),
    Field::open("external_ref", Rule::Scalar),
    Field::closed("idempotency_key", Rule::Immutable),
    Field::open("agent_config", Rule::Map),
    Field::open("extra", Rule::Map),
];

words! {
    /// Where a task stands in its life.
    #[derive(Default)]
    Status {
        /// Waiting to be taken.
        #[default] Pending = "pending",
        /// Somebody works on it, or did.
        InProgress = "in_progress",
        /// It cannot go on, for the reason in `blocked_on`.
        Blocked = "blocked",
        /// It waits for a person's word.
        AwaitingApproval = "awaiting_approval",
        /// It is done.
        Completed = "completed",
        /// It will not be done.
        Cancelled = "cancelled",
        /// It is put off until `defer_until`.
        Deferred = "deferred",
    }
}

words! {
    /// How much a task matters, the first most.
    #[derive(Default)]
    Priority { P0 = "P0", P1 = "P1", #[default] P2 = "P2", P3 = "P3", P4 = "P4" }
}

words! {
    /// What sort of work a task is. It plays no part in what is ready.
    #[derive(Default)]
    Type {
        #[default] Task = "task", Feature = "feature", Epic = "epic", Phase = "phase", Bug = "bug", Chore = "chore",
        E2e = "e2e", Planning = "planning",
    }
}

words! {
    /// What a check of the work said.
    #[derive(Default)]
    GateStatus { Passed = "passed", Failed = "failed", #[default] NotRun = "not_run" }
}

impl Status {
    /// Returns whether the task is still to be done: anything but completed and cancelled.
    pub fn is_open(&self) -> bool {
        !matches!(self, Status::Completed | Status::Cancelled)
    }
}

record! {
    /// A unit of work. The body is its description and context.
    Task in TASK {
        /// What is to be done, on one line.
        title: String,
        /// What sort of work it is.
        r#type: Type,
        /// Where it stands.
        status: Status,
        /// How much it matters.
        priority: Priority,
        /// The sprint it belongs to.
        sprint: Option<String>,
        /// The task it is a part of.
        parent: Option<String>,
        /// The tasks it waits for.
        depends_on: BTreeSet<String>,
        /// Tasks that have to do with it.
        related: BTreeSet<String>,
        /// The tasks during which it was found.
        discovered_from: BTreeSet<String>,
        /// Free labels.
        labels: BTreeSet<String>,
        /// Others who work on it.
        collaborators: BTreeSet<String>,
        /// Who works on it.
        assignee: Option<String>,
        /// How many claims it has had; the fencing token of the current one. Never falls.
        #[serde(skip_serializing_if = "is_zero")]
        epoch: u64,
        /// The claim that holds it.
        claim: Option<Claim>,
        /// The phase of the sprint it belongs to.
        phase: Option<String>,
        /// What is being done now.
        current_step: Option<String>,
        /// The steps of the work.
        steps: Vec<Step>,
        /// Why it is blocked.
        blocked_on: Option<String>,
        /// Questions to the coordinator.
        questions: Vec<String>,
        /// What it is for.
        objectives: Vec<String>,
        /// What it must deliver.
        deliverables: Vec<String>,
        /// When it counts as done.
        acceptance: Vec<String>,
        /// What has been made.
        artifacts: Vec<Artifact>,
        /// Checks of the work, by name.
        gates: BTreeMap<String, Gate>,
        /// Figures, by name.
        metrics: BTreeMap<String, Value>,
        /// How long it should take.
        estimate_minutes: Option<u64>,
        /// When it is due.
        due_at: Option<Timestamp>,
        /// Until when it is put off.
        defer_until: Option<Timestamp>,
        /// When it should be done.
        estimated_completion: Option<Timestamp>,
        /// When it was first claimed.
        started_at: Option<Timestamp>,
        /// When it was done or cancelled.
        completed_at: Option<Timestamp>,
        /// What came of it.
        summary: Option<String>,
        /// How often somebody began.
        #[serde(skip_serializing_if = "is_zero")]
        attempts: u64,
        /// Its name in another system.
        external_ref: Option<String>,
        /// The key under which it was made once.
        idempotency_key: Option<String>,
        /// What an agent needs for it: capabilities, skills.
        agent_config: BTreeMap<String, Value>,
        /// What other systems know of it and this one has no field for.
        extra: BTreeMap<String, Value>,
    }
}

/// Who holds a task, and until when without a sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    /// The id that owns the task; known to its holder.
    pub id: String,
    /// The name of the holder. Ownership never goes by it.
    pub agent: String,
    /// The session of the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The fencing token: greater for every later claim.
    pub epoch: u64,
    /// When it was taken or last renewed.
    pub at: Timestamp,
    /// How long it lives without a sign of life, in minutes.
    pub ttl_minutes: u64,
    /// The paths it reserves, as globs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// The claim it replaced by a takeover or by force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// One step of the work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// What it is called; its key.
    pub name: String,
    /// Whether it is behind us.
    #[serde(default)]
    pub done: bool,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// The facts of something that was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// What it is called, else its path; its key.
    pub name: String,
    /// Where it lies in the work tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where its bytes can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What sort of thing it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// How far it is: `draft`, `complete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How many bytes it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// A check of the work: what it said, when it ran, and any figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// What it said.
    #[serde(default)]
    pub status: GateStatus,
    /// When it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run: Option<Timestamp>,
    /// Its figures: `errors`, `violations`, `passed`, `failed`, `coverage_percent`, or any other.
    #[serde(flatten)]
    pub figures: BTreeMap<String, Value>,
}

/// Returns whether nothing was counted yet, which is not written.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How far a task is and who holds it: what is true only together, and goes together in a merge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    status: Status,
    claim: Option<Claim>,
    assignee: Option<String>,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    summary: Option<String>,
    blocked_on: Option<String>,
    defer_until: Option<Timestamp>,
}

impl Lifecycle {
    /// Returns the claim, where somebody holds the task.
    pub fn claim(&self) -> Option<&Claim> {
        self.claim.as_ref()
    }
}

impl Task {
    /// Returns how far the task is and who holds it.
    pub fn lifecycle(&self) -> Lifecycle {
        Lifecycle {
            status: self.status.clone(),
            claim: self.claim.clone(),
            assignee: self.assignee.clone(),
            started_at: self.started_at,
            completed_at: self.completed_at,
            summary: self.summary.clone(),
            blocked_on: self.blocked_on.clone(),
            defer_until: self.defer_until,
        }
    }

    /// Gives the task the whole lifecycle of another state of it.
    pub fn set_lifecycle(&mut self, of: Lifecycle) {
        let Lifecycle { status, claim, assignee, started_at, completed_at, summary, blocked_on, defer_until } = of;
        (self.status, self.claim, self.assignee) = (status, claim, assignee);
        (self.started_at, self.completed_at, self.defer_until) = (started_at, completed_at, defer_until);
        (self.summary, self.blocked_on) = (summary, blocked_on);
    }

    fn found_under(&self) -> Vec<Term> {
        let is_open = self.is_open();
        let mut terms = vec![
            Term::new("state", if is_open { "open" } else { "closed" }),
            Term::new("status", self.status.as_str()),
            Term::new("type", self.r#type.as_str()),
        ];
        terms.extend(self.labels.iter().map(|label| Term::new("label", label)));
        terms.extend(self.depends_on.iter().map(|on| Term::new("on", on)));
        let places = [
            ("sprint", "sprint/open", &self.sprint),
            ("parent", "parent/open", &self.parent),
            ("assignee", "assignee/open", &self.assignee),
        ];
        for (name, open, value) in places {
            let Some(value) = value else { continue };
            terms.push(Term::new(name, value));
            terms.extend(is_open.then(|| Term::new(open, value)));
        }
        if let Some(sprint) = self.sprint.as_ref().filter(|_| self.status == Status::InProgress) {
            terms.push(Term::new("sprint/in_progress", sprint));
        }
        if let Some(claim) = &self.claim {
            terms.push(Term::flag("claimed"));
            terms.push(Term::new("claim", &claim.id));
        }
        let named = self.related.iter().chain(&self.discovered_from);
        terms.extend(named.map(|other| Term::new("names", other)));
        terms.extend(self.external_ref.iter().map(|name| Term::new("external", name)));
        terms
    }

    /// The most important first, then the oldest. Words for a priority that this version does not know come last.
    fn ranked(&self) -> i64 {
        /// More than any moment has milliseconds, before or after 1970.
        const STEP: i64 = 1 << 49;
        let importance = match self.priority {
            Priority::P0 => 0,
            Priority::P1 => 1,
            Priority::P2 => 2,
            Priority::P3 => 3,
            Priority::P4 => 4,
            Priority::Other(_) => 5,
        };
        importance * STEP + (STEP / 2 + self.created_at.millis()).clamp(0, STEP - 1)
    }

    fn check(&self) -> Result<()> {
        check::title("title", &self.title)?;
        check::word("type", self.r#type.as_str())?;
        check::word("status", self.status.as_str())?;
        check::word("priority", self.priority.as_str())?;
        let names = [("assignee", &self.assignee), ("sprint", &self.sprint), ("parent", &self.parent)];
        for (field, name) in names {
            check::optional_name(field, name.as_deref())?;
        }
        let sets = [
            ("depends_on", &self.depends_on),
            ("related", &self.related),
            ("discovered_from", &self.discovered_from),
            ("labels", &self.labels),
            ("collaborators", &self.collaborators),
        ];
        for (field, set) in sets {
            set.iter().try_for_each(|name| check::name(field, name))?;
        }
        check::name("created_by", &self.created_by)?;
        check::name("updated_by", &self.updated_by)?;
        if let Some(claim) = &self.claim {
            check::name("claim.agent", &claim.agent)?;
            check::name("claim.id", &claim.id)?;
            check::optional_name("claim.session", claim.session.as_deref())?;
        }
        Ok(())
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<&'static str> {
        let (Some(before), Some(after)) = (before, after) else {
            let mut words = came_changed_went(before, after, ["task.created", "task.updated", "task.removed"]);
            if after.is_some_and(|task| task.claim.is_some()) {
                words.extend(["task.started", "task.claimed"]);
            }
            return words;
        };
        let claim = |task: &Task| task.claim.as_ref().map(|claim| claim.id.clone());
        if after.claim.is_some() && claim(before) != claim(after) {
            return match before.started_at {
                None => vec!["task.started", "task.claimed"],
                Some(_) => vec!["task.claimed"],
            };
        }
        let released = before.claim.is_some() && after.claim.is_none();
        vec![match after.status {
            _ if before.status == after.status && released => "task.released",
            _ if before.status == after.status => "task.updated",
            Status::Completed => "task.completed",
            Status::Pending if before.claim.is_some() => "task.released",
            _ => "task.status_updated",
        }]
    }

    /// Returns whether the task is still to be done.
    pub fn is_open(&self) -> bool {
        self.status.is_open()
    }
}
