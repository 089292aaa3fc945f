//! The format of records: golden files, hostile input, and the page that describes it.

mod golden;
mod hostile;
mod page;
mod round_trip;
mod strategies;
