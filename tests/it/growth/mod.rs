//! The repository stays small: git packs in the background what writes have left, and what is closed leaves the tip.

mod archive;
mod background;
mod gate;
mod history;
mod kinds;
mod reflog;
