//! A look at a remote: which refs it has, and its state fetched where that is not known here.

use std::time::Duration;

use super::round::stopped;
use super::{coming, presence, silence};
use crate::base::{Result, failpoint};
use crate::session::Session;
use crate::state::Warning;
use crate::store::{Listed, Oid};

/// How long a remote is asked at the least, however short the time is for which a lost race is tried again.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Returns what the remote has, fetched where it is not what it had, and which refs there are.
pub(super) fn look(
    session: &Session,
    remote: &str,
    limit: Duration,
    warnings: &mut Vec<Warning>,
    is_our_turn: bool,
) -> Result<(Option<Oid>, Listed)> {
    let store = session.store();
    let had = store.tracking_tip(remote)?;
    let listed =
        store.list_remote(remote, limit.max(PATIENCE)).inspect_err(|error| silence::note(session, remote, error))?;
    let Some(has) = listed.tip else {
        if let Some(had) = had {
            let message = format!("{remote} had the state and has it no longer (it was at {had}): it gets it again");
            warnings.push(Warning::new("remote_lost_state", message));
        }
        return Ok((None, listed));
    };
    if had == Some(has) && store.commit(has).is_ok() && presence::is_heard(session, remote, &listed) {
        return Ok((Some(has), listed));
    }
    let now = fetch(session, remote, is_our_turn)?;
    if let (Some(had), Some(now)) = (had, now)
        && matches!(store.is_ancestor(had, now), Ok(false))
    {
        let message = format!("{remote} has gone back from {had} to {now}: it gets again what it had");
        warnings.push(Warning::new("remote_went_back", message));
    }
    Ok((now, listed))
}

/// Fetches. While it is our turn nobody else need bring in what has come by it.
pub(super) fn fetch(session: &Session, remote: &str, is_our_turn: bool) -> Result<Option<Oid>> {
    let store = session.store();
    let had = store.tracking_tip(remote)?;
    failpoint::before("sync-fetch").map_err(stopped)?;
    store.fetch_state(remote)?;
    failpoint::after("sync-fetch").map_err(stopped)?;
    let has = store.tracking_tip(remote)?;
    if let Some(has) = has.filter(|_| is_our_turn && has != had) {
        coming::note(session, remote, has);
    }
    Ok(has)
}
