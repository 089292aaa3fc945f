//! How things stand.

//pub mod dashboard;
pub mod heartbeat;
pub mod stale;
