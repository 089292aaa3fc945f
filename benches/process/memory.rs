//! How much memory one process takes at its peak.
//!
//! The system tells it of children that have been waited for, as the largest of them all, and counts what a child was
//! before it became another program. So each command is started by a process of its own, this program once more, which is
//! small, starts nothing else and says what it was told. [`FLOOR`] shows what is measured even so where nothing is done.

use std::ffi::OsStr;
use std::process::{Command, ExitCode, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use crate::aims;
use crate::fill;
use crate::import::Import;
use crate::place::Repo;

/// The argument that makes this program start the command that follows.
pub(crate) const CHILD: &str = "--peak-of";

/// How often each command is run; the greatest peak counts.
const RUNS: usize = 5;

/// The command that does nothing.
const FLOOR: &str = "git version";

/// The number of records for which the aim of an import is meant.
const MANY: usize = 1_000_000;

/// What came out for one command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Peak {
    pub(crate) size: usize,
    pub(crate) work: String,
    pub(crate) megabytes: f64,
    pub(crate) aim: Option<f64>,
}

/// Measures one change of the state and one look at it.
pub(crate) fn commands(repo: &Repo<'_>, size: usize) -> Vec<Peak> {
    let aim = Some(aims::MEMORY);
    let no_input = |command| (command, Stdio::null());
    vec![
        peak(size, FLOOR, None, RUNS, |_| no_input(repo.git(["version"]))),
        // Whoever comes first pays for the index; the others find it.
        peak(size, "status, index from nothing", None, 1, |_| no_input(repo.coord(["status"]))),
        peak(size, "task new", aim, RUNS, |_| no_input(repo.coord(["task", "new", "Say why an input is refused"]))),
        peak(size, "claim", aim, RUNS, |n| no_input(repo.coord(["claim", &fill::fresh_task(repo, size, n)]))),
        peak(size, "show", aim, RUNS, |n| no_input(repo.coord(["show", &fill::task_name(size, n)]))),
    ]
}

/// Measures an import and its reference, once: they take long, and the input decides about their memory.
pub(crate) fn imports(import: &Import<'_>, size: usize) -> Vec<Peak> {
    let aim = (size == MANY).then_some(aims::IMPORT_MEMORY);
    vec![
        peak(size, "import", aim, 1, |_| (import.ours().1, Stdio::null())),
        // What a command reads cannot be seen in it, so it is told once more.
        peak(size, "git fast-import", None, 1, |_| (import.theirs().1, import.stream().into())),
    ]
}

fn peak(
    size: usize,
    work: &'static str,
    aim: Option<f64>,
    runs: usize,
    mut command: impl FnMut(usize) -> (Command, Stdio),
) -> Peak {
    let measure = |n| {
        let (command, input) = command(n);
        bytes_of(&command, input)
    };
    let bytes = (0..runs).map(measure).max().unwrap_or_default();
    Peak { size, work: work.to_owned(), megabytes: bytes as f64 / 1e6, aim }
}

/// Runs a command, which must do its work, and returns its peak in bytes.
fn bytes_of(command: &Command, input: Stdio) -> u64 {
    let ourselves = std::env::current_exe().expect("this program has a path");
    let mut child = Command::new(ourselves);
    child.arg(CHILD).arg(command.get_program()).args(command.get_args());
    child.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    child.current_dir(command.get_current_dir().expect("all commands have a folder"));
    let output = child.stdin(input).output().expect("this program can be started once more");
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    answer.trim().parse().expect("a number of bytes")
}

/// Runs the command, whose output goes nowhere, and prints its peak.
pub(crate) fn child(command: &[String]) -> ExitCode {
    let (program, arguments) = command.split_first().expect("a program after the flag");
    let status = Command::new(OsStr::new(program)).args(arguments).stdout(Stdio::null()).status();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system tells what children took");
    // Darwin counts bytes, all others kilobytes.
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    println!("{}", usage.max_rss() * unit);
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
