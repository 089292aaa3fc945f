//! In and out.

pub mod apply;
pub mod content;
pub mod export;
pub mod import;
mod input;
mod long;
mod rows;
pub mod schema;
pub mod validate;
