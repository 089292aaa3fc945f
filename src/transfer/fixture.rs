//! Whole files in and out, in memory, for the tests of the formats.

use super::lines::{self, BadLines};
use super::{Format, Odds, Row};
use crate::base::Result;
use crate::ops::fixture::World;
use crate::ops::import::fixture::plan;
use crate::ops::import::{Intake, Tally, There};
use crate::records::codec;
use crate::records::record::AnyRecord;
use crate::state::{Changeset, Snapshot, Warning};

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) rows: Vec<(usize, Vec<AnyRecord>)>,
    pub(crate) warnings: Vec<Warning>,
    format: &'static Format,
}

impl Read {
    pub(crate) fn of(format: &str, bytes: &[u8]) -> Result<Read> {
        let format = Format::find(format).expect("a format");
        let reader = format.read.expect("a format that is read");
        let (mut rows, mut odds, mut bad) = (Vec::new(), Odds::default(), BadLines::default());
        let mut met = Intake::default();
        for (line, object) in lines::objects(bytes) {
            match object.and_then(|object| (reader.row)(object).map_err(|error| error.message().to_owned())) {
                Ok(Row::Records(records, odd)) => {
                    let met = records.iter().try_for_each(|record| {
                        codec::encode(record.as_ref())?;
                        met.take(line, record, || Ok(There::Nothing)).map(drop)
                    });
                    met.map_or_else(|error| bad.add(line, error.message()), drop);
                    odd.into_iter().for_each(|odd| odds.note(odd, records[0].id()));
                    rows.push((line, records));
                }
                Ok(Row::PassedOver(word)) => odds.pass_over(&word),
                Err(why) => bad.add(line, why),
            }
        }
        odds.twice(met.twice());
        bad.finish("import")?;
        Ok(Read { rows, warnings: odds.warnings(reader.no_place), format })
    }

    /// Returns what taking the file over changes, and all that the user is told.
    pub(crate) fn plan(&self, snapshot: &dyn Snapshot) -> Result<(Changeset, Tally)> {
        let reader = self.format.read.expect("it was read");
        let (mut changes, tally) = plan(snapshot, &self.rows, (reader.speaks_for)())?;
        changes.warnings.splice(0..0, self.warnings.clone());
        Ok((changes, tally))
    }

    pub(crate) fn take(&self, world: &mut World) -> Tally {
        world.wait(1);
        let (changes, tally) = self.plan(&world.records).expect("a plan");
        world.records.apply(&changes);
        tally
    }
}

/// Returns the lines that a format writes of the records.
pub(crate) fn lines_of(format: &str, snapshot: &dyn Snapshot) -> Vec<String> {
    let write = Format::find(format).and_then(|format| format.write).expect("a format that is written");
    let mut lines = Vec::new();
    let mut add = |line: &str| {
        lines.push(line.to_owned());
        Ok(())
    };
    write(snapshot, &mut add).expect("written");
    lines
}
