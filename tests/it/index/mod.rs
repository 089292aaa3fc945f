//! The derived index: its answers are those of the records, whatever becomes of its file.

mod archived;
mod damage;
mod differential;
