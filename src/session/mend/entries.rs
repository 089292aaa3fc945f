//! Commits that put files of the state right: without the entries that git would refuse, and with links that lead to
//! their messages.

use crate::base::{Error, Kind as ErrorKind, Result};
use crate::records::Kind;
use crate::records::message::MESSAGE;
use crate::records::recipient;
use crate::session::snapshot::decode;
use crate::session::{Identity, Session, TreeSnapshot, inspect};
use crate::state::Snapshot;
use crate::store::{Content, Edit, NewCommit, Oid, Published, STATE_REF, Signing, Writer};

/// How often it is begun anew where a git moves the ref at the same time.
const TRIES: usize = 10;

pub(super) fn strip(session: &Session) -> Result<()> {
    publish(session, |session, writer, tip| {
        let odd = session.snapshot_at(tip)?.refused_by_git()?;
        if odd.is_empty() {
            return Ok(None);
        }
        let paths: Vec<String> = odd.iter().map(|odd| format!("- {}: {}", odd.path, odd.why)).collect();
        let new = commit(session, tip, "Take out what git would refuse", &paths, Vec::new())?;
        writer.publish_without(&new, &inspect::removals(&odd)).map(Some)
    })
}

pub(super) fn relink(session: &Session) -> Result<()> {
    publish(session, |session, writer, tip| {
        let snapshot = session.snapshot_at(tip)?;
        let (mut edits, mut told) = (Vec::new(), Vec::new());
        for link in snapshot.dangling_links()? {
            let (edit, words) = put_right(&snapshot, &link.path)?;
            edits.push(edit);
            told.push(format!("- {}: {words}", link.path));
        }
        if edits.is_empty() {
            return Ok(None);
        }
        let new = commit(session, tip, "Put links of inboxes right", &told, edits)?;
        writer.publish(new).map(Some)
    })
}

/// A link is a second copy of its message: where that is gone, it comes back. Where the message is another one, the link
/// follows it, and what is no message at all goes.
fn put_right(snapshot: &TreeSnapshot<'_>, path: &str) -> Result<(Edit, &'static str)> {
    let edit = |path: &str, content| Edit { path: path.to_owned(), content };
    let gone = Ok((edit(path, None), "taken out, as it is no message"));
    let Some((_, id)) = recipient::locate(path) else { return gone };
    let place = MESSAGE.path(&id);
    if let Some(whole) = snapshot.blob_at(&place)? {
        return Ok((edit(path, Some(Content::Existing(whole))), "leads to the message again"));
    }
    let (Some(blob), Some(bytes)) = (snapshot.blob_at(path)?, snapshot.file(path)?) else { return gone };
    let kind: &'static Kind = &MESSAGE;
    match decode(kind, &id, &bytes) {
        Ok(_) => Ok((edit(&place, Some(Content::Existing(blob))), "the message is back")),
        Err(_) => gone,
    }
}

fn commit(session: &Session, tip: Oid, subject: &str, lines: &[String], edits: Vec<Edit>) -> Result<NewCommit> {
    let Identity { author, committer, agent, .. } = session.mender();
    let told: Vec<String> = lines.iter().map(|line| crate::base::text::one_line(line)).collect();
    Ok(NewCommit {
        expected: Some(tip),
        parents: vec![tip],
        base: Some(tip),
        edits,
        author,
        author_time: session.now(),
        committer,
        commit_time: session.now().max(session.store().commit(tip)?.commit_time),
        message: format!("{subject}\n\n{}\n\nCoord-Agent: {agent}\n", told.join("\n")),
        reflog: format!("coord: {subject}"),
        signing: Signing::AsSet,
    })
}

/// Decides on the tip under the lock, and again where a git has moved it meanwhile.
fn publish(
    session: &Session,
    decide: impl Fn(&Session, &mut Writer<'_>, Oid) -> Result<Option<Published>>,
) -> Result<()> {
    let mut writer = session.store().lock(session.settings().lock_timeout)?;
    for _ in 0..TRIES {
        let tip = session.tip()?;
        match decide(session, &mut writer, tip)? {
            None | Some(Published::Landed(_)) => return Ok(()),
            Some(Published::Moved) => {}
        }
    }
    Err(Error::new(ErrorKind::Busy, "retry_limit", format!("cannot write: {STATE_REF} is being moved"))
        .hint("try again"))
}
