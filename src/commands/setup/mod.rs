//! Getting started and keeping in order.

//pub mod demo;
//pub mod doctor;
pub mod init;
pub mod whoami;
