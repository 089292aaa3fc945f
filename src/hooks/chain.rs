//! The user's own script, where ours stands in the same file as a marked block: it runs first, as if there were no block.
//!
//! The block has the shell give way to `git coord hook NAME --chain FILE`. That runs the file again, with what git has
//! written to standard input, and with a variable by which the block steps aside.

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Hook;
use crate::base::{Error, Result};

/// The variable that names the hook in whose file the block is to step aside.
pub const CHAINED: &str = "GIT_COORD_CHAINED";

/// What the kernel says to a script without a first line that names its interpreter.
const NO_INTERPRETER: i32 = rustix::io::Errno::NOEXEC.raw_os_error();

/// Runs the user's script, and returns its exit code.
///
/// # Errors
/// `io` where it cannot be run.
pub fn run(hook: Hook, script: &Path, arguments: &[OsString], input: &[u8]) -> Result<u8> {
    let failed = |error| Error::fatal("io", format!("cannot run {}", script.display())).because(error);
    let start = |program: &Path, first: Option<&Path>| -> std::io::Result<Child> {
        let mut command = Command::new(program);
        command.args(first).args(arguments).env(CHAINED, hook.name());
        command.stdin(if hook.reads_input() { Stdio::piped() } else { Stdio::inherit() });
        command.spawn()
    };
    let mut child = match start(script, None) {
        // As git and shells do it.
        Err(error) if error.raw_os_error() == Some(NO_INTERPRETER) => start(Path::new("sh"), Some(script)),
        started => started,
    }
    .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(input) {
            // It does not want to know all of it.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(failed(error)),
            _ => drop(stdin),
        }
    }
    let status = child.wait().map_err(failed)?;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    Ok(u8::try_from(code).unwrap_or(1))
}
