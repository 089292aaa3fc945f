//! The store, with the real git as judge.

mod child;
mod contents;
mod contract;
mod crash;
mod durability;
pub(crate) mod fixture;
mod opening;
mod packs;
mod remote;
mod settings;
