//! What lies among the records, and how they hang together.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Finding, few};
use crate::base::{Id, Result};
use crate::query::graph::Node;
use crate::query::{Graph, Missing, cycles, missing};
use crate::records::agent::AGENT;
use crate::records::recipient::{Recipient, role_of};
use crate::records::{Agent, KINDS, Record, Task};
use crate::session::mend::Remedy;
use crate::session::{Session, TreeSnapshot};
use crate::state::{Snapshot, all};
use crate::store::STATE_REF;

/// How far ahead of this machine's clock a stamp may be.
const AHEAD: Duration = Duration::from_secs(24 * 3600);

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
        let waiting = match snapshot.linked(&recipient)?.len() {
            1 => "1 message waits".to_owned(),
            several => format!("{several} messages wait"),
        };
        match &recipient {
            Recipient::Agent(agent) if !snapshot.contains(&AGENT, agent)? => {
                let message = format!("{waiting} for {agent}, who has no profile");
                let finding = Finding::new("unknown_agent", message);
                let can_be_made = snapshot.twin(&AGENT, agent).is_ok_and(|twin| twin.is_none());
                let hint = format!("git coord agent new {agent}");
                strangers.push(if can_be_made { finding.hint(hint) } else { finding });
            }
            Recipient::Role(role) if !roles.contains(role) => {
                let message = format!("{waiting} for the role {role}, which no agent has");
                strangers.push(Finding::new("unknown_role", message).hint("git coord agent list"));
            }
            _ => {}
        }
    }
    few(strangers.into_iter(), findings);
    let links = snapshot.dangling_links()?.into_iter();
    few(
        links.map(|link| {
            let message = format!("{} is no message: {}", link.path, link.why);
            Finding::new("dangling_link", message).remedy(Remedy::Relink)
        }),
        findings,
    );
    let odd = snapshot.oddities()?.into_iter();
    let told = odd.map(|odd| {
        let finding = Finding::new("odd_entry", format!("{} is odd: {}", odd.path, odd.why));
        if odd.is_refused { finding.remedy(Remedy::Strip) } else { finding }
    });
    few(told, findings);
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
