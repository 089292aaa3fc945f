//! The commit of a merge, as a value: nothing in it depends on who makes it, when, or where.

use super::tree::Edits;
use super::{MERGER, RULES};
use crate::base::Timestamp;

/// The address behind the name of who makes a merge.
pub const ADDRESS: &str = "git-coord@localhost";

/// The trailer that holds the version of the rules.
const TRAILER: &str = "Coord-Merge";

/// The commit of a merge, to be written by whoever can. Author and committer are [`MERGER`] at [`ADDRESS`].
#[derive(Debug)]
pub struct MergeCommit<C, B> {
    /// The parents, sorted.
    pub parents: [C; 2],
    /// The parent whose tree is edited.
    pub base: C,
    /// What is set and removed.
    pub edits: Edits<B>,
    /// How many conflicts came or changed.
    pub conflicts: usize,
    /// When: the later of the parents' times.
    pub time: Timestamp,
    /// The whole message.
    pub message: String,
}

/// Returns the message of a merge.
pub(super) fn message(conflicts: usize) -> String {
    let with = match conflicts {
        0 => String::new(),
        1 => ", with a conflict".to_owned(),
        many => format!(", with {many} conflicts"),
    };
    format!("Merge two lines of changes{with}\n\n{TRAILER}: {RULES}\n")
}

/// Returns the version of the rules under which a commit was made by a merge; nothing where it holds somebody's changes.
///
/// What calls itself a merge is believed here: its changes are nobody's, so that they are not missed where another merge of
/// the same commits takes its place. Whether a merge is what its parents give is found out by making it again.
pub fn rules_of(author: &str, parents: usize, trailers: &[(String, String)]) -> Option<u32> {
    let version = trailers.iter().find(|(key, _)| key == TRAILER)?.1.parse().ok()?;
    (author == MERGER && parents == 2).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_is_known_by_author_parents_and_trailer() {
        let trailers = |value: &str| vec![(TRAILER.to_owned(), value.to_owned())];
        assert_eq!(rules_of(MERGER, 2, &trailers("1")), Some(1));
        assert_eq!(rules_of(MERGER, 2, &trailers("9")), Some(9));
        assert_eq!(rules_of(MERGER, 2, &trailers("one")), None);
        assert_eq!(rules_of(MERGER, 1, &trailers("1")), None);
        assert_eq!(rules_of("Ada", 2, &trailers("1")), None);
        assert_eq!(rules_of(MERGER, 2, &[]), None);
    }

    #[test]
    fn the_message_of_a_merge_is_pinned() {
        assert_eq!(message(0), "Merge two lines of changes\n\nCoord-Merge: 1\n");
        assert_eq!(message(1), "Merge two lines of changes, with a conflict\n\nCoord-Merge: 1\n");
        assert_eq!(message(7), "Merge two lines of changes, with 7 conflicts\n\nCoord-Merge: 1\n");
    }
}
