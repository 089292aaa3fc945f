//! What every layer stands on: the one error type, the one clock, ids, and text that is safe to show.
//!
//! Imports nothing of the project.

pub mod error;
pub mod failpoint;
pub mod glob;
pub mod id;
pub mod text;
pub mod time;

pub use error::{Error, Kind, Result};
pub use glob::Glob;
pub use id::{Id, Seed};
pub use time::Timestamp;
