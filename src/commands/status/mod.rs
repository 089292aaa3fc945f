//! How things stand.

pub mod board;
pub mod dashboard;
pub mod heartbeat;
pub mod stale;
