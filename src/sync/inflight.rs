//! Claims that were pushed and that nobody has answered for yet: notes in `coord/inflight/<claim id>`.
//!
//! A note is written before the push and goes with the answer. One that is left is from a process that was killed, or
//! whose network was gone. The remote tells what became of it: it has the commit behind its tip, and the claim was made;
//! or its tip has moved on without, and then the commit cannot land any more; or neither, and the note stays.

use std::collections::BTreeMap;
use std::fs;

use crate::base::Id;
use crate::base::Result;
use crate::records::task::Claim;
use crate::session::Session;
use crate::state::Warning;
use crate::store::Oid;

/// The folder of the notes in the common dir.
const FOLDER: &str = "inflight";

/// Writes down that a commit with these claims is about to be pushed to a remote that has `theirs`.
///
/// # Errors
/// Where nothing can be written.
pub(super) fn note(
    session: &Session,
    remote: &str,
    claims: &[(String, Claim)],
    commit: Oid,
    theirs: Option<Oid>,
) -> Result<()> {
    for (task, claim) in claims {
        let theirs = theirs.map_or_else(|| "-".to_owned(), |id| id.to_string());
        let text = format!("{commit} {theirs} {task} {remote}\n");
        session.store().write_note(&format!("{FOLDER}/{}", claim.id), text.as_bytes())?;
    }
    Ok(())
}

/// Forgets the notes of claims that were answered for.
pub(super) fn forget(session: &Session, claims: &[(String, Claim)]) {
    claims.iter().for_each(|(_, claim)| remove(session, &claim.id));
}

/// Settles what can be settled now that it is known what a remote has.
pub(super) fn settle(session: &Session, remote: &str, theirs: Option<Oid>, warnings: &mut Vec<Warning>) {
    for (claim, note) in notes(session) {
        if note.remote != remote {
            continue;
        }
        let has_landed = theirs.is_some_and(|theirs| {
            session.store().commit(note.commit).is_ok()
                && session.store().is_ancestor(note.commit, theirs).unwrap_or_default()
        });
        if has_landed {
            let message = format!("the claim {claim} on {} has reached {remote} after all", note.task);
            warnings.push(Warning::new("claim_confirmed", message));
        } else if theirs != note.theirs {
            let message = format!("the claim {claim} on {} has never reached {remote}", note.task);
            warnings.push(Warning::new("claim_not_taken", message));
        } else {
            continue;
        }
        remove(session, &claim);
    }
}

struct Note {
    commit: Oid,
    theirs: Option<Oid>,
    task: String,
    remote: String,
}

/// What cannot be read is passed over: it says nothing of any claim.
fn notes(session: &Session) -> BTreeMap<String, Note> {
    let folder = session.store().coord_dir().join(FOLDER);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let read = |entry: fs::DirEntry| {
        let claim = Id::parse(&entry.file_name().into_string().ok()?).ok()?;
        Some((claim.into(), parse(&fs::read_to_string(entry.path()).ok()?)?))
    };
    entries.filter_map(read).collect()
}

fn parse(text: &str) -> Option<Note> {
    // The name of a remote may hold a space, and stands last.
    let mut words = text.strip_suffix('\n')?.splitn(4, ' ');
    let (commit, theirs, task) = (words.next()?.parse().ok()?, words.next()?, words.next()?.to_owned());
    let theirs = if theirs == "-" { None } else { Some(theirs.parse().ok()?) };
    Some(Note { commit, theirs, task, remote: words.next()?.to_owned() })
}

fn remove(session: &Session, claim: &str) {
    session.store().remove_note(&format!("{FOLDER}/{claim}"));
}
