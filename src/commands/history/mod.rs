//! What happened.

pub mod events;
pub mod log;
pub mod undo;
