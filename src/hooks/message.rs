//! `prepare-commit-msg` and `commit-msg`: a commit says under which claim it was made.
//!
//! The trailers are added before the message is edited, so that whoever edits it sees them. Then a message that nobody has
//! written would no longer be empty, and git would make a commit of it: `commit-msg` makes it empty again.

use std::fs;
use std::path::Path;

use super::call::Call;
use super::file::failed;
use crate::base::Result;
use crate::query::lists;
use crate::records::Task;
use crate::records::task::Claim;
use crate::session::Session;

/// The trailer that names the task.
pub(super) const TASK: &str = "Coord-Task";

/// The trailer that names the claim.
pub(super) const CLAIM: &str = "Coord-Claim";

/// Where a message comes from that is not written now: of a merge, of several commits, of another commit.
const NOT_NEW: &[&str] = &["merge", "squash", "commit"];

/// What lies in the git dir while commits are made again, or somebody else's are.
const UNDER_WAY: &[&str] = &["rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "MERGE_HEAD"];

/// How the subject of a commit begins that is to become a part of another.
const PARTS: &[&str] = &["fixup! ", "squash! ", "amend! "];

/// The line below which git passes over everything.
const SCISSORS: &str = "------------------------ >8 ------------------------";

/// Adds the claim to a message, where it is a new commit's and exactly one claim is held here.
///
/// # Errors
/// Where that cannot be told, or the message not be written.
pub(super) fn prepare(call: &Call) -> Result<()> {
    let (session, path) = (call.session(), call.file(0));
    let is_under_way = UNDER_WAY.iter().any(|name| session.store().git_dir().join(name).exists());
    if is_under_way || NOT_NEW.contains(&&*call.word(1)) {
        return Ok(());
    }
    let message = read(&path)?;
    if message.lines().next().is_some_and(|subject| PARTS.iter().any(|part| subject.starts_with(part))) {
        return Ok(());
    }
    let Some((task, claim)) = current(session)? else { return Ok(()) };
    session.store().add_trailers(&path, &[(TASK, task.id.as_str()), (CLAIM, claim.id.as_str())])?;
    if is_empty(&message, &comment(session)) { leave_room(&path) } else { Ok(()) }
}

/// Empties a message in which nothing stands but what was added to it.
///
/// # Errors
/// Where it cannot be read or written.
pub(super) fn finish(call: &Call) -> Result<()> {
    let path = call.file(0);
    let message = read(&path)?;
    if has_claim(&message) && is_empty(&message, &comment(call.session())) {
        fs::write(&path, b"").map_err(|error| failed("write", &path, error))?;
    }
    Ok(())
}

/// Leaves room for a subject, and the line that parts it from the trailers: it is typed into the first line.
fn leave_room(path: &Path) -> Result<()> {
    let bytes = fs::read(path).map_err(|error| failed("read", path, error))?;
    let begin = bytes.iter().position(|byte| *byte != b'\n').unwrap_or(bytes.len());
    fs::write(path, [b"\n\n", &bytes[begin..]].concat()).map_err(|error| failed("write", path, error))
}

/// Returns what the lines begin with that git passes over.
fn comment(session: &Session) -> String {
    let sign = session.store().config().text("core.commentChar").filter(|sign| sign != "auto");
    sign.unwrap_or_else(|| "#".to_owned())
}

/// Returns the one claim that this agent holds in this worktree; nothing where it holds none, or several.
fn current(session: &Session) -> Result<Option<(Task, Claim)>> {
    let identity = session.identity()?;
    let held = session.machine().held(&identity.agent);
    if held.is_empty() {
        return Ok(None);
    }
    let snapshot = session.snapshot()?;
    let is_ours =
        |claim: &Claim| held.contains(&claim.id) && (identity.session.is_none() || claim.session == identity.session);
    let tasks = lists::claimed(&snapshot)?.into_iter();
    let mut ours = tasks.filter_map(|task| task.claim.clone().filter(&is_ours).map(|claim| (task, claim)));
    Ok(ours.next().filter(|_| ours.next().is_none()))
}

/// Bytes that are no text are as good as any to look for lines in.
fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|error| failed("read", path, error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn has_claim(message: &str) -> bool {
    message.lines().any(|line| line.starts_with(&format!("{CLAIM}: ")))
}

/// Returns whether git would take a message for none, were it not for our trailers.
fn is_empty(message: &str, comment: &str) -> bool {
    let lines = message.lines().take_while(|line| !line.ends_with(SCISSORS));
    let added = [TASK, CLAIM, "Signed-off-by"].map(|key| format!("{key}: "));
    let is_nothing = |line: &str| line.trim().is_empty() || line.starts_with(comment);
    lines.into_iter().all(|line| is_nothing(line) || added.iter().any(|start| line.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_nothing_but_trailers_and_comments_is_empty() {
        let trailers = "Coord-Task: T-1\nCoord-Claim: c1\n";
        assert!(is_empty(&format!("\n{trailers}Signed-off-by: A <a@b>\n# On branch main\n"), "#"));
        assert!(is_empty(&format!("{trailers}; no\n; {SCISSORS}\ndiff --git a b\n"), ";"));
        assert!(!is_empty(&format!("Subject\n\n{trailers}"), "#"));
        assert!(!is_empty(&format!("{trailers}# a comment of another sign\n"), ";"));
    }
}
