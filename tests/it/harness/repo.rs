//! Repositories of every sort, and what a test does in one of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::Value;

use super::{Answer, Call, Machine};

/// A folder of a [`Machine`] to work in: a repository, a linked worktree of one, or a folder inside one.
#[derive(Clone)]
pub(crate) struct Repo {
    pub(crate) machine: Arc<Machine>,
    pub(crate) path: PathBuf,
    is_live: bool,
    /// What all programs are started by; nothing where they are started as they are.
    inside: Vec<String>,
}

impl Repo {
    /// Makes a folder without a repository.
    pub(crate) fn none() -> Repo {
        Repo::on(Machine::new())
    }

    /// Makes a folder without a repository on a machine.
    pub(crate) fn on(machine: Machine) -> Repo {
        let machine = Arc::new(machine);
        let path = machine.root().join("repo");
        std::fs::create_dir(&path).expect("a new folder");
        Repo { machine, path, is_live: false, inside: Vec::new() }
    }

    /// Makes a repository with `git init` and these options, and no commit in it.
    #[track_caller]
    pub(crate) fn init(options: &[&str]) -> Repo {
        Repo::try_init(options).unwrap_or_else(|words| panic!("git init {options:?}: {words}"))
    }

    /// Makes a repository with options that the installed git may not know.
    pub(crate) fn try_init(options: &[&str]) -> Result<Repo, String> {
        Repo::none().initialised(options)
    }

    /// Runs `git init` with options that the installed git may not know.
    pub(crate) fn initialised(self, options: &[&str]) -> Result<Repo, String> {
        let repo = self;
        let output = repo.try_git(&[&["init", "--quiet"], options, &["."]].concat());
        if output.status.success() { Ok(repo) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    /// Makes a repository with a commit and a clean work tree.
    #[track_caller]
    pub(crate) fn plain() -> Repo {
        let repo = Repo::init(&[]);
        repo.commit_a_file();
        repo
    }

    /// Makes a repository with a commit, set up for coordination.
    #[track_caller]
    pub(crate) fn set_up() -> Repo {
        let repo = Repo::plain();
        repo.ok(&["init"]);
        repo
    }

    /// Returns the same folder with the real clock and real randomness.
    pub(crate) fn live(&self) -> Repo {
        Repo { is_live: true, ..self.clone() }
    }

    /// Returns the same folder, whose programs are started by another one.
    pub(crate) fn inside(&self, words: Vec<String>) -> Repo {
        Repo { inside: words, ..self.clone() }
    }

    /// Returns another folder of the same machine.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> Repo {
        Repo { path: self.path.join(path), ..self.clone() }
    }

    /// Adds a linked worktree beside this one.
    #[track_caller]
    pub(crate) fn worktree(&self, name: &str) -> Repo {
        let path = self.machine.root().join(name);
        self.git(&["worktree", "add", "--quiet", "--detach", &path.to_string_lossy()]);
        self.at(path)
    }

    /// Clones this repository.
    #[track_caller]
    pub(crate) fn clone_to(&self, name: &str, options: &[&str]) -> Repo {
        let path = self.machine.root().join(name);
        let (from, to) = (self.path.to_string_lossy().into_owned(), path.to_string_lossy().into_owned());
        self.git(&[&["clone", "--quiet"], options, &[from.as_str(), to.as_str()]].concat());
        self.at(path)
    }

    /// Makes one commit with one file in the current branch.
    #[track_caller]
    pub(crate) fn commit_a_file(&self) {
        std::fs::write(self.path.join("README"), "A project.\n").expect("a file");
        self.git(&["add", "README"]);
        self.git(&["commit", "--quiet", "-m", "Start"]);
    }

    /// Puts an executable hook in place.
    pub(crate) fn hook(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let hook = self.common_dir().join("hooks").join(name);
        std::fs::create_dir_all(hook.parent().expect("a folder")).expect("a folder");
        std::fs::write(&hook, script).expect("a hook");
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("an executable hook");
    }

    /// Returns a command in this folder.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = match self.inside.split_first() {
            None => self.machine.command(program),
            Some((first, rest)) => {
                let mut command = self.machine.command(first);
                command.args(rest).arg(program);
                command
            }
        };
        command.current_dir(&self.path);
        command
    }

    /// Returns a call of the program in this folder, not yet started.
    pub(crate) fn coord(&self, words: &[&str]) -> Call {
        self.call(env!("CARGO_BIN_EXE_git-coord"), words)
    }

    /// Returns a call of any program in this folder, with the clock and the randomness of the program.
    pub(crate) fn call(&self, program: &str, words: &[&str]) -> Call {
        let mut command = self.command(program);
        if !self.is_live {
            self.machine.tick(&mut command);
        }
        Call::new(command, words)
    }

    /// Runs the program, which must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, words: &[&str]) -> Answer {
        self.coord(words).expect(0)
    }

    /// Runs the program, which must succeed, and returns the `data` of its JSON.
    #[track_caller]
    pub(crate) fn data(&self, words: &[&str]) -> Value {
        self.coord(words).json().expect(0).data()
    }

    /// Runs the program, which must fail with this exit code, and returns the `code` of its error.
    #[track_caller]
    pub(crate) fn refused(&self, exit: i32, words: &[&str]) -> String {
        self.coord(words).json().expect(exit).error_code()
    }

    pub(crate) fn try_git(&self, words: &[&str]) -> Output {
        let mut command = self.command("git");
        if !self.is_live {
            self.machine.date(&mut command);
        }
        command.args(words).output().expect("git runs")
    }

    /// Runs git, which must succeed, and returns its output without the last line end.
    #[track_caller]
    pub(crate) fn git(&self, words: &[&str]) -> String {
        let output = self.try_git(words);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {words:?} in {}: {errors}", self.path.display());
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }
}
