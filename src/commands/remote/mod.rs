//! Other machines: meeting them, and what came of it that could not be decided.

pub mod conflicts;
pub mod conflicts_show;
pub mod resolve;
pub mod sync;
pub mod told;
pub mod verify;
mod watch;
