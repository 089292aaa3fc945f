//! Sprints: planned, started, closed.

pub mod close;
pub mod edit;
pub mod list;
pub mod new;
pub mod show;
pub mod start;
