//! Whose turn it is to write.
//!
//! One holds the lock; of those who come meanwhile the first waits for it, and the others ask that one to do their work
//! along with its own, so that many changes wait for the disk as often as one. Who waits alone is as quick as without
//! a crowd. A second lock, on `coord/line`, tells who is the first: it is taken before the lock itself, so that nobody
//! who comes later is served earlier.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::crowd::{self, Asked, Request};
use super::queue::{self, Queue};
use super::writer::Writer;
use super::{Store, fault, is_signing};
use crate::base::{Error, Result};

/// How long the first and the longest pause between two looks for an answer are.
const PAUSES: (Duration, Duration) = (Duration::from_micros(300), Duration::from_millis(3));

/// How long what was taken may take at the least.
const GRACE: Duration = Duration::from_secs(5);

/// What came of waiting for our turn.
pub enum Turn<'s> {
    /// It is our turn, and we are to do what these have asked for too.
    Ours(Writer<'s>, Vec<Request>),
    /// Somebody has done what we asked for, and this is the answer.
    Answered(Vec<u8>),
}

impl Store {
    /// Waits for the right to write, no longer than `wait`. Do beforehand what can be done beforehand.
    ///
    /// # Errors
    /// `queue_full` (busy) where the wait was too short, `read_only` where nothing can be written here.
    pub fn lock(&self, wait: Duration) -> Result<Writer<'_>> {
        Writer::begin(self, Queue::enter(self, wait)?)
    }

    /// Waits for the right to write, or for an answer to a request, which is made when it is needed.
    ///
    /// # Errors
    /// As [`lock`](Self::lock); `answer_missing` (busy) where somebody has begun to do what was asked for, and went silent.
    pub fn turn(&self, wait: Duration, request: impl FnOnce() -> Result<Vec<u8>>) -> Result<Turn<'_>> {
        // Who signs lends its key to nobody, and asks for nobody's.
        if !self.writes_refs_itself() || is_signing(&self.config)? {
            return Ok(Turn::Ours(self.lock(wait)?, Vec::new()));
        }
        let line = Line::open(self)?;
        if line.is_ours()? {
            return self.take(Queue::enter(self, wait)?);
        }
        let bytes = request()?;
        if bytes.len() > crowd::LARGEST {
            return Ok(Turn::Ours(self.lock(wait)?, Vec::new()));
        }
        self.ask(&bytes, &line, wait)
    }

    /// Asks, and waits for the answer or for the turn.
    fn ask(&self, bytes: &[u8], line: &Line, wait: Duration) -> Result<Turn<'_>> {
        let (began, mut pause) = (Instant::now(), PAUSES.0);
        let mut asked = Asked::leave(self, bytes)?;
        loop {
            if let Some(answer) = asked.answer()? {
                return Ok(Turn::Answered(answer));
            }
            let rest = wait.saturating_sub(began.elapsed());
            if line.is_ours()? {
                // Nobody else waits for the lock. Who has it may do what we asked for before it is let go.
                match Queue::enter(self, rest) {
                    Ok(queue) => return self.lead(queue, asked),
                    Err(error) if error.code() == queue::FULL => line.let_go()?,
                    Err(error) => return Err(error),
                }
            }
            if asked.is_lost() {
                asked = Asked::leave(self, bytes)?;
            }
            if rest.is_zero() && asked.withdraw()? {
                return Err(queue::full(&self.coord_dir.join("lock"), wait));
            }
            // What was taken is being done, and who does it waits for the disk and for nobody.
            if began.elapsed() >= wait.saturating_mul(2).max(wait + GRACE) {
                return Err(missing(&asked));
            }
            std::thread::sleep(pause);
            pause = (pause * 3 / 2).min(PAUSES.1);
        }
    }

    /// It is our turn after all, unless what we asked for has been done in the last moment.
    fn lead(&self, queue: Queue, asked: Asked) -> Result<Turn<'_>> {
        let (mut writer, names) = (Writer::begin(self, queue)?, crowd::names(self)?);
        writer.settle(&names)?;
        if let Some(answer) = asked.answer()? {
            return Ok(Turn::Answered(answer));
        }
        // Crash after this: nobody knows of the request any more, and nobody was told anything.
        drop(asked);
        Ok(Turn::Ours(writer, crowd::take(self, &names)?))
    }

    fn take(&self, queue: Queue) -> Result<Turn<'_>> {
        let (mut writer, names) = (Writer::begin(self, queue)?, crowd::names(self)?);
        if names.is_empty() {
            return Ok(Turn::Ours(writer, Vec::new()));
        }
        writer.settle(&names)?;
        Ok(Turn::Ours(writer, crowd::take(self, &names)?))
    }
}

/// The place of the one who waits for the lock itself.
struct Line {
    file: File,
    path: PathBuf,
}

impl Line {
    fn open(store: &Store) -> Result<Line> {
        let path = store.coord_dir.join("line");
        let file = store.open_lock("line-open", &path)?;
        Ok(Line { file, path })
    }

    /// Takes the place where it is free.
    fn is_ours(&self) -> Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(err)) => Err(fault::io(format!("lock {}", self.path.display()), err)),
        }
    }

    fn let_go(&self) -> Result<()> {
        self.file.unlock().map_err(|err| fault::io(format!("unlock {}", self.path.display()), err))
    }
}

fn missing(asked: &Asked) -> Error {
    fault::busy(
        "answer_missing",
        "cannot tell whether it was done: the process that was about to do it does not answer",
    )
    .hint("git coord log")
    .detail("state", "unknown")
    .detail("file", asked.place().display().to_string())
}
