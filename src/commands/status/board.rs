//! What the page of `status` is made of, gathered from one moment.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::{Result, Timestamp, text};
use crate::query::graph::order;
use crate::query::{Graph, Presence, Signs};
use crate::records::message::{Type, Urgency};
use crate::records::reads::READS;
use crate::records::task::Status;
use crate::records::{Agent, Message, Task};
use crate::session::{Session, TreeSnapshot};
use crate::state::{Snapshot, all};

/// How much of a message is shown.
const LONGEST_SAID: usize = 280;

/// How many tasks are listed as ready.
const MOST_READY: usize = 20;

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
    pub urgent: Vec<Said>,
    /// Claims that have gone silent, the longest silent first.
    pub stale: Vec<Silent>,
    /// The tasks that the asker's name holds or is assigned to, the most important first.
    pub mine: Vec<Brief>,
    /// The tasks that can be claimed, the most important first.
    pub ready: Vec<Brief>,
    /// Who works here.
    pub agents: Vec<Member>,
    /// Questions and blockers without an answer, and completions that nobody has read, the oldest first.
    pub unanswered: Vec<Said>,
    /// How many conflicts are open.
    pub conflicts: usize,
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
}

/// A claim that has gone silent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Silent {
    /// The task.
    pub task: String,
    /// What is to be done.
    pub title: String,
    /// Who holds it.
    pub agent: String,
    /// The last sign of life.
    pub last_sign: Timestamp,
    /// How long ago that was.
    pub silent_seconds: u64,
}

/// A message in brief.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Said {
    /// The message.
    pub id: String,
    /// What it is for.
    pub r#type: String,
    /// Who said it.
    pub from: String,
    /// The task or message it belongs to.
    pub thread: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The beginning of the content, on one line; `show` has all of it.
    pub text: String,
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
    /// Gathers how things stand.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read.
    pub fn of(
        session: &Session,
        snapshot: &TreeSnapshot<'_>,
        agent: Option<&str>,
        messages: &[Message],
    ) -> Result<Self> {
        let graph = Graph::of(snapshot)?;
        let tasks: Vec<Task> = graph.tasks().cloned().collect();
        let signs = session.machine().signs();
        let ready = graph.ready(session.now());
        let unread: BTreeSet<String> = match agent {
            Some(agent) => snapshot.inbox(agent)?.into_iter().map(String::from).collect(),
            None => BTreeSet::new(),
        };
        let urgent = messages.iter().filter(|m| unread.contains(m.id.as_str()) && m.priority == Urgency::Urgent);
        Ok(Board {
            agent: agent.map(str::to_owned),
            tasks: count(&graph, ready.len()),
            unread: unread.len(),
            urgent: urgent.map(Said::of).collect(),
            stale: silent(&tasks, &signs, session.now()),
            mine: mine(&tasks, agent),
            ready: ready.into_iter().take(MOST_READY).map(Brief::of).collect(),
            agents: members(&all::<Agent>(snapshot)?, &tasks, &signs, session.now()),
            unanswered: unanswered(snapshot, messages, &graph)?,
            conflicts: 0,
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
        }
    }
}

impl Said {
    fn of(message: &Message) -> Self {
        Said {
            id: message.id.to_string(),
            r#type: message.r#type.to_string(),
            from: message.from.clone(),
            thread: message.thread.clone(),
            at: message.timestamp,
            text: text::excerpt(&message.body, LONGEST_SAID),
        }
    }
}

fn count(graph: &Graph, ready: usize) -> Counts {
    let with = |status: Status| graph.tasks().filter(|task| task.status == status).count();
    Counts {
        total: graph.tasks().count(),
        open: graph.tasks().filter(|task| task.is_open()).count(),
        ready,
        in_progress: with(Status::InProgress),
        blocked: graph.blocked().len(),
        completed: with(Status::Completed),
        cancelled: with(Status::Cancelled),
    }
}

fn silent(tasks: &[Task], signs: &Signs, now: Timestamp) -> Vec<Silent> {
    let stale = signs.stale(tasks.iter(), now).into_iter();
    let silent = stale.map(|(task, claim)| Silent {
        task: task.id.to_string(),
        title: task.title.clone(),
        agent: claim.agent.clone(),
        last_sign: signs.last(claim),
        silent_seconds: now.since(signs.last(claim)).as_secs(),
    });
    silent.collect()
}

fn mine(tasks: &[Task], agent: Option<&str>) -> Vec<Brief> {
    let mut mine: Vec<&Task> =
        tasks.iter().filter(|task| task.is_open() && agent.is_some() && task.assignee.as_deref() == agent).collect();
    mine.sort_by_cached_key(|task| order(task));
    mine.into_iter().map(Brief::of).collect()
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

/// Questions and blockers that nobody has answered, and completions that somebody was told of and has not read.
///
/// An answer is a message that refers to it or belongs to its thread. A blocker of a task that goes on is answered too.
fn unanswered(snapshot: &TreeSnapshot<'_>, messages: &[Message], graph: &Graph) -> Result<Vec<Said>> {
    let answers =
        messages.iter().filter(|message| matches!(message.r#type, Type::Response | Type::Approval | Type::Directive));
    let answered: BTreeSet<&str> =
        answers.flat_map(|answer| answer.thread.iter().chain(&answer.references)).map(String::as_str).collect();
    let mut unread = BTreeSet::new();
    for recipient in snapshot.inboxes()? {
        for message in snapshot.linked(&recipient)? {
            // Of several it is enough that one has read it.
            if !recipient.is_shared() || !snapshot.contains(&READS, &message)? {
                unread.insert(message);
            }
        }
    }
    let goes_on = |message: &Message| {
        let task = message.thread.as_deref().and_then(|thread| graph.task(thread));
        task.is_some_and(|task| task.status != Status::Blocked)
    };
    let waits = |message: &&Message| match message.r#type {
        Type::Question => true,
        Type::Blocker => !goes_on(message),
        Type::Completion => unread.contains(&message.id),
        _ => false,
    };
    let mut waiting: Vec<&Message> =
        messages.iter().filter(waits).filter(|message| !answered.contains(message.id.as_str())).collect();
    waiting.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(waiting.into_iter().map(Said::of).collect())
}
