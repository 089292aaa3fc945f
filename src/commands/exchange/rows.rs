//! The rows of a file, read by several threads and given to a load in their order.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::input::Input;
use crate::base::{Error, Progress, Result, crew};
use crate::records::record::AnyRecord;
use crate::session::load::{Arrival, Load};
use crate::state::Warning;
use crate::store::{Packer, Packing};
use crate::transfer::lines::{BadLines, Piece, Pieces};
use crate::transfer::{Odd, Odds, Reader, Row};

/// The most pieces whose records a thread waits for.
const MOST_MADE: usize = 16;

/// Gives all rows of a file to a load, and returns what is odd about the file.
///
/// # Errors
/// `bad_line` where there are lines that cannot be taken, with all of them counted and the first ones named; those of the
/// load.
pub(super) fn pour(
    input: &Input,
    format: &str,
    reader: Reader,
    packing: Packing,
    load: &mut Load<'_>,
    progress: &dyn Progress,
) -> Result<Vec<Warning>> {
    let mut pieces = Pieces::new(input.read()?);
    let (mut bad, mut odds) = (BadLines::default(), Odds::default());
    progress.begin("reading", input.size());
    let next = || {
        let piece = pieces.next_piece().map_err(|err| input.unreadable(err))?;
        progress.advance(piece.as_ref().map_or(0, |piece| piece.bytes.len() as u64));
        Ok(piece)
    };
    let worker = || {
        let mut maker = Maker { reader, packer: packing.packer(), made: VecDeque::new() };
        move |piece: Piece| maker.rows(&piece)
    };
    let take = |rows: Vec<Ready>| rows.into_iter().try_for_each(|row| row.pour(load, &mut bad, &mut odds));
    crew::in_order(crew::hands(), next, worker, take)?;
    bad.finish(&format!("import {format}"))?;
    odds.twice(load.twice());
    Ok(odds.warnings(reader.no_place))
}

/// A row that was read, with the number of its line.
enum Ready {
    Records(usize, Vec<Arrival>, Vec<Odd>),
    PassedOver(String),
    Bad(usize, String),
}

/// Makes rows ready, in a thread of its own.
struct Maker {
    reader: Reader,
    packer: Packer,
    /// The records of pieces that are on their way. Who has made them also throws them away: memory that another thread
    /// gives back costs both of them more than making it did.
    made: VecDeque<Vec<AnyRecord>>,
}

impl Maker {
    fn rows(&mut self, piece: &Piece) -> Vec<Ready> {
        let is_done = |made: &Vec<AnyRecord>| made.iter().all(|record| Arc::strong_count(record) == 1);
        // A record that is kept for long is left to who keeps it.
        while self.made.len() >= MOST_MADE || self.made.front().is_some_and(is_done) {
            self.made.pop_front();
        }
        let mut made = Vec::new();
        let rows = piece.objects().map(|(line, object)| match object {
            Ok(object) => self.row(line, object, &mut made).unwrap_or_else(|why| Ready::Bad(line, why)),
            Err(why) => Ready::Bad(line, why),
        });
        let rows = rows.collect();
        self.made.push_back(made);
        rows
    }

    fn row(&mut self, line: usize, object: Map<String, Value>, made: &mut Vec<AnyRecord>) -> Result<Ready, String> {
        let why = |error: Error| error.message().to_owned();
        Ok(match (self.reader.row)(object).map_err(why)? {
            Row::PassedOver(word) => Ready::PassedOver(word),
            Row::Records(records, odd) => {
                made.extend(records.iter().cloned());
                let arrivals = records.into_iter().map(|record| Arrival::new(line, record, &mut self.packer));
                Ready::Records(line, arrivals.collect::<Result<_>>().map_err(why)?, odd)
            }
        })
    }
}

impl Ready {
    fn pour(self, load: &mut Load<'_>, bad: &mut BadLines, odds: &mut Odds) -> Result<()> {
        match self {
            Ready::Bad(line, why) => bad.add(line, why),
            Ready::PassedOver(word) => odds.pass_over(&word),
            Ready::Records(line, arrivals, odd) => {
                if let Some(first) = arrivals.first() {
                    odd.into_iter().for_each(|odd| odds.note(odd, first.id()));
                }
                match load.take(arrivals) {
                    // What is wrong with a line only beside an earlier one.
                    Err(error) if error.code() == "bad_row" => bad.add(line, error.message()),
                    taken => return taken,
                }
            }
        }
        Ok(())
    }
}
