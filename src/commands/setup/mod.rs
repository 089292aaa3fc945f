//! Getting started and keeping in order.

pub mod checks;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod hook;
pub mod hooks;
pub mod init;
mod maintenance;
pub mod play;
pub mod whoami;
