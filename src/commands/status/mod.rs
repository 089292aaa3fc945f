//! How things stand.

pub mod board;
pub mod dashboard;
pub mod heartbeat;
pub mod list;
pub mod post;
pub mod stale;
