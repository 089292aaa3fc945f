//! What changed between two trees. Folders that are equal are not opened.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use gix::objs::Kind;

use super::Oid;
use super::objects::Objects;
use super::tree::{self, Row};
use crate::base::Result;

/// One file that differs between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where the file is.
    pub path: String,
    /// The file before; nothing where it was not there.
    pub old: Option<Oid>,
    /// The file after; nothing where it is gone.
    pub new: Option<Oid>,
}

/// Lists the files that differ between two trees, sorted by path; nothing where they are more than `most`.
pub(super) fn trees_up_to(
    objects: &Objects,
    (old, new): (Option<Oid>, Option<Oid>),
    most: usize,
) -> Result<Option<Vec<Change>>> {
    let mut changes = Vec::new();
    compare(objects, (old, new), &Place { dir: "", depth: 0, most }, &mut changes)?;
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Some(changes).filter(|changes| changes.len() <= most))
}

/// Where two trees are compared, and how many differences are enough.
struct Place<'a> {
    dir: &'a str,
    depth: usize,
    most: usize,
}

fn compare(
    objects: &Objects,
    (old, new): (Option<Oid>, Option<Oid>),
    &Place { dir, depth, most }: &Place<'_>,
    changes: &mut Vec<Change>,
) -> Result<()> {
    let (true, Some(either)) = (old != new && depth <= 64 && changes.len() <= most, old.or(new)) else { return Ok(()) };
    let read = |id: Option<Oid>| id.map_or_else(|| Ok(Arc::default()), |id| objects.read(id, Kind::Tree));
    let (before, after) = (read(old)?, read(new)?);
    let trees = ((old.unwrap_or(either), &*before), (new.unwrap_or(either), &*after));
    for (name, (old, new)) in differing(trees.0, trees.1)? {
        // A name that is not UTF-8 is nothing of ours; `list` shows it to those who look for such things.
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let path = tree::join(dir, name);
        let folder = |row: Option<Row<'_>>| row.filter(|row| row.mode == tree::FOLDER).map(|row| row.id);
        let file = |row: Option<Row<'_>>| row.filter(|row| tree::is_file(row.mode)).map(|row| row.id);
        let below = Place { dir: &path, depth: depth + 1, most };
        compare(objects, (folder(old), folder(new)), &below, changes)?;
        let (old, new) = (file(old), file(new));
        if old != new {
            changes.push(Change { path, old, new });
        }
    }
    Ok(())
}

/// What is left of a tree: its name, and the bytes of the entries that have not been looked at.
type Rest<'b> = (Oid, &'b [u8]);

type Pair<'b> = (Option<Row<'b>>, Option<Row<'b>>);

/// Returns the entries that are not the same in both, by their names.
///
/// Nearly all are the same and stand side by side, and of those no more is looked at than where they end. An order that is
/// not git's only costs time: what is met at two moments meets in the map.
fn differing<'b>(mut old: Rest<'b>, mut new: Rest<'b>) -> Result<BTreeMap<&'b [u8], Pair<'b>>> {
    let mut pairs: BTreeMap<&[u8], Pair<'_>> = BTreeMap::new();
    loop {
        let same = tree::skip_same(old.1, new.1, old.0.as_bytes().len());
        (old.1, new.1) = (&old.1[same..], &new.1[same..]);
        let (before, after) = (tree::first(old)?, tree::first(new)?);
        let order = match (&before, &after) {
            (None, None) => return Ok(pairs),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(after)) => before.name.cmp(after.name),
        };
        if let Some(row) = before.filter(|_| order.is_le()) {
            pairs.entry(row.name).or_default().0 = Some(row);
            old.1 = &old.1[row.bytes.len()..];
        }
        if let Some(row) = after.filter(|_| order.is_ge()) {
            pairs.entry(row.name).or_default().1 = Some(row);
            new.1 = &new.1[row.bytes.len()..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ObjectFormat;

    fn tree(entries: &[(&str, u8)]) -> Vec<u8> {
        let entry = |(name, id): &(&str, u8)| [format!("100644 {name}\0").as_bytes(), &[*id; 20]].concat();
        entries.iter().flat_map(entry).collect()
    }

    fn found(old: &[(&str, u8)], new: &[(&str, u8)]) -> Vec<(String, Option<u8>, Option<u8>)> {
        let name = ObjectFormat::Sha1.zero();
        let id = |row: Option<Row<'_>>| row.map(|row| row.id.as_bytes()[0]);
        let (old, new) = (tree(old), tree(new));
        let pairs = differing((name, &old), (name, &new)).expect("trees");
        let shown =
            |(name, (old, new)): (&[u8], Pair<'_>)| (String::from_utf8_lossy(name).into_owned(), id(old), id(new));
        pairs.into_iter().map(shown).filter(|(_, old, new)| old != new).collect()
    }

    #[test]
    fn what_differs_is_found_in_any_order() {
        let old = [("a", 1), ("b", 2), ("c", 3), ("e", 5)];
        let new = [("a", 1), ("b", 9), ("d", 4), ("e", 5), ("f", 6)];
        let wanted = [
            ("b".to_owned(), Some(2), Some(9)),
            ("c".to_owned(), Some(3), None),
            ("d".to_owned(), None, Some(4)),
            ("f".to_owned(), None, Some(6)),
        ];
        assert_eq!(found(&old, &new), wanted);
        let backwards: Vec<_> = new.iter().rev().copied().collect();
        assert_eq!(found(&old, &backwards), wanted);
        assert_eq!(found(&old, &old), []);
        assert_eq!(found(&[], &old).len(), 4);
        assert_eq!(found(&old, &[]).len(), 4);
    }

    #[test]
    fn what_is_no_tree_is_an_error() {
        let name = ObjectFormat::Sha1.zero();
        let good = tree(&[("a", 1)]);
        for broken in [&good[..good.len() - 1], b"100644 a", b"x", &[good.as_slice(), b"1"].concat()] {
            assert!(differing((name, broken), (name, &good)).is_err(), "{broken:?}");
            assert!(differing((name, &good), (name, broken)).is_err(), "{broken:?}");
            assert!(differing((name, broken), (name, broken)).is_err(), "{broken:?}");
        }
    }
}
