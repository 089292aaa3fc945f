//! One test binary: each area in a folder of its own.

mod commands;
mod crash;
mod docs;
mod errors;
mod groups;
mod growth;
mod harness;
mod hooks;
mod hostile;
mod imports;
mod index;
mod layers;
mod merge;
mod races;
mod records;
mod rehearsed;
mod repositories;
mod schemas;
mod sizes;
mod store;
mod sync;
mod trust;
mod untouched;
mod verbs;
