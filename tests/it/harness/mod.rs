//! What the tests of the whole program stand on: a hermetic machine, repositories, the program, and git as the judge.
//!
//! Every [`Repo`] lives in a [`Machine`] of its own: home, configuration, clock. By default the clock is frozen and
//! ticks a second per command, and the randomness is seeded per command, so that the same commands make the same
//! bytes. [`Repo::live`] has the real clock and the real randomness, for races.

mod call;
mod conforms;
mod gate;
mod judge;
mod machine;
mod normal;
mod plant;
mod repo;
mod surroundings;

pub(crate) use call::{Answer, Call, Running, race, race_from_the_gate, within};
pub(crate) use conforms::{faults, validator};
pub(crate) use gate::Gate;
pub(crate) use machine::Machine;
pub(crate) use normal::normalised;
pub(crate) use repo::Repo;
pub(crate) use surroundings::Surroundings;

use std::time::Duration;

/// The longest that a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
