//! What every layer stands on: the one error type, the one clock, ids, and text that is safe to show.
//!
//! Imports nothing of the project.

pub mod crew;
pub mod error;
pub mod failpoint;
pub mod finder;
pub mod glob;
pub mod id;
pub mod progress;
pub mod text;
pub mod time;

pub use error::{Error, Kind, Result};
pub use finder::Finder;
pub use glob::Glob;
pub use id::{Id, Seed};
pub use progress::Progress;
pub use time::Timestamp;
