//! What the page of `status` is made of, gathered from one moment. What wants attention has a file of its own.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::attention::{self, Open, Reported, Said, Silent};
use super::few::Few;
use crate::base::{Id, Result, Timestamp};
use crate::query::lists::{Lists, claimed};
use crate::query::{Presence, Signs, derive};
use crate::records::sprint::{self, SPRINT};
use crate::records::task::{Status, TASK};
use crate::records::{Agent, Sprint, Task, Term};
use crate::session::{Session, TreeSnapshot};
use crate::state::{End, Paging, Select, Snapshot, all, load};

/// How things stand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Board {
    /// Who asks; null where nobody can tell.
    pub agent: Option<String>,
    /// How many tasks there are of each sort.
    pub tasks: Counts,
    /// How many messages the asker has unread.
    pub unread: usize,
    /// Urgent messages that the asker has unread, the oldest first.
    pub urgent: Few<Said>,
    /// What agents reported last where it matters more than usual, the most alarming first.
    pub reports: Few<Reported>,
    /// Who has gone silent over a claim or a report, the longest silent first.
    pub stale: Few<Silent>,
    /// The sprints that are under way, those that end first first.
    pub sprints: Few<Progress>,
    /// The tasks that the asker's name holds or is assigned to, the most important first.
    pub mine: Few<Brief>,
    /// The tasks that can be claimed, the most important first.
    pub ready: Few<Brief>,
    /// Who works here: the stale first, then those who hold something.
    pub agents: Few<Member>,
    /// Questions and blockers without an answer, and completions that nobody has read, the oldest first.
    pub unanswered: Few<Said>,
    /// The conflicts that nobody has settled.
    pub conflicts: Few<Open>,
    /// How many files among the records cannot be read.
    pub unreadable: usize,
}

/// How many tasks there are of each sort.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct Counts {
    /// All tasks.
    pub total: usize,
    /// Those still to be done.
    pub open: usize,
    /// Those that can be claimed.
    pub ready: usize,
    /// Those in progress.
    pub in_progress: usize,
    /// Those that cannot go on.
    pub blocked: usize,
    /// Those that are done.
    pub completed: usize,
    /// Those that will not be done.
    pub cancelled: usize,
}

/// How far a sprint is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Progress {
    /// The sprint.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// How many tasks name it.
    pub total: usize,
    /// How many of them are closed.
    pub closed: usize,
    /// How many of them are in progress.
    pub in_progress: usize,
    /// How many of them cannot go on.
    pub blocked: usize,
    /// When it is to end.
    pub ends_at: Option<Timestamp>,
}

/// A task in brief.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Brief {
    /// The task.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// How much it matters.
    pub priority: String,
    /// Where it stands.
    pub status: String,
    /// Who holds it.
    pub holder: Option<String>,
    /// What is being done now.
    pub current_step: Option<String>,
}

/// An agent in brief.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What it is in the fleet.
    pub role: Option<String>,
    /// Whether it is alive, as this machine knows.
    pub presence: Presence,
    /// The tasks it holds.
    pub tasks: Vec<String>,
}

impl Board {
    /// Gathers how things stand for an agent, of each thing the first `limit`.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read.
    pub fn of(session: &Session, snapshot: &TreeSnapshot<'_>, agent: Option<&str>, limit: usize) -> Result<Self> {
        let (now, signs) = (session.now(), session.machine().signs());
        let (lists, claimed) = (Lists::of(snapshot), claimed(snapshot)?);
        let first = Paging { limit, cursor: None };
        let ready = lists.ready(now, &first)?.load::<Task>(snapshot)?;
        let unread: BTreeSet<Id> = match agent {
            Some(agent) => snapshot.inbox(agent)?.into_iter().collect(),
            None => BTreeSet::new(),
        };
        let working = lists.all(derive::WORKING)?;
        Ok(Board {
            agent: agent.map(str::to_owned),
            tasks: count(snapshot, &lists, ready.total)?,
            unread: unread.len(),
            urgent: Few::of(attention::urgent(snapshot, &unread)?, limit),
            reports: Few::of(attention::alarming(&lists)?, limit),
            stale: Few::of(attention::silent(snapshot, &claimed, &working, &signs, now), limit),
            sprints: Few::of(under_way(snapshot, &lists)?, limit),
            mine: mine(snapshot, agent, &first)?,
            ready: Few::of_page(ready, |task| Brief::of(&task)),
            agents: Few::of(members(&all::<Agent>(snapshot)?, &claimed, &signs, now), limit),
            unanswered: attention::unanswered(snapshot, &lists, limit)?,
            conflicts: Few::of(attention::conflicts(snapshot)?, limit),
            unreadable: snapshot.count_unreadable()?,
        })
    }
}

