//! Other machines.

pub mod sync;
