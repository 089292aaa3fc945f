//! A command against its reference, in turns: what slows the machine down meanwhile slows down both.

use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::aims::{self, Aim};
use crate::statistics::Spread;
use crate::timing::time;

/// Pairs of short commands that are run first and not counted.
pub(crate) const WARM_UP: usize = 3;

/// The same of commands that take long by themselves.
pub(crate) const LONG_WARM_UP: usize = 1;

/// Makes the n-th command. What it does before it returns is not measured.
type Maker<'a> = Box<dyn FnMut(usize) -> Command + 'a>;

/// A command that is to be measured against another one.
pub(crate) struct Row<'a> {
    pub(crate) work: &'static str,
    pub(crate) against: &'static str,
    pub(crate) aim: Option<Aim>,
    pub(crate) command: Maker<'a>,
    pub(crate) reference: Maker<'a>,
}

/// What came out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Paired {
    pub(crate) size: usize,
    pub(crate) work: String,
    pub(crate) against: String,
    pub(crate) aim: Option<f64>,
    /// Of the times of each pair: the command through its reference.
    pub(crate) ratio: Spread,
    pub(crate) command_ms: Spread,
    pub(crate) reference_ms: Spread,
    /// All times in their order, command and reference.
    pub(crate) samples_ms: Vec<(f64, f64)>,
}

impl Row<'_> {
    pub(crate) fn measure(mut self, size: usize, warm_up: usize, runs: usize) -> Paired {
        let mut samples = Vec::with_capacity(runs);
        for n in 0..warm_up + runs {
            let (mut reference, mut command) = ((self.reference)(n), (self.command)(n));
            let theirs = checked(&mut reference);
            let ours = checked(&mut command);
            if n >= warm_up {
                samples.push((ours, theirs));
            }
        }
        let column = |pick: fn(&(f64, f64)) -> f64| Spread::of(&samples.iter().map(pick).collect::<Vec<_>>());
        Paired {
            size,
            work: self.work.to_owned(),
            against: self.against.to_owned(),
            aim: self.aim.map(|aim| aims::ratio(aim, size)),
            ratio: column(|(ours, theirs)| ours / theirs),
            command_ms: column(|(ours, _)| *ours),
            reference_ms: column(|(_, theirs)| *theirs),
            samples_ms: samples,
        }
    }
}

/// Runs a command, which must do its work: what fails fast must not count as fast.
fn checked(command: &mut Command) -> f64 {
    let timed = time(command);
    assert!(timed.code == Some(0), "{command:?}: {:?} {}", timed.code, String::from_utf8_lossy(&timed.stderr));
    timed.ms()
}
