//! Whether the ref, and every object of its commit, is there and what its name says; and what the reflog leads to.

use std::collections::HashSet;
use std::time::Duration;

use super::{Finding, few};
use crate::base::{Error, Result, text};
use crate::session::Session;
use crate::session::mend::Remedy;
use crate::store::rescue::{Flaw, Place, Seen};
use crate::store::{Oid, STATE_REF};

/// How long git is asked for what is missing in old commits.
const LONG_ENOUGH: Duration = Duration::from_secs(30);

/// Checks the state itself. Returns its commit where it can be read as a whole.
pub(super) fn state(session: &Session, findings: &mut Vec<Finding>) -> Option<Oid> {
    let before = findings.len();
    let checked = match session.store().look_at_ref() {
        Ok(Seen::Names(tip)) => commit(session, tip, findings).map(|()| Some(tip)),
        Ok(Seen::Broken { why, .. }) => {
            findings.push(Finding::new("damaged", why).remedy(Remedy::Rescue));
            Ok(None)
        }
        Ok(Seen::Absent) => absent(session, findings).map(|()| None),
        Err(error) => Err(error),
    };
    let tip = checked.unwrap_or_else(|error| {
        findings.push(Finding::of(&error));
        None
    });
    tip.filter(|_| findings[before..].iter().all(|finding| finding.remedy != Some(Remedy::Rescue)))
}

fn absent(session: &Session, findings: &mut Vec<Finding>) -> Result<()> {
    let store = session.store();
    let known = store.last_acknowledged().or(store.reflog()?.first().map(|trace| trace.new));
    findings.push(match known {
        None => Finding::new("not_set_up", format!("{STATE_REF} does not exist")).hint("git coord init"),
        Some(known) => {
            let message = format!("{STATE_REF} does not exist, and once named {known}");
            Finding::new("lost_ref", message).remedy(Remedy::Rescue)
        }
    });
    Ok(())
}

fn commit(session: &Session, tip: Oid, findings: &mut Vec<Finding>) -> Result<()> {
    let flaws = session.store().flaws(tip)?;
    few(flaws.iter().map(damage), findings);
    let mut history = HashSet::new();
    let behind = session.store().flaws_of_history(tip, &mut history)?;
    let is_known = |flaw: &Flaw| flaws.iter().any(|known| known.id == flaw.id);
    few(behind.iter().filter(|flaw| !is_known(flaw)).map(damage), findings);
    if flaws.is_empty() && behind.is_empty() {
        if let Err(error) = session.snapshot_at(tip) {
            findings.push(senseless(&error));
            return Ok(());
        }
        if let Some(words) = session.store().missed_by_git(tip, LONG_ENOUGH) {
            let message =
                format!("something that the state once held is missing: {}", text::excerpt(words.trim(), 200));
            findings.push(Finding::new("damaged", message).remedy(Remedy::Rescue));
            return Ok(());
        }
        acknowledged(session, &history, findings)?;
        reflog(session, history, findings)?;
    }
    Ok(())
}

/// Checks that the history holds what was acknowledged here last.
fn acknowledged(session: &Session, history: &HashSet<Oid>, findings: &mut Vec<Finding>) -> Result<()> {
    let store = session.store();
    let Some(last) = store.last_acknowledged().filter(|last| !history.contains(last)) else { return Ok(()) };
    // Behind a cut may lie anything.
    for commit in history {
        if store.is_shallow(*commit)? {
            return Ok(());
        }
    }
    let state = if store.flaws(last)?.is_empty() { "" } else { ", and cannot be read as a whole" };
    let message = format!("{last} was acknowledged last and is in the history no longer{state}");
    findings.push(Finding::new("lost_tip", message).remedy(Remedy::BringBack));
    Ok(())
}

fn damage(flaw: &Flaw) -> Finding {
    let what = match &flaw.place {
        Place::Commit => "a commit of the state".to_owned(),
        Place::Folder(path) if path.is_empty() => "the top folder of the state".to_owned(),
        Place::Folder(path) => format!("the folder {path}"),
        Place::File(path) => format!("the file {path}"),
    };
    Finding::new("damaged", format!("{}; it is {what}", flaw.why)).remedy(Remedy::Rescue)
}

/// A tip that holds no state, or whose settings nobody can read, is as good as a damaged one. One of a later version is
/// not.
fn senseless(error: &Error) -> Finding {
    let finding = Finding::of(error);
    if error.code() == "damaged" { finding.remedy(Remedy::Rescue) } else { finding }
}

/// Checks that the moves of the ref are noted, and lead to nothing that is gone: git then collects no garbage.
fn reflog(session: &Session, mut known: HashSet<Oid>, findings: &mut Vec<Finding>) -> Result<()> {
    let store = session.store();
    if !store.has_reflog()? {
        let message = format!("{STATE_REF} has no reflog, which is what you could undo a mishap with");
        findings.push(Finding::new("no_reflog", message).remedy(Remedy::BeginReflog));
        return Ok(());
    }
    let mut gone = 0;
    for trace in store.reflog()? {
        for id in trace.old.into_iter().chain([trace.new]) {
            if !known.contains(&id) {
                let is_whole = store.flaws_of_history(id, &mut known)?.is_empty() && store.flaws(id)?.is_empty();
                gone += usize::from(!is_whole);
            }
        }
    }
    if gone > 0 {
        let message = format!("the reflog of {STATE_REF} leads to {gone} commits that cannot be read");
        findings.push(Finding::new("stale_reflog", message).remedy(Remedy::ClearReflog));
    }
    Ok(())
}
