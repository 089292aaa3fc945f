//! What changed between two trees. Folders that are equal are not opened.

use std::collections::BTreeMap;

use super::Oid;
use super::objects::Objects;
use super::tree::{self, Raw};
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
    if old == new || depth > 64 || changes.len() > most {
        return Ok(());
    }
    for (name, (old, new)) in pair(objects, old, new)? {
        // A name that is not UTF-8 is nothing of ours; `list` shows it to those who look for such things.
        let Ok(name) = std::str::from_utf8(&name) else { continue };
        if old == new {
            continue;
        }
        let path = tree::join(dir, name);
        let folder = |entry: &Option<Raw>| entry.as_ref().filter(|entry| entry.is_folder()).map(|entry| entry.id);
        let file = |entry: &Option<Raw>| entry.as_ref().filter(|entry| tree::is_file(entry.mode)).map(|entry| entry.id);
        let below = Place { dir: &path, depth: depth + 1, most };
        compare(objects, (folder(&old), folder(&new)), &below, changes)?;
        let (old, new) = (file(&old), file(&new));
        if old != new {
            changes.push(Change { path, old, new });
        }
    }
    Ok(())
}

type Pair = (Option<Raw>, Option<Raw>);

fn pair(objects: &Objects, old: Option<Oid>, new: Option<Oid>) -> Result<BTreeMap<Vec<u8>, Pair>> {
    let mut pairs: BTreeMap<Vec<u8>, Pair> = BTreeMap::new();
    for entry in old.map(|id| tree::entries(objects, id)).transpose()?.into_iter().flatten() {
        let name = entry.name.clone();
        pairs.entry(name).or_default().0 = Some(entry);
    }
    for entry in new.map(|id| tree::entries(objects, id)).transpose()?.into_iter().flatten() {
        let name = entry.name.clone();
        pairs.entry(name).or_default().1 = Some(entry);
    }
    Ok(pairs)
}
