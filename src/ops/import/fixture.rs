//! An import in memory, for tests of what is pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{Intake, Taken, Tally, There};
use crate::base::Result;
use crate::records::record::AnyRecord;
use crate::state::{Changeset, Snapshot};

/// Takes rows over, each with its line, and returns what that changes.
pub(crate) fn plan(
    snapshot: &dyn Snapshot,
    rows: &[(usize, Vec<AnyRecord>)],
    speaks_for: BTreeSet<String>,
) -> Result<(Changeset, Tally)> {
    let mut intake = Intake::new(speaks_for);
    let mut puts: BTreeMap<usize, AnyRecord> = BTreeMap::new();
    for (line, row) in rows {
        let mut is_lost = false;
        for (n, record) in row.iter().enumerate() {
            if is_lost && intake.has_met(record.kind(), record.id()) {
                continue;
            }
            match intake.take(*line, record, || there(snapshot, record))? {
                Taken::AsItCame(place) => _ = puts.insert(place, record.clone()),
                Taken::Merged(place, merged) => _ = puts.insert(place, merged),
                Taken::Left(place) => _ = puts.remove(&place),
                Taken::Lost => is_lost |= n == 0,
            }
        }
    }
    let (tally, warnings) = intake.finish(snapshot)?;
    let mut changes = Changeset::new(intake.subject("a file", &tally));
    changes.warnings = warnings;
    puts.into_values().for_each(|record| changes.put_any(record));
    Ok((changes, tally))
}

fn there(snapshot: &dyn Snapshot, record: &AnyRecord) -> Result<There> {
    Ok(match snapshot.twin(record.kind(), record.id())? {
        None => There::Nothing,
        Some(twin) if twin != *record.id() => There::Twin(twin),
        Some(_) => There::Other(snapshot.find(record.kind(), record.id())?.expect("a record that is there")),
    })
}
