//! A throw-away repository with linked worktrees, made with git: for showing, not for keeping.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::fault;
use crate::base::{Error, Result};

/// A repository that is gone when this value is.
pub struct Scratch {
    folder: TempDir,
}

/// The variables under which git looks at nothing but the throw-away repository.
pub const QUIET_GIT: &[(&str, &str)] = &[
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_AUTHOR_NAME", "git coord demo"),
    ("GIT_AUTHOR_EMAIL", "demo@localhost"),
    ("GIT_COMMITTER_NAME", "git coord demo"),
    ("GIT_COMMITTER_EMAIL", "demo@localhost"),
];

impl Scratch {
    /// Makes a repository with one commit.
    ///
    /// # Errors
    /// `no_git` where git cannot be run, `io` where nothing can be written, `git_failed` with git's words.
    pub fn new() -> Result<Self> {
        let folder =
            TempDir::with_prefix("git-coord-demo-").map_err(|err| fault::io("make a folder for the demo", err))?;
        let scratch = Scratch { folder };
        std::fs::create_dir(scratch.main()).map_err(|err| fault::io("make a folder for the demo", err))?;
        scratch.git(&["init", "--quiet", "--initial-branch=main", "."])?;
        scratch.git(&["commit", "--quiet", "--allow-empty", "--message=A project"])?;
        Ok(scratch)
    }

    /// Returns the main work tree.
    pub fn main(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Makes a linked worktree on a branch of its own, and returns its folder.
    ///
    /// # Errors
    /// `git_failed` with git's words.
    pub fn worktree(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.path().join(name);
        self.git(&["worktree", "add", "--quiet", "-b", name, &path.to_string_lossy()])?;
        Ok(path)
    }

    /// Runs git in the main work tree and returns what it says.
    ///
    /// # Errors
    /// `git_failed` with git's words.
    pub fn git(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new("git");
        quiet(&mut command, &self.main());
        let output = command.args(arguments).output().map_err(|err| {
            Error::fatal("no_git", "cannot run git").because(err).hint("install git, version 2.34 or later")
        })?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Error::fatal("git_failed", format!("git {} failed: {words}", arguments.join(" "))));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Has a command run in a folder, with nothing of the user's repository or configuration.
pub fn quiet(command: &mut Command, folder: &Path) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("GIT_") && !name.starts_with("GIT_COORD_TEST_")) {
            command.env_remove(name);
        }
    }
    command.envs(QUIET_GIT.iter().copied()).current_dir(folder).stdin(Stdio::null());
}
