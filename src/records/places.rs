//! What has to lie where in the tip tree, by the path alone: a folder, in which records lie, or a file.
//!
//! Whatever is of the other sort stands in the way of records, of those that are and of those that will be. Where each
//! record lies is for `kind`, `recipient` and `conflict` to say.

use super::kind::{KINDS, Kind, Place};
use super::{config, conflict, kind, recipient};
use crate::base::Id;

/// The folder of what belongs to records and is none.
const ARTIFACTS: &str = "artifacts";

/// What has to lie at a path, if anything does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A folder.
    Folder,
    /// A file.
    File,
}

/// Returns what has to lie at a path; nothing where it is nobody's.
pub fn wanted(path: &str) -> Option<Wanted> {
    let is_file = path == config::PATH
        || kind::locate(path).is_some()
        || recipient::locate(path).is_some()
        || conflict::locate_value(path).is_some();
    match is_file {
        true => Some(Wanted::File),
        false => is_folder(path).then_some(Wanted::Folder),
    }
}

fn is_folder(path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    let Some((top, below)) = names.split_first() else { return false };
    match *top {
        recipient::FOLDER => is_inbox(below),
        ARTIFACTS => match below {
            [] => true,
            [kind] => Kind::find(kind).is_some(),
            [kind, id] => Kind::find(kind).is_some() && Id::parse(id).is_ok(),
            _ => false,
        },
        top => KINDS.iter().find(|kind| kind.folder() == top).is_some_and(|kind| is_shard(kind.place, below)),
    }
}

fn is_inbox(below: &[&str]) -> bool {
    match below {
        [] | ["@all" | "@role"] => true,
        [name] | ["@role", name] => Id::parse(name).is_ok(),
        _ => false,
    }
}

/// Whether these folders, below that of a kind, may hold records.
fn is_shard(place: Place, below: &[&str]) -> bool {
    let is_hex = |name: &str| name.len() == 2 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_date = |name: &str| {
        name.len() == 10
            && name.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    };
    match (place, below) {
        (_, []) => true,
        (Place::Flat(_), _) => false,
        (Place::Sharded(_), [first]) => is_hex(first),
        (Place::Sharded(_), [first, second]) => is_hex(first) && is_hex(second),
        (Place::Dated(_), [date]) => is_date(date),
        (Place::Dated(_), [date, shard]) => is_date(date) && is_hex(shard),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::message::MESSAGE;
    use crate::records::task::TASK;

    /// Whatever lies at a file's place, all above it are folders.
    #[test]
    fn all_that_is_above_a_record_is_a_folder() {
        let message = "01KAHD4V2M0000000000000000";
        let value = conflict::value_path(&conflict::id_of("task/T-1", "body"), "c32c497df6730c97fa07362aa5023f37");
        let inboxes =
            ["dev-1", "all", "role:reviewer"].map(|to| recipient::Recipient::parse(to).expect(to).path(message));
        let records = KINDS.iter().map(|kind| kind.path(message));
        for path in records.chain(inboxes).chain([TASK.path("T-1"), MESSAGE.path(message), value]) {
            assert_eq!(wanted(&path), Some(Wanted::File), "{path}");
            for (end, _) in path.match_indices('/') {
                assert_eq!(wanted(&path[..end]), Some(Wanted::Folder), "{}", &path[..end]);
            }
        }
        assert_eq!(wanted(config::PATH), Some(Wanted::File));
    }

    #[test]
    fn what_is_nobodys_may_be_anything() {
        for path in ["", "notes", "tasks/README.md", "tasks/0", "messages/today", "inbox/.x", "artifacts/x", "agents/a"]
        {
            assert_eq!(wanted(path), None, "{path}");
        }
    }
}