impl Brief {
    fn of(task: &Task) -> Self {
        Brief {
            id: task.id.to_string(),
            title: task.title.clone(),
            priority: task.priority.to_string(),
            status: task.status.to_string(),
            holder: task.claim.as_ref().map(|claim| claim.agent.clone()),
            current_step: task.current_step.clone(),
        }
    }
}

fn count(snapshot: &dyn Snapshot, lists: &Lists<'_>, ready: usize) -> Result<Counts> {
    let with = |name, value: &str| snapshot.count(&TASK, &Select::with(Term::new(name, value)));
    let open = with("state", "open")?;
    Ok(Counts {
        total: open + with("state", "closed")?,
        open,
        ready,
        in_progress: with("status", Status::InProgress.as_str())?,
        blocked: lists.count(&TASK, &Term::flag(derive::BLOCKED))?,
        completed: with("status", Status::Completed.as_str())?,
        cancelled: with("status", Status::Cancelled.as_str())?,
    })
}

fn under_way(snapshot: &dyn Snapshot, lists: &Lists<'_>) -> Result<Vec<Progress>> {
    let active = Select::with(Term::new("status", sprint::Status::Active.as_str()));
    let mut active: Vec<Sprint> = load(snapshot, &snapshot.under(&SPRINT, &active)?)?;
    active.sort_by_key(|sprint| (sprint.ends_at.is_none(), sprint.ends_at, sprint.id.clone()));
    let progress = |sprint: Sprint| {
        let own = |name| snapshot.count(&TASK, &Select::with(Term::new(name, sprint.id.as_str())));
        let total = own("sprint")?;
        Ok(Progress {
            total,
            closed: total - own("sprint/open")?,
            in_progress: own("sprint/in_progress")?,
            blocked: lists.count(&TASK, &Term::new(derive::SPRINT_BLOCKED, sprint.id.as_str()))?,
            id: sprint.id.into(),
            title: sprint.title,
            owner: sprint.owner,
            ends_at: sprint.ends_at,
        })
    };
    active.into_iter().map(progress).collect()
}

fn mine(snapshot: &dyn Snapshot, agent: Option<&str>, first: &Paging) -> Result<Few<Brief>> {
    let Some(agent) = agent else { return Ok(Few::of([], 0)) };
    let mine = snapshot.select(&TASK, &Select::with(Term::new("assignee/open", agent)), first, End::First)?;
    Ok(Few::of_page(mine.load::<Task>(snapshot)?, |task| Brief::of(&task)))
}

/// Everybody with a profile or a task, the stale ones before all, and those who hold something before the rest.
fn members(agents: &[Agent], tasks: &[Task], signs: &Signs, now: Timestamp) -> Vec<Member> {
    let mut roles: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let mut held: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for task in tasks {
        if let Some(claim) = &task.claim {
            roles.entry(&claim.agent).or_default();
            held.entry(&claim.agent).or_default().push(task.id.to_string());
        }
    }
    roles.extend(agents.iter().map(|agent| (agent.id.as_str(), agent.role.as_deref())));
    let member = |(name, role): (&str, Option<&str>)| Member {
        name: name.to_owned(),
        role: role.map(str::to_owned),
        presence: Presence::of(name, tasks, signs, now),
        tasks: held.get(name).cloned().unwrap_or_default(),
    };
    let mut members: Vec<Member> = roles.into_iter().map(member).collect();
    members.sort_by(|a, b| (a.presence, &a.name).cmp(&(b.presence, &b.name)));
    members
}
