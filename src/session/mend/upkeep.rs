//! The small remedies: settings, the reflog, the replica's id, files that nobody uses.

use std::path::Path;

use super::Session;
use crate::base::{Error, Kind, Result};
use crate::index;
use crate::session::setup::Wanted;
use crate::store::STATE_REF;
use crate::store::rescue::Backup;

pub(super) fn set(session: &Session, wanted: &Wanted) -> Result<()> {
    // Asked anew: several findings may come of one missing value.
    if !session.store().config().all(&wanted.key).contains(&wanted.value) {
        session.store().config_add(&wanted.key, &wanted.value)?;
    }
    session.store().settle(&["config"])
}

pub(super) fn unset(session: &Session, unwanted: &Wanted, backup: &Backup<'_>) -> Result<()> {
    let config = session.store().common_dir().join("config");
    backup.keep("config", &std::fs::read(config).unwrap_or_default())?;
    session.store().config_remove(&unwanted.key, &unwanted.value)?;
    session.store().settle(&["config"])
}

pub(super) fn name_replica(session: &Session) -> Result<()> {
    session.machine().name_replica(&session.seed().id('r', 0))?;
    session.store().settle(&["coord/replica"])
}

pub(super) fn drop_index(session: &Session) -> Result<()> {
    if index::discard(session.store()) {
        return Ok(());
    }
    Err(Error::new(Kind::Busy, "index_busy", "cannot remove the index: another process writes it").hint("try again"))
}

pub(super) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::fatal("io", format!("cannot remove {}", path.display())).because(error))
        }
        _ => Ok(()),
    }
}

pub(super) fn begin_reflog(session: &Session) -> Result<()> {
    let writer = session.store().lock(session.settings().lock_timeout)?;
    writer.begin_reflog(&session.mender().committer, session.now(), &format!("coord: the reflog of {STATE_REF} begins"))
}
