//! Hostile surroundings: wherever it is run and whatever it is given, it says clearly what is wrong, ends with a
//! documented exit code, and loses nothing.

mod arguments;
mod clock;
mod clones;
mod disk;
mod environment;
mod in_the_way;
mod outputs;
mod places;
mod read_only;
mod sizes;

use std::io::Write;
use std::process::Command;

use crate::harness::{Answer, Repo};

/// Reads of every sort: one record, a list, a question, the history, a page.
const READS: &[&[&str]] =
    &[&["task", "list"], &["ready"], &["show", "T-1"], &["status"], &["log"], &["events"], &["export", "json"]];

/// Writes of every sort.
const WRITES: &[&[&str]] =
    &[&["note", "T-1", "x"], &["task", "new", "x"], &["task", "edit", "T-1", "--title", "y"], &["claim", "T-1"]];

/// Returns a repository that is set up, with the task T-1.
#[track_caller]
fn with_a_task() -> Repo {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Kept", "--id", "T-1"]);
    repo
}

/// Everything that a refusal must leave as it was: the tip, its reflog, and what surrounds the state.
#[derive(Debug, PartialEq)]
struct Whole {
    tip: Option<String>,
    reflog: usize,
    others: Vec<String>,
}

impl Whole {
    #[track_caller]
    fn of(repo: &Repo) -> Self {
        let others = repo.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
        let others = others.lines().filter(|line| !line.starts_with("refs/coord/")).map(str::to_owned).collect();
        Whole { tip: repo.tip(), reflog: repo.reflog_length(), others }
    }
}

/// Checks that git finds the state sound, and that it can be written at once.
#[track_caller]
fn is_well(repo: &Repo) {
    repo.fsck_strict();
    let before = repo.commit_count();
    repo.ok(&["note", "T-1", "all is well"]);
    assert_eq!(repo.commit_count(), before + 1);
    repo.assert_no_lock();
    repo.fsck_strict();
}

/// Checks the words of a refusal: this exit code, this word, a message, nothing on standard output.
#[track_caller]
fn is_refusal(answer: &Answer, exit: i32, code: &str) {
    assert_eq!((answer.exit(), answer.error_code().as_str()), (exit, code), "{answer}");
    let error = answer.error();
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
    assert_eq!(answer.stdout, "", "{answer}");
}

/// Returns whether this machine lets us mount in a namespace of our own; says why not where it does not.
fn can_mount() -> bool {
    let tried = Command::new("unshare").args(["-rm", "true"]).output();
    let why = match tried {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    // Not by a macro, whose words the test runner would keep to itself when the test passes.
    let _ = writeln!(std::io::stderr(), "nothing can be mounted here, so this was not tried: {why}");
    false
}

/// Runs a shell script in a repository, in a namespace in which it may mount, with the program as `coord`.
#[track_caller]
fn mounted(repo: &Repo, script: &str) -> Answer {
    let script = format!("set -u; coord() {{ {} \"$@\"; }}; {script}", env!("CARGO_BIN_EXE_git-coord"));
    repo.live().call("unshare", &["-rm", "sh", "-c", &script]).run()
}
