//! A throw-away repository, a git that reads no configuration of this machine, and commits to publish.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use git_coord::base::Timestamp;
use git_coord::store::{Content, Edit, Environment, NewCommit, Oid, Person, Published, Signing, Store};
use tempfile::TempDir;

/// The longest that a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with a home of its own; the repository is in `repo`.
pub(crate) struct Repo {
    temp: TempDir,
    pub(crate) path: PathBuf,
    pub(crate) environment: Environment,
}

impl Repo {
    /// Makes a repository with `git init` and these options.
    pub(crate) fn init(options: &[&str]) -> Repo {
        let repo = Repo::empty();
        let mut arguments = vec!["init", "--quiet"];
        arguments.extend(options);
        arguments.push(".");
        repo.git(&arguments);
        repo
    }

    /// Makes the folder and the environment, and no repository.
    pub(crate) fn empty() -> Repo {
        let temp = TempDir::new().expect("a temporary folder");
        let (home, path) = (temp.path().join("home"), temp.path().join("repo"));
        for folder in [&home, &path] {
            std::fs::create_dir(folder).expect("a new folder");
        }
        let environment = Environment::default()
            .with("PATH", std::env::var_os("PATH").expect("PATH is set"))
            .with("HOME", &home)
            .with("XDG_CONFIG_HOME", home.join("config"))
            .with("GIT_CONFIG_NOSYSTEM", "1")
            // No sample hooks: they are most of what a new repository writes.
            .with("GIT_TEMPLATE_DIR", "")
            .with("GIT_AUTHOR_NAME", "Ada")
            .with("GIT_AUTHOR_EMAIL", "ada@example.org")
            .with("GIT_COMMITTER_NAME", "Ada")
            .with("GIT_COMMITTER_EMAIL", "ada@example.org")
            .with("GIT_CEILING_DIRECTORIES", temp.path());
        Repo { temp, path, environment }
    }

    /// Returns the folder that holds everything and disappears with this value.
    pub(crate) fn outside(&self) -> &Path {
        self.temp.path()
    }

    pub(crate) fn open(&self) -> Store {
        self.open_at(&self.path)
    }

    pub(crate) fn open_at(&self, path: &Path) -> Store {
        Store::discover_with(path, &self.environment).expect("the repository opens")
    }

    /// Returns a command whose environment is the repository's.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment.iter()).current_dir(&self.path);
        command
    }

    pub(crate) fn try_git(&self, arguments: &[&str]) -> Output {
        self.command("git").args(arguments).output().expect("git runs")
    }

    /// Runs git, which must succeed, and returns its output without the last line end.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.try_git(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }

    /// Checks that git finds nothing wrong with the objects and that the state can be read.
    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        let output = self.try_git(&["fsck", "--strict", "--no-dangling", "--no-progress"]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        let odd: Vec<_> = words.lines().filter(|line| !line.starts_with("notice:")).collect();
        assert!(output.status.success() && odd.is_empty(), "{words}");
    }
}

/// Returns an edit that sets a path to a text.
pub(crate) fn set(path: &str, text: impl AsRef<[u8]>) -> Edit {
    Edit { path: path.to_owned(), content: Some(Content::Bytes(Arc::from(text.as_ref()))) }
}

pub(crate) fn remove(path: &str) -> Edit {
    Edit { path: path.to_owned(), content: None }
}

pub(crate) fn ada() -> Person {
    Person::new("Ada", "ada@example.org")
}

/// Returns a commit on a tip.
pub(crate) fn on(tip: Option<Oid>, edits: Vec<Edit>) -> NewCommit {
    let at = Timestamp::from_seconds(1_700_000_000);
    NewCommit {
        expected: tip,
        parents: tip.into_iter().collect(),
        base: tip,
        edits,
        author: ada(),
        author_time: at,
        committer: ada(),
        commit_time: at,
        message: "change\n\nCoord-Event: test".to_owned(),
        reflog: "coord: change".to_owned(),
        signing: Signing::AsSet,
    }
}

/// Publishes a commit on the present tip, which nobody moves meanwhile.
#[track_caller]
pub(crate) fn publish(store: &Store, edits: Vec<Edit>) -> Oid {
    let mut writer = store.lock(PATIENCE).expect("the lock");
    let tip = store.tip().expect("a readable tip");
    match writer.publish(on(tip, edits)).expect("a published commit") {
        Published::Landed(id) => id,
        Published::Moved => panic!("the ref moved under the lock"),
    }
}
