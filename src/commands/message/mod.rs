//! Messages: sending, finding and reading them.

pub mod inbox;
pub mod read;
pub mod send;
pub mod thread;
