//! What the data means: one file per kind, the rules of their fields, and the codec between file and record.
//!
//! Pure: nothing here knows of git, of a clock or of the machine. A new kind is one file here, its verbs,
//! and one row in [`kind::KINDS`]; see `docs/architecture.md`.

pub mod agent;
pub mod check;
pub mod closed;
pub mod codec;
pub mod config;
pub mod conflict;
pub mod decision;
pub mod field;
mod filled;
pub mod kind;
pub mod message;
pub mod places;
pub mod policy;
pub mod protection;
pub mod reads;
pub mod recipient;
pub mod record;
pub mod sprint;
pub mod stamps;
pub mod status;
pub mod task;
pub mod term;
pub mod word;

pub use agent::Agent;
pub use config::Config;
pub use conflict::Conflict;
pub use decision::Decision;
pub use field::{Field, Rule, SetBy};
pub use kind::{KINDS, Kind, Place};
pub use message::Message;
pub use reads::Reads;
pub use record::{Record, Typed};
pub use sprint::Sprint;
pub use stamps::{Edited, Stamp};
pub use status::StatusEntry;
pub use task::Task;
pub use term::{Position, Term};
