//! One test binary: each area in a folder of its own.


mod harness;
mod records;
mod store;
