//! The format of records: golden files, hostile input, and the page that describes it.

mod any_kind;
mod golden;
mod hostile;
mod page;
mod round_trip;
mod strategies;
