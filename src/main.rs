//! The thin start of the `git-coord` binary.

fn main() {}
