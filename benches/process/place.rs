//! Fresh folders, a git that reads no configuration of this machine, and commands in repositories.
//!
//! Nothing is removed, here or anywhere in a run: on ext4 the removal of many files slows down what comes after it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The ref of the state.
pub(crate) const STATE: &str = "refs/coord/main";

/// One run of the benchmark: its folder, its programs, its environment.
pub(crate) struct Bench {
    pub(crate) folder: PathBuf,
    pub(crate) git: PathBuf,
    pub(crate) git_coord: PathBuf,
    environment: Vec<(&'static str, OsString)>,
}

impl Bench {
    /// Makes a new folder below `parent`.
    pub(crate) fn new(parent: &Path) -> Bench {
        let name = format!("bench-{}-{}", chrono::Utc::now().format("%Y%m%d-%H%M%S"), std::process::id());
        std::fs::create_dir_all(parent.join(&name)).expect("a new folder");
        let folder = parent.join(name).canonicalize().expect("the folder is there");
        let home = folder.join("home");
        std::fs::create_dir(&home).expect("a new folder");
        // No maintenance in the middle of a run, and what is fetched stays one pack.
        let config = "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[fetch]\n\tunpackLimit = 1\n\
                      [init]\n\tdefaultBranch = main\n[user]\n\tname = Bench\n\temail = bench@example.org\n";
        std::fs::write(home.join(".gitconfig"), config).expect("the configuration can be written");
        // A copy under the name by which git finds it: a build that comes along cannot replace it.
        let programs = folder.join("bin");
        std::fs::create_dir(&programs).expect("a new folder");
        let git_coord = programs.join("git-coord");
        std::fs::copy(measured_binary(), &git_coord).expect("the measured program can be copied");
        let environment = environment(&folder, &home, &programs);
        Bench { folder, git: find_program("git"), git_coord, environment }
    }

    /// Makes an empty repository that nobody has set up.
    pub(crate) fn repository(&self, name: &str) -> Repo<'_> {
        let path = (1..)
            .map(|n| self.folder.join(format!("{name}-{n}")))
            .find(|path| !path.exists())
            .expect("there is always another number");
        std::fs::create_dir(&path).expect("a new folder");
        let repo = Repo { bench: self, path };
        repo.run(repo.git(["init", "--quiet"]));
        repo
    }

    /// Makes a bare repository with the state of a template in one pack.
    pub(crate) fn remote(&self, name: &str, template: &Repo<'_>) -> Remote<'_> {
        let repo = self.repository(name);
        repo.run(repo.git(["config", "core.bare", "true"]));
        let refspec = format!("{STATE}:{STATE}");
        repo.run(repo.git([OsStr::new("fetch"), "--quiet".as_ref(), template.path.as_ref(), refspec.as_ref()]));
        let url = format!("file://{}", repo.path.join(".git").display());
        Remote { repo, url }
    }

    fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value))).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

/// A repository that others fetch from and push to.
pub(crate) struct Remote<'b> {
    pub(crate) repo: Repo<'b>,
    pub(crate) url: String,
}

impl<'b> Remote<'b> {
    /// Makes a repository that is set up with this as its only remote, without hooks: the reference would run them as well.
    pub(crate) fn clone_of(&self, name: &str) -> Repo<'b> {
        let clone = self.repo.bench.repository(name);
        clone.run(clone.git(["remote", "add", "origin", &self.url]));
        clone.run(clone.coord(["init", "--no-hooks"]));
        clone
    }
}

/// A repository of this run.
pub(crate) struct Repo<'b> {
    bench: &'b Bench,
    pub(crate) path: PathBuf,
}

impl Repo<'_> {
    /// Returns a command of git in this repository, which has yet to be started.
    pub(crate) fn git<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.bench.command(&self.bench.git, &self.path);
        command.args(arguments);
        command
    }

    /// Returns the full path of git.
    pub(crate) fn git_program(&self) -> &Path {
        &self.bench.git
    }

    /// Returns a command of the measured program in this repository.
    pub(crate) fn coord<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.bench.command(&self.bench.git_coord, &self.path);
        command.args(arguments);
        command
    }

    /// Returns a command of another program in this repository.
    pub(crate) fn program(&self, name: &str) -> Command {
        self.bench.command(name, &self.path)
    }

    /// Returns a shell script in this repository.
    pub(crate) fn sh<S: AsRef<OsStr>>(&self, script: &Path, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.bench.command("/bin/sh", &self.path);
        command.arg(script).args(arguments);
        command
    }

    /// Runs a command that must succeed, outside of all measurements; returns its output without the last line end.
    #[track_caller]
    pub(crate) fn run(&self, mut command: Command) -> String {
        let output = command.stdout(Stdio::piped()).output().expect("the program starts");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        text(&output)
    }

    /// Runs a command, outside of all measurements; returns its output, or nothing where it failed.
    pub(crate) fn try_run(&self, mut command: Command) -> Option<String> {
        let output = command.stdout(Stdio::piped()).output().expect("the program starts");
        output.status.success().then(|| text(&output))
    }

    /// Makes a repository with the same state in one pack, as `git gc` leaves it, and no other object.
    pub(crate) fn copy(&self, name: &str) -> Self {
        let repo = Repo { bench: self.bench, path: self.bench.repository(name).path };
        let refspec = format!("{STATE}:{STATE}");
        repo.run(repo.git([OsStr::new("fetch"), "--quiet".as_ref(), self.path.as_ref(), refspec.as_ref()]));
        repo.run(repo.coord(["init"]));
        repo
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
}

fn environment(folder: &Path, home: &Path, programs: &Path) -> Vec<(&'static str, OsString)> {
    let path = std::env::var_os("PATH").expect("PATH is set");
    let first = std::iter::once(programs.to_owned());
    let path = std::env::join_paths(first.chain(std::env::split_paths(&path))).expect("a PATH");
    let mut variables: Vec<(&'static str, OsString)> = vec![
        ("PATH", path),
        ("HOME", home.into()),
        ("XDG_CONFIG_HOME", home.join("config").into()),
        ("GIT_CEILING_DIRECTORIES", folder.into()),
    ];
    let plain = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        // No sample hooks: they are most of what a new repository writes.
        ("GIT_TEMPLATE_DIR", ""),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_COORD_AGENT", "bench"),
        ("LC_ALL", "C"),
        ("TZ", "UTC"),
    ];
    variables.extend(plain.map(|(name, value)| (name, value.into())));
    variables
}

/// Returns the program that is measured, by its full path.
fn measured_binary() -> PathBuf {
    let named = std::env::var_os("GIT_COORD_BIN").map(PathBuf::from);
    let path = named.unwrap_or_else(|| env!("CARGO_BIN_EXE_git-coord").into());
    path.canonicalize().unwrap_or_else(|err| panic!("there is no program at {}: {err}", path.display()))
}

/// Looks a program up once: a search in PATH at each start would be a part of what is measured.
fn find_program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("PATH is set");
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()).expect("git is in PATH")
}
