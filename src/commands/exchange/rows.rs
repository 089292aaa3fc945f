//! The rows of a file, read by several threads and given to a load in their order.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::base::{Error, Progress, Result, crew, text};
use crate::records::record::AnyRecord;
use crate::session::load::{Arrival, Load};
use crate::state::Warning;
use crate::store::{Packer, Packing};
use crate::transfer::lines::{BadLines, Piece, Pieces};
use crate::transfer::{Odd, Odds, Reader, Row};

/// The most pieces whose records a thread waits for.
const MOST_MADE: usize = 16;

/// A file that can be read from its beginning more than once.
pub(super) struct Input {
    name: String,
    from: From,
}

enum From {
    /// A file that stays where it is.
    File(File),
    /// What comes by and is gone: it is written down for the second time.
    Stream { stream: RefCell<Option<Box<dyn Read>>>, copy: File },
}

impl Input {
    /// Opens a file, or standard input where it is `-`.
    ///
    /// # Errors
    /// `not_found` (4), `io` (128).
    pub(super) fn open(name: &str) -> Result<Input> {
        let fail = |err| unreadable(name, err);
        let from = if name == "-" {
            From::stream(Box::new(io::stdin()))
        } else {
            let file = File::open(name).map_err(fail)?;
            // What is read only once, such as a pipe, can have a name too.
            if file.metadata().map_err(fail)?.is_file() { Ok(From::File(file)) } else { From::stream(Box::new(file)) }
        };
        Ok(Input { name: name.to_owned(), from: from.map_err(fail)? })
    }

    /// Returns the bytes from the first on.
    fn read(&self) -> io::Result<Box<dyn Read + '_>> {
        match &self.from {
            From::File(file) => {
                (&*file).rewind()?;
                Ok(Box::new(file))
            }
            From::Stream { stream, copy } => match stream.borrow_mut().take() {
                Some(stream) => Ok(Box::new(Copied { stream, copy })),
                None => {
                    (&*copy).rewind()?;
                    Ok(Box::new(copy))
                }
            },
        }
    }

    /// Returns how many bytes there are, where that is known.
    fn size(&self) -> Option<u64> {
        match &self.from {
            From::File(file) => file.metadata().ok().map(|meta| meta.len()),
            From::Stream { .. } => None,
        }
    }
}

impl From {
    fn stream(stream: Box<dyn Read>) -> io::Result<From> {
        Ok(From::Stream { stream: RefCell::new(Some(stream)), copy: tempfile::tempfile()? })
    }
}

/// A stream that is written down while it is read.
struct Copied<'a> {
    stream: Box<dyn Read>,
    copy: &'a File,
}

impl Read for Copied<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(bytes)?;
        self.copy.write_all(&bytes[..read])?;
        Ok(read)
    }
}

/// Returns what a file holds, or standard input where it is `-`.
///
/// # Errors
/// `not_found` (4), `io` (128).
pub(super) fn read_file(file: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match file {
        "-" => io::stdin().lock().read_to_end(&mut bytes),
        path => File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map(|_| bytes).map_err(|err| unreadable(file, err))
}

fn unreadable(file: &str, err: io::Error) -> Error {
    let shown = text::excerpt(file, 200);
    match err.kind() {
        io::ErrorKind::NotFound => Error::not_found(format!("there is no file {shown}")).because(err),
        _ => Error::fatal("io", format!("cannot read {shown}")).because(err),
    }
}

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
    let fail = |err| unreadable(&input.name, err);
    let mut pieces = Pieces::new(input.read().map_err(fail)?);
    let (mut bad, mut odds) = (BadLines::default(), Odds::default());
    progress.begin("reading", input.size());
    let next = || {
        let piece = pieces.next_piece().map_err(fail)?;
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
