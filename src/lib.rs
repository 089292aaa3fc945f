//! `git coord`: the coordination state of a fleet of coding agents, on a ref of the repository they work on.
//!
//! The modules below stand in layer order: each may import only those above it, as `docs/architecture.md`
//! says and a test checks. Data walks one way: `argv → commands → ops (pure) → session.transact → store →
//! events → report → front`.

pub mod base;
pub mod records;
pub mod state;
pub mod query;
pub mod ops;
pub mod merge;
pub mod transfer;
pub mod store;
pub mod index;
pub mod session;
pub mod sync;
pub mod hooks;
pub mod commands;
pub mod render;
pub mod cli;
