//! The thin start of the `git-coord` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    let argv: Vec<_> = std::env::args_os().collect();
    ExitCode::from(git_coord::cli::run(&argv))
}
