//! Conflicts: what a merge could not decide, shown and settled.

pub mod list;
pub mod resolve;
pub mod show;
pub mod told;
