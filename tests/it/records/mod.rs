//! The format of records: golden files, hostile input, the page that describes it, and how others read it.

mod any_kind;
pub(crate) mod golden;
mod hostile;
mod page;
mod pyyaml;
mod round_trip;
pub(crate) mod strategies;
