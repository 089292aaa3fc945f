//! Who works here.

pub mod edit;
pub mod list;
pub mod log;
pub mod new;
pub mod show;
