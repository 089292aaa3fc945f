//! Who works here.

pub mod list;
pub mod new;
pub mod show;
