//! What lies around the state: git itself, its settings, locks, and what is kept in the common dir beside git.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::Finding;
use crate::index;
use crate::session::Session;
use crate::session::mend::Remedy;
use crate::session::settings::is_signing_required;
use crate::session::setup::{UNTOUCHED, check_git, missing_settings};
use crate::store::rescue::Left;
use crate::store::{Oid, STATE_REF, is_signing};
use crate::sync;

/// How old a file under a temporary name is before nobody can be at it any more. It guards nothing, so age may decide.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// Checks that git is there and new enough.
pub(super) fn git(session: &Session, findings: &mut Vec<Finding>) {
    findings.extend(check_git(session.store()).err().map(|error| Finding::of(&error)));
}

/// Checks what git must know to carry the state along.
pub(super) fn settings(session: &Session, findings: &mut Vec<Finding>) {
    let store = session.store();
    for wanted in missing_settings(store).into_iter().filter(|wanted| wanted.value != UNTOUCHED) {
        let message = format!("git does not know {} = {}", wanted.key, wanted.value);
        findings.push(Finding::new("missing_setting", message).hint("git coord init").remedy(Remedy::Set(wanted)));
    }
    if session.machine().replica().is_none() && matches!(store.tip(), Ok(Some(_))) {
        let finding = Finding::new("no_replica", "this replica has no id").hint("git coord init");
        findings.push(finding.remedy(Remedy::NameReplica));
    }
}

/// Checks that what is written here is signed where only what is signed is taken in.
pub(super) fn signing(session: &Session, findings: &mut Vec<Finding>) {
    let config = session.store().config();
    match is_signing_required(config).and_then(|is_required| Ok(is_required && !is_signing(config)?)) {
        // On a server nobody writes.
        Ok(true) if !session.store().is_bare() => {
            let message = "coord.requireSigned is on and coord.sign is not: others would refuse what is written here";
            findings.push(Finding::new("not_signing", message).hint("git coord config coord.sign on"));
        }
        Ok(_) => {}
        Err(error) => findings.push(Finding::of(&error)),
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

/// Checks that what plain fetches have brought could be taken in.
pub(super) fn folded(session: &Session, findings: &mut Vec<Finding>) {
    for (remote, tip) in sync::folded::left_out(session) {
        let why = session.tip().and_then(|ours| session.check_signed(tip, Some(ours)));
        let why = why.err().filter(|error| error.code() == "not_signed").map(|error| format!(": {error}"));
        let why = why.unwrap_or_default();
        let message = format!("what {remote} had at the last fetch ({tip}) could not be taken in{why}");
        findings.push(Finding::new("not_folded_in", message).hint(format!("git coord sync {remote}")));
    }
}

/// Checks for locks that keep writers out. One of ours is known by what it is. Whose another is cannot be told, however
/// old it is, so it is named and no more.
pub(super) fn locks(session: &Session, findings: &mut Vec<Finding>) {
    let common = session.store().common_dir();
    let foreign = |name: &str| {
        let message = format!("{} is there: a git holds it, or one that died left it", common.join(name).display());
        Finding::new("lock", message).hint("run it again: git coord doctor")
    };
    let own = format!("{STATE_REF}.lock");
    match session.store().lock_left() {
        Left::None => {}
        Left::Foreign => findings.push(foreign(&own)),
        Left::Ours => {
            let message = format!("{} is there: a writer that was killed left it", common.join(&own).display());
            findings.push(Finding::new("lock", message).remedy(Remedy::Unlock));
        }
    }
    if common.join("packed-refs.lock").exists() {
        findings.push(foreign("packed-refs.lock"));
    }
}

/// Checks that what is kept beside git is what it should be: a file for a folder, or the other way about, stops writers.
pub(super) fn places(session: &Session, findings: &mut Vec<Finding>) {
    let top = session.store().coord_dir();
    let folders = ["", "heartbeats", "held"].map(|name| (name, true));
    let files = ["lock", "replica", "next", "index.sqlite"].map(|name| (name, false));
    for (name, is_folder) in folders.into_iter().chain(files) {
        let path = if name.is_empty() { top.to_owned() } else { top.join(name) };
        if path.metadata().is_ok_and(|meta| meta.is_dir() != is_folder) {
            let should = if is_folder { "folder" } else { "file" };
            let message = format!("{} is no {should}, so not all that writes can work", path.display());
            findings.push(Finding::new("in_the_way", message).hint("look what it is, and move it out of the way"));
        }
    }
}

/// Checks that the index is what SQLite understands. Whether it says what the records say is known to whoever asks it.
pub(super) fn index(session: &Session, findings: &mut Vec<Finding>) {
    if let Some(fault) = index::fault(session.store()) {
        let message = format!("the index cannot be used, and all records are read: {fault}");
        findings.push(Finding::new("broken_index", message).remedy(Remedy::DropIndex));
    }
}

/// Checks for files that died before they got their name.
pub(super) fn leftovers(session: &Session, findings: &mut Vec<Finding>) {
    let top = session.store().coord_dir();
    let mut left = Vec::new();
    collect(top, 0, &mut left);
    left.sort();
    for path in left {
        let message = format!("{} was left by a process that died, and nobody uses it", path.display());
        findings.push(Finding::new("leftover", message).remedy(Remedy::Remove(path)));
    }
}

fn collect(folder: &Path, depth: usize, left: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_dir() && depth < 2 && name != "backup" {
            collect(&path, depth + 1, left);
        }
        let is_temporary = [".note-", ".index-"].iter().any(|start| name.to_string_lossy().starts_with(start));
        let age = meta.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        if meta.is_file() && is_temporary && age.is_some_and(|age| age > FORGOTTEN) {
            left.push(path);
        }
    }
}
