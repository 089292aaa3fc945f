//! A machine of its own for a test: home, configuration, search path, clock and randomness; nothing of ours leaks in.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use git_coord::base::Timestamp;
use tempfile::TempDir;

/// When the clock of every machine starts: 2026-01-02T03:04:05Z.
const START: i64 = 1_767_323_045;

/// A folder that holds everything of one test and disappears with it.
pub(crate) struct Machine {
    temp: TempDir,
    root: PathBuf,
    ticks: AtomicU64,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self::within(TempDir::with_prefix("coord-"))
    }

    /// Makes a machine whose disk is memory, where there is enough: for tests of many steps that wait for the disk at
    /// each of them.
    pub(crate) fn in_memory() -> Self {
        const ENOUGH: u64 = 1 << 30;
        let memory = Path::new("/dev/shm");
        match rustix::fs::statvfs(memory) {
            Ok(stat) if stat.f_bavail * stat.f_frsize > ENOUGH => {
                Self::within(TempDir::with_prefix_in("coord-", memory))
            }
            _ => Self::new(),
        }
    }

    fn within(temp: std::io::Result<TempDir>) -> Self {
        let temp = temp.expect("a temporary folder");
        // Resolved, so that what git prints and what a test expects are the same path.
        let root = temp.path().canonicalize().expect("a real path");
        for folder in ["home", "bin"] {
            std::fs::create_dir(root.join(folder)).expect("a new folder");
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_git-coord"), root.join("bin/git-coord")).expect("a link");
        let config = "[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n[advice]\n\t\
                      defaultBranchName = false\n[gc]\n\tauto = 0\n[protocol \"file\"]\n\tallow = always\n";
        std::fs::write(root.join("home/.gitconfig"), config).expect("a configuration");
        Machine { temp, root, ticks: AtomicU64::new(0) }
    }

    /// Returns the folder that holds everything.
    pub(crate) fn root(&self) -> &Path {
        debug_assert!(self.temp.path().exists());
        &self.root
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// Returns a command that sees this machine and nothing else.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let inherited = std::env::var_os("PATH").expect("PATH is set");
        let mut path = OsString::from(self.root.join("bin"));
        path.push(":");
        path.push(inherited);
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home())
            .env("XDG_CONFIG_HOME", self.home().join("xdg"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.home().join(".gitconfig"))
            .env("GIT_CEILING_DIRECTORIES", &self.root)
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        command
    }

    /// Moves the clock on by a second and gives a command that moment, and randomness that no other command has.
    pub(crate) fn tick(&self, command: &mut Command) {
        let tick = self.ticks.fetch_add(1, Ordering::Relaxed);
        let now = Timestamp::from_seconds(START + i64::try_from(tick).expect("a small number"));
        command.env("GIT_COORD_TEST_NOW", now.to_string()).env("GIT_COORD_TEST_SEED", tick.to_string());
        if tick % 2 == 1 {
            // Every second command asks as if another process were to do its work: nobody may see a difference.
            command.env("GIT_COORD_TEST_HANDED_ON", "1");
        }
    }

    /// Gives git's own commits a date that is the same in every run.
    pub(crate) fn date(&self, command: &mut Command) {
        let date = format!("{START} +0000");
        command.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
    }
}
