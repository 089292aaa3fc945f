//! One test binary: each area in a folder of its own.

mod records;
mod store;
