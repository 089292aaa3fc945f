//! The derived index: its answers are those of the records, whatever becomes of its file.

mod damage;
mod differential;
