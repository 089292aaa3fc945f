//! What happened.

pub mod events;
pub mod log;
