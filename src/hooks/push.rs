//! `pre-push`: what must not be pushed is refused, and the state goes along.
//!
//! Two things are always refused, for a push of all refs (`--mirror`, `--all` of another tool) brings them about unasked and
//! nothing else stops them: to move the state of the remote to what does not follow it, and to give the remote our notes
//! of what remotes have. All else that goes wrong here is a warning, unless `coord.publishOnPush` says otherwise.

use std::time::Duration;

use super::call::Call;
use super::fence::Fence;
use super::line::Line;
use super::{Done, Hook, NOTES, failed, fold_in};
use crate::base::{Error, Kind, Result, text};
use crate::query::overlap::Policy;
use crate::session::Session;
use crate::session::settings::PublishOnPush;
use crate::session::setup::fetch_refspec;
use crate::state::Warning;
use crate::store::{Oid, STATE_REF, Store, remote_prefix};
use crate::sync;

/// Does what is to be done before a push.
///
/// # Errors
/// `not_fast_forward`, `tracking_ref_pushed` (5); `fenced`, `paths_overlap` (3); `publish_failed` (6) where `coord.publishOnPush` requires it.
pub(super) fn pre_push(call: &Call, input: &[u8]) -> Result<Done> {
    let session = call.session();
    let (mut remote, mut lines) = (call.word(0), Line::of_push(input));
    if remote.is_empty() {
        // pre-commit tells in its own way, and of one ref only.
        let told = |name: &str| session.store().environment().text(name).unwrap_or_default().to_owned();
        remote = told("PRE_COMMIT_REMOTE_NAME");
        let words = ["LOCAL_BRANCH", "TO_REF", "REMOTE_BRANCH", "FROM_REF"].map(|it| told(&format!("PRE_COMMIT_{it}")));
        lines.extend(Line::of_push(words.join(" ").as_bytes()));
    }
    refuse(session.store(), &remote, &lines)?;
    let mut done = Done { has_moved: fold_in(session), ..Done::default() };
    let fence = fence(session, &remote, &lines);
    if is_published_to(session, &remote, &lines) {
        // What others have done to a claim since decides, and so they are asked.
        let is_asked = fence.as_ref().is_ok_and(Fence::has_claims);
        publish(session, &remote, is_asked, &mut done)?;
    }
    match fence.and_then(|fence| fence.judge()) {
        Ok(warnings) => done.warnings.extend(warnings),
        Err(error) if error.kind() == Kind::Conflict || is_strict(session) => return Err(error),
        Err(error) => done.warnings.push(failed(Hook::PrePush, &error)),
    }
    Ok(done)
}

/// Returns what the fence has to judge: all that is pushed but refs of ours.
///
/// # Errors
/// Where git cannot tell; the state is published all the same.
fn fence<'s>(session: &'s Session, remote: &str, lines: &[Line]) -> Result<Fence<'s>> {
    let store = session.store();
    let code: Vec<&Line> =
        lines.iter().filter(|line| !line.name.starts_with("refs/coord/") && !is_state(store, &line.name)).collect();
    let to: Vec<Oid> = code.iter().filter_map(|line| line.new).collect();
    let from: Vec<Oid> = code.iter().filter_map(|line| line.old).collect();
    let remote = store.remotes().into_iter().find(|name| name == remote);
    Fence::of(session, &to, &from, remote.as_deref())
}

/// Returns whether what cannot be judged is refused.
fn is_strict(session: &Session) -> bool {
    session.settings().fence == Policy::Refuse
}

/// Refuses what would take the state away from others.
fn refuse(store: &Store, remote: &str, lines: &[Line]) -> Result<()> {
    for line in lines {
        if line.name.starts_with(NOTES) {
            let message = format!(
                "cannot push to {}: {} is a note of this clone about what a remote has, and nobody else's",
                shown(remote),
                text::excerpt(&line.name, 120)
            );
            return Err(Error::invalid("tracking_ref_pushed", message)
                .hint("push the branches by `--all` and the tags by `--tags`, and not all refs by `--mirror`"));
        }
        if is_state(store, &line.name) {
            refuse_backwards(store, remote, line)?;
        }
    }
    Ok(())
}

fn refuse_backwards(store: &Store, remote: &str, line: &Line) -> Result<()> {
    let Some(old) = line.old else { return Ok(()) };
    // What is not here, or is no commit, does not follow as far as anybody can tell.
    let follows = line.new.is_some_and(|new| store.is_ancestor(old, new).unwrap_or(false));
    if follows {
        return Ok(());
    }
    let what = if line.new.is_none() { "would be removed there" } else { "does not follow what is there" };
    let message = format!("cannot push to {}: {} {what}", shown(remote), line.name);
    let error = Error::invalid("not_fast_forward", message);
    Err(match store.remotes().iter().any(|name| name == remote) {
        true => error.hint(format!("git coord sync {remote}")),
        false => error,
    })
}

fn shown(remote: &str) -> String {
    text::excerpt(remote, 60)
}

/// Returns whether a ref of a remote is the one that holds the state there.
pub(super) fn is_state(store: &Store, name: &str) -> bool {
    let mapped = remote_prefix(store.config()).is_ok_and(|prefix| name == format!("{prefix}main"));
    mapped || name == STATE_REF
}

/// Returns whether the state goes along to a remote: to one that has it fetched, or is the one of the team. A push that
/// moves the state itself needs no help, and would meet ours on the way.
fn is_published_to(session: &Session, remote: &str, lines: &[Line]) -> bool {
    let store = session.store();
    let is_wanted = session.settings().publish_on_push != PublishOnPush::Off;
    let is_remote = store.remotes().iter().any(|name| name == remote);
    let is_shared = session.settings().remote.as_deref() == Some(remote);
    let is_fetched = || store.config().all(&format!("remote.{remote}.fetch")).contains(&fetch_refspec(store, remote));
    let moves_state = lines.iter().any(|line| is_state(store, &line.name));
    is_wanted && is_remote && !moves_state && (is_shared || is_fetched())
}

/// Publishes the state within the time that there is for it; where it has all been published nobody is asked.
fn publish(session: &Session, remote: &str, is_asked: bool, done: &mut Done) -> Result<()> {
    if !is_asked && matches!(has_all(session, remote), Ok(true)) {
        return Ok(());
    }
    let budget = session.settings().push_budget;
    match sync::sync_within(session, remote, budget) {
        Ok(synced) => {
            done.is_published = synced.is_published;
            done.has_moved |= synced.came > 0 || synced.merges > 0;
            done.warnings.extend(synced.warnings);
            Ok(())
        }
        Err(error) => not_published(session, remote, budget, error, done),
    }
}

fn has_all(session: &Session, remote: &str) -> Result<bool> {
    let (tip, known): (Oid, Option<Oid>) = (session.tip()?, session.store().tracking_tip(remote)?);
    match known {
        Some(known) => Ok(known == tip || session.store().is_ancestor(tip, known)?),
        None => Ok(false),
    }
}

fn not_published(session: &Session, remote: &str, budget: Duration, error: Error, done: &mut Done) -> Result<()> {
    let why = match error.code() {
        "remote_timeout" | "timeout" => format!("{remote} took longer than {budget:?}"),
        _ => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("{error}{cause}")
        }
    };
    let message = format!("the state was not published: {why}");
    if session.settings().publish_on_push == PublishOnPush::Require {
        return Err(Error::new(Kind::Remote, "publish_failed", message)
            .hint(format!("git coord sync {remote}"))
            .because(error));
    }
    done.warnings.push(Warning::new("not_published", message));
    Ok(())
}
