//! The wall time of one process, from before it is started until it is waited for.

use std::process::Command;
use std::time::{Duration, Instant};

/// A process that has ended.
pub(crate) struct Timed {
    pub(crate) took: Duration,
    /// Its exit code; nothing where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Timed {
    pub(crate) fn ms(&self) -> f64 {
        self.took.as_secs_f64() * 1000.0
    }
}

/// Runs a command and measures it.
pub(crate) fn time(command: &mut Command) -> Timed {
    let start = Instant::now();
    let child = command.spawn().expect("the program starts");
    let output = child.wait_with_output().expect("the program can be waited for");
    let took = start.elapsed();
    Timed { took, code: output.status.code(), stdout: output.stdout, stderr: output.stderr }
}
