//! Messages: sending, finding and reading them.

pub mod inbox;
pub mod list;
pub mod read;
pub mod reply;
pub mod send;
pub mod show;
pub mod thread;
