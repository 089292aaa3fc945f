//! What `doctor` looks at. Every check only reads, and one that fails is a finding of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::{Error, Id, Result, text};
use crate::query::graph::Node;
use crate::query::{Graph, Missing, cycles, missing};
use crate::records::agent::AGENT;
use crate::records::recipient::{Recipient, role_of};
use crate::records::{Agent, KINDS, Record, Task};
use crate::session::setup::{check_git, missing_settings};
use crate::session::{Session, TreeSnapshot};
use crate::state::{Snapshot, all};
use crate::store::{Oid, STATE_REF};

/// How far ahead of this machine's clock a stamp may be.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

/// How many findings of one sort are listed; the last then says how many more there are.
const MOST: usize = 20;

/// Something that is wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// The stable machine word.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do. Never a command that destroys.
    pub hint: Option<String>,
}

impl Finding {
    /// Makes a finding.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Finding { code: code.to_owned(), message: text::one_line(&message.into()), hint: None }
    }

    /// Makes the finding of an error.
    pub fn of(error: &Error) -> Self {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        // To send on to the doctor whom the doctor asks would be no advice.
        let hint = error.hints().iter().find(|hint| *hint != "git coord doctor").cloned();
        Finding { hint, ..Self::new(error.code(), format!("{error}{cause}")) }
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Checks that git is there and new enough.
pub(super) fn git(session: &Session, findings: &mut Vec<Finding>) {
    findings.extend(check_git(session.store()).err().map(|error| Finding::of(&error)));
}

/// Checks what git must know to carry the state along, and what would make it lose the state.
pub(super) fn settings(session: &Session, findings: &mut Vec<Finding>) {
    let store = session.store();
    for wanted in missing_settings(store) {
        let message = format!("git does not know {} = {}", wanted.key, wanted.value);
        findings.push(Finding::new("missing_setting", message).hint("git coord init"));
    }
    for remote in store.remotes() {
        let fetch = store.config().all(&format!("remote.{remote}.fetch"));
        if fetch.iter().any(|refspec| refspec.trim_start_matches('+') == "refs/*:refs/*") {
            let message = format!(
                "a fetch from {remote} overwrites {STATE_REF} with what the remote has: remote.{remote}.fetch is a mirror's"
            );
            findings.push(
                Finding::new("mirror_fetch", message).hint(format!("git config --get-all remote.{remote}.fetch")),
            );
        }
    }
    if session.machine().replica().is_none() && matches!(store.tip(), Ok(Some(_))) {
        findings.push(Finding::new("no_replica", "this replica has no id").hint("git coord init"));
    }
}

/// Checks that the whole history of the state is here.
pub(super) fn history(session: &Session, tip: Oid, findings: &mut Vec<Finding>) {
    match session.store().cut(tip) {
        Ok(None) => {}
        Ok(Some(commit)) => {
            let message = format!("history ends at {commit}, as in a shallow clone: what happened before is not here");
            findings.push(Finding::new("shallow", message).hint(session.store().unshallow()));
        }
        Err(error) => findings.push(Finding::of(&error)),
    }
}

/// Checks for locks that keep writers out. Whose they are cannot be told, so none is removed.
pub(super) fn locks(session: &Session, findings: &mut Vec<Finding>) {
    let common = session.store().common_dir();
    for lock in [format!("{STATE_REF}.lock"), "packed-refs.lock".to_owned()] {
        if common.join(&lock).exists() {
            let message =
                format!("{} is there: a git holds it, or one that died left it", common.join(&lock).display());
            findings.push(Finding::new("lock", message).hint("run it again: git coord doctor"));
        }
    }
}

/// Checks that what is kept beside git is what it should be: a file for a folder, or the other way about, stops writers.
pub(super) fn places(session: &Session, findings: &mut Vec<Finding>) {
    let top = session.store().coord_dir();
    let folders = ["", "heartbeats", "held"].map(|name| (name, true));
    let files = ["lock", "replica", "next"].map(|name| (name, false));
    for (name, is_folder) in folders.into_iter().chain(files) {
        let path = if name.is_empty() { top.to_owned() } else { top.join(name) };
        if path.metadata().is_ok_and(|meta| meta.is_dir() != is_folder) {
            let should = if is_folder { "folder" } else { "file" };
            let message = format!("{} is no {should}, so not all that writes can work", path.display());
            findings.push(Finding::new("in_the_way", message).hint("look what it is, and move it out of the way"));
        }
    }
}

/// Checks every file among the records, and how the records hang together. Returns how many there are.
pub(super) fn records(session: &Session, snapshot: &TreeSnapshot<'_>, findings: &mut Vec<Finding>) -> Result<usize> {
    let unreadable = snapshot.unreadable()?.into_iter().map(|file| {
        let why = std::error::Error::source(&file.error).map_or_else(|| file.error.to_string(), ToString::to_string);
        let finding = Finding::new("unreadable", format!("{} is no record: {why}", file.path));
        if is_plain(&file.path) { finding.hint(format!("git show {STATE_REF}:{}", file.path)) } else { finding }
    });
    few(unreadable, findings);

    let graph = Graph::of(snapshot)?;
    // What a closed task names may have been archived before it, and nobody waits for it any more.
    let is_open = |link: &Missing| graph.task(&link.task).is_some_and(Node::is_open);
    let lost = missing(&graph, &all::<Task>(snapshot)?).into_iter().filter(is_open).map(|link| {
        let closed = if link.field == "depends_on" { " and counts as closed" } else { "" };
        let message = format!("{} names {} in {}, which is not here{closed}", link.task, link.target, link.field);
        Finding::new("missing_target", message).hint(format!("git coord show {}", link.task))
    });
    few(lost, findings);
    let circles = cycles(&graph).into_iter().map(|tasks| {
        // One of them may be a part of the next instead; then there is no dependency to take out.
        let edge =
            tasks.iter().find_map(|id| Some((id, graph.task(id)?.depends_on.iter().find(|on| tasks.contains(on))?)));
        let first = tasks.first().map_or("", String::as_str);
        let hint =
            edge.map_or_else(|| format!("git coord show {first}"), |(id, on)| format!("git coord dep rm {id} {on}"));
        Finding::new("cycle", format!("these tasks wait for each other: {}", tasks.join(", "))).hint(hint)
    });
    few(circles, findings);

    inboxes(snapshot, findings)?;
    stamps(session, snapshot, findings)
}

/// Checks what lies in inboxes: for whom nobody asks, and what links to nothing.
fn inboxes(snapshot: &TreeSnapshot<'_>, findings: &mut Vec<Finding>) -> Result<()> {
    let roles: BTreeSet<Id> =
        all::<Agent>(snapshot)?.iter().filter_map(|agent| role_of(agent.role.as_deref()?)).collect();
    let mut strangers = Vec::new();
    for recipient in snapshot.inboxes()? {
        let waiting = snapshot.linked(&recipient)?.len();
        match &recipient {
            Recipient::Agent(agent) if !snapshot.contains(&AGENT, agent)? => {
                let message = format!("{waiting} messages wait for {agent}, who has no profile");
                let finding = Finding::new("unknown_agent", message);
                let can_be_made = snapshot.twin(&AGENT, agent).is_ok_and(|twin| twin.is_none());
                let hint = format!("git coord agent new {agent}");
                strangers.push(if can_be_made { finding.hint(hint) } else { finding });
            }
            Recipient::Role(role) if !roles.contains(role) => {
                let message = format!("{waiting} messages wait for the role {role}, which no agent has");
                strangers.push(Finding::new("unknown_role", message).hint("git coord agent list"));
            }
            _ => {}
        }
    }
    few(strangers.into_iter(), findings);
    let links = snapshot.dangling_links()?.into_iter();
    few(
        links.map(|link| Finding::new("dangling_link", format!("{} is no message: {}", link.path, link.why))),
        findings,
    );
    let odd = snapshot.oddities()?.into_iter();
    few(odd.map(|odd| Finding::new("odd_entry", format!("{} is odd: {}", odd.path, odd.why))), findings);
    Ok(())
}

/// Checks for stamps that a clock far ahead has made: they win over every later edit. Counts the records on the way.
fn stamps(session: &Session, snapshot: &TreeSnapshot<'_>, findings: &mut Vec<Finding>) -> Result<usize> {
    let latest = session.now().plus(AHEAD);
    let mut count = 0;
    let mut ahead = Vec::new();
    for kind in KINDS {
        for record in snapshot.scan(kind)? {
            count += 1;
            if greatest(record.as_ref()) > latest {
                let message = format!(
                    "{}/{} has a stamp more than a day ahead: {}",
                    kind.name,
                    record.id(),
                    greatest(record.as_ref())
                );
                ahead.push(Finding::new("stamp_ahead", message).hint(format!(
                    "git coord show {}/{} --stamps",
                    kind.name,
                    record.id()
                )));
            }
        }
    }
    few(ahead.into_iter(), findings);
    Ok(count)
}

fn greatest(record: &dyn Record) -> crate::base::Timestamp {
    let edited = record.edited().values().map(|stamp| stamp.0).max().unwrap_or_default();
    edited.max(record.created_at()).max(record.updated_at())
}

/// Returns whether a path may stand in a hint: it may be pasted into a shell, and somebody else has chosen it.
fn is_plain(path: &str) -> bool {
    path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/@:-".contains(&byte))
}

/// Lists a few findings of one sort, and says how many more there are.
fn few(found: impl Iterator<Item = Finding>, findings: &mut Vec<Finding>) {
    let found: Vec<Finding> = found.collect();
    let more = found.len().saturating_sub(MOST);
    findings.extend(found.into_iter().take(MOST));
    if more > 0
        && let Some(last) = findings.last_mut()
    {
        last.message.push_str(&format!(" (and {more} more like it)"));
    }
}
