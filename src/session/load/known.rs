//! Which records are there, asked for each of many.
//!
//! A few are looked up in the tree. After that all ids of the kind are read once, which is then cheaper.

use std::collections::BTreeMap;

use crate::base::{Finder, Id, Result, id};
use crate::ops::import::There;
use crate::records::Kind;
use crate::records::record::AnyRecord;
use crate::session::TreeSnapshot;
use crate::state::Snapshot;
use crate::store::Oid;

/// How often a single record is looked for, before all of its kind are read.
const FEW: usize = 500;

/// What is known of the records of a moment.
#[derive(Default)]
pub(super) struct Known {
    kinds: BTreeMap<&'static str, Ids>,
}

#[derive(Default)]
struct Ids {
    asked: usize,
    all: Option<All>,
}

/// All files of a kind.
#[derive(Default)]
struct All {
    files: Vec<(Id, Oid)>,
    places: Finder,
}

impl Known {
    /// Returns what the records have under the id of an incoming one, whose file is to have this object id.
    ///
    /// # Errors
    /// `unreadable` where there is a file that is no record of this kind.
    pub(super) fn there(&mut self, records: &TreeSnapshot<'_>, incoming: &AnyRecord, blob: Oid) -> Result<There> {
        let (kind, wanted) = (incoming.kind(), incoming.id());
        Ok(match self.find(records, kind, wanted)? {
            None => There::Nothing,
            Some((other, _)) if other != *wanted => There::Twin(other),
            Some((_, file)) if file == blob => There::Same,
            Some(_) => records.find(kind, wanted)?.map_or(There::Nothing, There::Other),
        })
    }

    /// Returns id and object id of the record that has this id without regard to case.
    fn find(&mut self, records: &TreeSnapshot<'_>, kind: &'static Kind, wanted: &Id) -> Result<Option<(Id, Oid)>> {
        let ids = self.kinds.entry(kind.name).or_default();
        ids.asked += 1;
        if ids.asked == 1 && records.tree.list(kind.folder())?.is_empty() || ids.asked > FEW {
            // The first look tells that there are none at all, as where a state begins with an import.
            ids.all = Some(match ids.all.take() {
                Some(all) => all,
                None => All::read(records, kind)?,
            });
        }
        let folded = wanted.folded();
        let Some(all) = &ids.all else { return in_tree(records, kind, wanted, &folded) };
        let place = all.places.find(&folded, |place| all.files[place].0.eq_ignore_ascii_case(wanted));
        Ok(place.map(|place| all.files[place].clone()))
    }
}

impl All {
    fn read(records: &TreeSnapshot<'_>, kind: &'static Kind) -> Result<All> {
        let mut all = All::default();
        records.each_file(kind, &mut |id, blob| {
            all.places.note(&id.folded(), all.files.len());
            all.files.push((id, blob));
            Ok(())
        })?;
        Ok(all)
    }
}

/// Twins share a folder, so one folder is all that is looked at.
fn in_tree(records: &TreeSnapshot<'_>, kind: &Kind, wanted: &Id, folded: &str) -> Result<Option<(Id, Oid)>> {
    let path = kind.path(wanted);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let entries = records.tree.list(folder)?;
    let mut files = entries.iter().filter(|entry| entry.is_file()).filter_map(|entry| {
        let name = entry.name.strip_suffix(".md")?;
        Some((Id::parse(name).ok()?, entry.id))
    });
    Ok(files.find(|(found, _)| id::fold(found) == folded))
}
