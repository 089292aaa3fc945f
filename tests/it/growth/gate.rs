//! A repository in which maintenance comes soon, and a git that waits at a gate before it packs.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::harness::{Answer, Call, Repo};

/// So many loose objects or packs are too much for a call of these tests.
pub(super) const PILE: &str = "64,3";

/// Whatever there is is too much.
pub(super) const ALWAYS: &str = "0,0";

/// The most writes until a look into the object folder is certain: one in sixteen takes one.
const CERTAIN: usize = 600;

/// Makes a repository that is set up, and in which git and the user let anybody maintain it.
pub(super) fn kept_small() -> Repo {
    let repo = Repo::set_up();
    let_maintain(&repo);
    repo
}

pub(super) fn let_maintain(repo: &Repo) {
    repo.git(&["config", "gc.auto", "6700"]);
    repo.git(&["config", "coord.fsync", "off"]);
}

/// Has every command wait for the maintenance that it starts.
pub(super) fn in_the_foreground(repo: &Repo) {
    repo.git(&["config", "gc.autoDetach", "false"]);
}

/// Returns a call that makes a task, and takes little for too much.
pub(super) fn write(repo: &Repo) -> Call {
    repo.coord(&["task", "new", "Some work"]).json().env("GIT_COORD_TEST_PILE", PILE)
}

/// Writes until a commit has been one after which the object folder is looked into, and returns how many it took.
#[track_caller]
pub(super) fn write_until_looked(repo: &Repo, call: impl Fn() -> Call) -> usize {
    (1..=CERTAIN)
        .find(|_| is_looked_at(&call().expect(0)))
        .unwrap_or_else(|| panic!("no look in {}", repo.path.display()))
}

/// Returns whether the object folder is looked into after this commit.
pub(super) fn is_looked_at(answer: &Answer) -> bool {
    answer.commit().ends_with('0')
}

/// Writes until a maintenance has been started.
#[track_caller]
pub(super) fn write_until_started(repo: &Repo) {
    let before = log(repo);
    let started = (0..CERTAIN).any(|_| {
        write(repo).expect(0);
        log(repo) != before
    });
    assert!(started, "no maintenance: {}", loose(repo));
}

/// Returns what the last maintenance came to; nothing where there was none.
pub(super) fn log(repo: &Repo) -> String {
    std::fs::read_to_string(repo.common_dir().join("coord/maintenance.log")).unwrap_or_default()
}

/// Returns the lock that says that maintenance runs.
fn lock(repo: &Repo) -> File {
    File::open(repo.common_dir().join("coord/maintenance.lock")).expect("the lock of maintenance")
}

pub(super) fn runs(repo: &Repo) -> bool {
    matches!(lock(repo).try_lock(), Err(TryLockError::WouldBlock))
}

/// Waits until maintenance has ended.
pub(super) fn wait_for_the_end(repo: &Repo) {
    lock(repo).lock().expect("the lock of maintenance");
}

/// Returns how many loose objects there are.
#[track_caller]
pub(super) fn loose(repo: &Repo) -> usize {
    count(repo, "count")
}

/// Returns how many packs there are.
#[track_caller]
pub(super) fn packs(repo: &Repo) -> usize {
    count(repo, "packs")
}

#[track_caller]
fn count(repo: &Repo, what: &str) -> usize {
    let told = repo.git(&["count-objects", "-v"]);
    let line = told.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(": "));
    line.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {what}: {told}"))
}

/// A git in the search path that lets through whatever does not pack, and writes down the words of what does.
pub(super) struct Gate {
    folder: PathBuf,
}

impl Gate {
    /// What packs waits until the gate is opened.
    pub(super) fn closed(repo: &Repo) -> Gate {
        Gate::with(repo, "read line <gate")
    }

    /// What packs fails, and says so.
    pub(super) fn failing(repo: &Repo) -> Gate {
        Gate::with(repo, "echo 'fatal: no room for a pack' >&2; exit 9")
    }

    /// What packs just goes on.
    pub(super) fn open(repo: &Repo) -> Gate {
        Gate::with(repo, ":")
    }

    fn with(repo: &Repo, then: &str) -> Gate {
        let folder = repo.machine.root().join("gate");
        std::fs::create_dir_all(&folder).expect("a folder");
        assert!(repo.command("mkfifo").arg(folder.join("gate")).status().is_ok(), "a pipe with a name");
        let inherited = std::env::var_os("PATH").expect("PATH is set");
        let git = std::env::split_paths(&inherited).map(|folder| folder.join("git")).find(|file| file.is_file());
        let git = git.expect("git is in PATH");
        let script = format!(
            "#!/bin/sh\ncase \" $* \" in\n*' repack '*|*' gc '*)\n  cd {0} || exit 1\n  echo \"$*\" >>packed\n  \
             {then}\n  cd \"$GIT_COMMON_DIR\" || exit 1;;\nesac\nexec {1} \"$@\"\n",
            folder.display(),
            git.display()
        );
        let path = repo.machine.root().join("bin/git");
        std::fs::write(&path, script).expect("a script");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("an executable script");
        Gate { folder }
    }

    /// Lets through who waits at the gate, and whoever comes.
    pub(super) fn let_through(&self) {
        let mut gate = File::options().write(true).open(self.folder.join("gate")).expect("somebody waits at the gate");
        gate.write_all(b"go\n").expect("somebody waits at the gate");
    }

    /// Returns the words of all that has packed.
    pub(super) fn packed(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join("packed")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
