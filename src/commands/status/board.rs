//! What the page of `status` is made of, gathered from one moment. What wants attention has a file of its own.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::attention::{self, Open, Reported, Said, Silent};
use super::few::Few;
use crate::base::{Id, Result, Timestamp};
use crate::query::graph::order;
use crate::query::{Graph, Presence, Signs};
use crate::records::reads::READS;
use crate::records::sprint;
use crate::records::task::Status;
use crate::records::{Agent, Message, Sprint, StatusEntry, Task};
use crate::session::{Session, TreeSnapshot};
use crate::state::{Snapshot, all};

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
        let graph = Graph::of(snapshot)?;
        let messages = all::<Message>(snapshot)?;
        let entries = all::<StatusEntry>(snapshot)?;
        let ready = graph.ready(now);
        let blocked: BTreeSet<Id> = graph.blocked().into_iter().map(|(task, _)| task.id.clone()).collect();
        let unread: BTreeSet<Id> = match agent {
            Some(agent) => snapshot.inbox(agent)?.into_iter().collect(),
            None => BTreeSet::new(),
        };
        Ok(Board {
            agent: agent.map(str::to_owned),
            tasks: count(&graph, ready.len(), blocked.len()),
            unread: unread.len(),
            urgent: Few::of(attention::urgent(&messages, &unread, &graph), limit),
            reports: Few::of(attention::alarming(&entries, &graph), limit),
            stale: Few::of(attention::silent(&graph, &entries, &signs, now), limit),
            sprints: Few::of(under_way(&all::<Sprint>(snapshot)?, &graph, &blocked), limit),
            mine: Few::of(mine(&graph, agent), limit),
            ready: Few::of(ready.into_iter().map(Brief::of), limit),
            agents: Few::of(members(&all::<Agent>(snapshot)?, &graph, &signs, now), limit),
            unanswered: Few::of(attention::unanswered(&messages, &unread_by_any(snapshot)?, &graph), limit),
            conflicts: Few::of(attention::conflicts(snapshot)?, limit),
            unreadable: snapshot.unreadable()?.len(),
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

fn count(graph: &Graph, ready: usize, blocked: usize) -> Counts {
    let with = |status: Status| graph.tasks().filter(|task| task.status == status).count();
    Counts {
        total: graph.tasks().count(),
        open: graph.tasks().filter(|task| task.is_open()).count(),
        ready,
        in_progress: with(Status::InProgress),
        blocked,
        completed: with(Status::Completed),
        cancelled: with(Status::Cancelled),
    }
}

fn under_way(sprints: &[Sprint], graph: &Graph, blocked: &BTreeSet<Id>) -> Vec<Progress> {
    let mut active: Vec<&Sprint> = sprints.iter().filter(|sprint| sprint.status == sprint::Status::Active).collect();
    active.sort_by_key(|sprint| (sprint.ends_at.is_none(), sprint.ends_at, sprint.id.clone()));
    let progress = |sprint: &Sprint| {
        let own = || graph.tasks().filter(|task| task.sprint.as_deref() == Some(&sprint.id));
        Progress {
            id: sprint.id.to_string(),
            title: sprint.title.clone(),
            owner: sprint.owner.clone(),
            total: own().count(),
            closed: own().filter(|task| !task.is_open()).count(),
            in_progress: own().filter(|task| task.status == Status::InProgress).count(),
            blocked: own().filter(|task| blocked.contains(&task.id)).count(),
            ends_at: sprint.ends_at,
        }
    };
    active.into_iter().map(progress).collect()
}

fn mine(graph: &Graph, agent: Option<&str>) -> Vec<Brief> {
    let is_mine = |task: &&Task| task.is_open() && agent.is_some() && task.assignee.as_deref() == agent;
    let mut mine: Vec<&Task> = graph.tasks().filter(is_mine).collect();
    mine.sort_by_cached_key(|task| order(task));
    mine.into_iter().map(Brief::of).collect()
}

/// Everybody with a profile or a task, the stale ones before all, and those who hold something before the rest.
fn members(agents: &[Agent], graph: &Graph, signs: &Signs, now: Timestamp) -> Vec<Member> {
    let tasks: Vec<Task> = graph.tasks().filter(|task| task.claim.is_some()).cloned().collect();
    let mut roles: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let mut held: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for task in &tasks {
        if let Some(claim) = &task.claim {
            roles.entry(&claim.agent).or_default();
            held.entry(&claim.agent).or_default().push(task.id.to_string());
        }
    }
    roles.extend(agents.iter().map(|agent| (agent.id.as_str(), agent.role.as_deref())));
    let member = |(name, role): (&str, Option<&str>)| Member {
        name: name.to_owned(),
        role: role.map(str::to_owned),
        presence: Presence::of(name, &tasks, signs, now),
        tasks: held.get(name).cloned().unwrap_or_default(),
    };
    let mut members: Vec<Member> = roles.into_iter().map(member).collect();
    members.sort_by(|a, b| (a.presence, &a.name).cmp(&(b.presence, &b.name)));
    members
}

/// Returns the messages that somebody has unread; of those to several, the ones that nobody has read.
fn unread_by_any(snapshot: &TreeSnapshot<'_>) -> Result<BTreeSet<Id>> {
    let mut unread = BTreeSet::new();
    for recipient in snapshot.inboxes()? {
        for message in snapshot.linked(&recipient)? {
            if !recipient.is_shared() || !snapshot.contains(&READS, &message)? {
                unread.insert(message);
            }
        }
    }
    Ok(unread)
}
