//! What happened.

pub mod archive;
pub mod events;
pub mod log;
pub mod undo;
