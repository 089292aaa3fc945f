//! How things stand.

pub mod attention;
pub mod board;
pub mod dashboard;
pub mod few;
pub mod heartbeat;
pub mod list;
pub mod post;
pub mod stale;
