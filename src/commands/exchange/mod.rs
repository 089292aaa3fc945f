//! In and out.

pub mod apply;
pub mod export;
pub mod import;
