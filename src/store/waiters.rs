//! Threads that wait for the disk while their maker goes on.
//!
//! Waits for many files at once take about as long as a wait for one. The threads are started when there is something
//! to wait for, and serve until the store is closed: a command that is done ends with them idle. They take care to
//! claim and free no memory, which would have each of them set up a heap of its own.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::fault;
use super::files::Files;
use crate::base::{Error, Result};

/// The most threads besides the maker's.
const MOST: usize = 8;

/// The most jobs for which room is made beforehand.
const ROOM: usize = 64;

/// Something to wait for.
pub(super) enum Job {
    /// The bytes of a file: then it gets its name.
    Name { file: File, from: PathBuf, to: PathBuf },
    /// The bytes of a file that has its name.
    Bytes { step: &'static str, file: File, path: PathBuf },
    /// The names in a folder.
    Names { step: &'static str, path: PathBuf },
}

/// A job that could not be done.
pub(super) struct Failed {
    pub(super) job: Job,
    pub(super) error: io::Error,
}

/// The threads, and what they have to do. In a store that does not wait for the disk everything is done at once.
pub(super) struct Waiters {
    files: Files,
    shared: Arc<Shared>,
    threads: Cell<usize>,
}

struct Shared {
    list: Mutex<List>,
    /// There is a new job.
    added: Condvar,
    /// A job is done.
    done: Condvar,
}

struct List {
    waiting: VecDeque<Job>,
    /// How many threads have nothing to do.
    idle: usize,
    /// Whether the maker has nothing to do either.
    is_awaited: bool,
    running: usize,
    /// What was done is freed by the maker.
    finished: Vec<Job>,
    failed: Vec<Failed>,
    is_closed: bool,
}

impl Waiters {
    pub(super) fn new(files: Files) -> Self {
        let list = List {
            waiting: VecDeque::with_capacity(ROOM),
            idle: 0,
            is_awaited: false,
            running: 0,
            finished: Vec::with_capacity(ROOM),
            failed: Vec::new(),
            is_closed: false,
        };
        let shared = Shared { list: Mutex::new(list), added: Condvar::new(), done: Condvar::new() };
        Waiters { files, shared: Arc::new(shared), threads: Cell::default() }
    }

    /// Has something done. It may have begun when this returns, or be done.
    pub(super) fn add(&self, job: Job) {
        let mut list = self.shared.lock();
        if !self.files.is_durable {
            list.running += 1;
            drop(list);
            return self.shared.run(self.files, job);
        }
        list.waiting.push_back(job);
        let (is_short, idle) = (list.waiting.len() > list.idle && self.threads.get() < MOST, list.idle);
        drop(list);
        if is_short && self.start().is_ok() {
            self.threads.set(self.threads.get() + 1);
        }
        if idle > 0 {
            self.shared.added.notify_one();
        }
    }

    /// Without a new thread it takes longer: the maker does all that nobody has done.
    fn start(&self) -> io::Result<()> {
        let (shared, files) = (Arc::clone(&self.shared), self.files);
        let thread = thread::Builder::new().stack_size(128 << 10);
        thread.spawn(move || shared.serve(files)).map(drop)
    }

    /// Helps with the jobs until all are done, and returns those that failed.
    pub(super) fn finish(&self) -> Vec<Failed> {
        let mut list = self.shared.lock();
        loop {
            if let Some(job) = list.take() {
                drop(list);
                self.shared.run(self.files, job);
                list = self.shared.lock();
            } else if list.running > 0 {
                list.is_awaited = true;
                list = self.shared.done.wait(list).unwrap_or_else(PoisonError::into_inner);
                list.is_awaited = false;
            } else {
                list.finished.clear();
                return std::mem::take(&mut list.failed);
            }
        }
    }
}

impl Drop for Waiters {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.added.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, files: Files) {
        let mut list = self.lock();
        loop {
            if let Some(job) = list.take() {
                drop(list);
                self.run(files, job);
                list = self.lock();
            } else if list.is_closed {
                return;
            } else {
                list.idle += 1;
                list = self.added.wait(list).unwrap_or_else(PoisonError::into_inner);
                list.idle -= 1;
            }
        }
    }

    fn run(&self, files: Files, job: Job) {
        let done = job.run(files);
        let mut list = self.lock();
        list.running -= 1;
        match done {
            Ok(()) => list.finished.push(job),
            Err(error) => list.failed.push(Failed { job, error }),
        }
        let is_awaited = list.is_awaited && list.running == 0;
        drop(list);
        if is_awaited {
            self.done.notify_one();
        }
    }
}

impl List {
    fn take(&mut self) -> Option<Job> {
        let job = self.waiting.pop_front()?;
        self.running += 1;
        Some(job)
    }
}

impl Job {
    fn run(&self, files: Files) -> io::Result<()> {
        match self {
            // The bytes are durable before the name is, so that no name ever stands for half an object.
            Job::Name { file, from, to } => {
                files.sync("object-sync", from, file)?;
                files.rename("object-rename", from, to)
            }
            Job::Bytes { step, file, path } => files.sync(step, path, file),
            Job::Names { step, path } => match files.sync_dir(step, path) {
                // A folder that is gone had its objects packed and removed by a gc, which is as good.
                Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done,
            },
        }
    }
}

impl Failed {
    /// Returns what the user is told.
    pub(super) fn into_error(self) -> Error {
        match self.job {
            Job::Name { to, .. } => fault::io(format!("write the object {}", to.display()), self.error),
            Job::Bytes { path, .. } | Job::Names { path, .. } => {
                fault::io(format!("sync {}", path.display()), self.error)
            }
        }
    }
}

/// Returns the first failure.
pub(super) fn check(failed: Vec<Failed>) -> Result<()> {
    failed.into_iter().next().map_or(Ok(()), |failed| Err(failed.into_error()))
}
