//! The pages of the project say what the program does: made from it, or run against it.
//!
//! `UPDATE_DOCS=1 cargo test --test it docs` writes anew what a test makes.

mod cli;
mod layers;
mod links;
mod merging;
mod walkthrough;

pub(crate) use cli::EXIT_CODES;

use std::path::{Path, PathBuf};

/// Returns the place of a file of the project.
fn place(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Reads a file of the project; an empty text where there is none yet.
fn read(path: &str) -> String {
    std::fs::read_to_string(place(path)).unwrap_or_default()
}

/// Compares a page with what it should be, or writes it anew where that was asked for.
#[track_caller]
pub(crate) fn assert_page(path: &str, wanted: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(place(path), wanted).expect("writable");
    }
    let page = read(path);
    let differs = page.lines().zip(wanted.lines()).position(|(is, wanted)| is != wanted);
    let line = differs.unwrap_or_else(|| page.lines().count().min(wanted.lines().count()));
    assert!(
        page == wanted,
        "{path} is out of date from line {}; UPDATE_DOCS=1 cargo test --test it makes it anew\n is:     {:?}\n wanted: {:?}",
        line + 1,
        page.lines().nth(line),
        wanted.lines().nth(line)
    );
}
