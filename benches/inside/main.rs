//! What runs inside a process, without its start and without waiting for the disk: `cargo bench --bench inside`.
//!
//! The figures are for comparing one version of the program with another on one machine; what a user waits for is
//! measured by `benches/process`.

mod codec;
mod operations;
mod reading;
mod tasks;

use criterion::{criterion_group, criterion_main};

criterion_group!(inside, codec::benches, operations::benches, reading::benches);
criterion_main!(inside);
