//! The store, with the real git as judge.

mod contract;
mod fixture;
mod remote;
