//! Questions to a repository: `ready` and one record of a large state, and the index brought over a commit.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io::Write};

use criterion::{BatchSize, Criterion};
use git_coord::query::lists::Lists;
use git_coord::records::Task;
use git_coord::session::{Environment, Options, Session};
use git_coord::state::{Paging, get};

use crate::tasks;

const TASKS: usize = 10_000;

/// How many commits the index is brought over.
const BEHIND: [usize; 2] = [1, 100];

pub(crate) fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let repo = Repository::fill(folder.path());
    let mut group = criterion.benchmark_group("reading 10,000 tasks");
    group.bench_function("open the repository", |bencher| bencher.iter(|| repo.session()));
    group.bench_function("ready, 50 of them", |bencher| bencher.iter(|| ready(&repo.session())));
    group.bench_function("one task", |bencher| {
        bencher.iter(|| {
            let session = repo.session();
            let snapshot = session.snapshot().expect("a state");
            get::<Task>(&snapshot, black_box(tasks::parsed(77).as_str())).expect("it is there")
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("index");
    group.sample_size(20);
    group.bench_function("made from nothing", |bencher| {
        bencher.iter_batched(|| fs::remove_file(repo.index()), |_| ready(&repo.session()), BatchSize::PerIteration);
    });
    for behind in BEHIND {
        let old = repo.keep_index();
        (0..behind).for_each(|n| repo.coord(&["task", "new", &format!("Later {n}"), "-q"], b""));
        group.bench_function(format!("brought over {behind} commits"), |bencher| {
            bencher.iter_batched(
                || fs::copy(&old, repo.index()).expect("the index can be put back"),
                |_| ready(&repo.session()),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn ready(session: &Session) -> usize {
    let snapshot = session.snapshot().expect("a state");
    let page = Lists::of(&snapshot).ready(session.now(), &Paging::default()).expect("a page");
    assert_eq!(page.items.len(), Paging::default().limit, "so many are ready, and more");
    page.total
}

struct Repository {
    path: PathBuf,
    environment: Environment,
}

impl Repository {
    /// Makes a repository with the tasks in it, packed as after a while.
    fn fill(folder: &Path) -> Repository {
        let path = folder.join("repo");
        let none = folder.join("no-settings");
        fs::write(&none, "[gc]\nauto = 0\n[user]\nname = Ada\nemail = ada@example.com\n").expect("it can be written");
        let environment = Environment::from_process()
            .with("GIT_CONFIG_GLOBAL", &none)
            .with("GIT_CONFIG_NOSYSTEM", "1")
            .with("GIT_CEILING_DIRECTORIES", folder);
        let repo = Repository { path, environment };
        let path = repo.path.to_str().expect("a path in letters");
        repo.run(Command::new("git").args(["init", "-q", path]), b"");
        repo.coord(&["init", "-q"], b"");
        let rows: String = (0..TASKS).map(tasks::row).collect();
        repo.coord(&["import", "json", "-", "-q"], rows.as_bytes());
        repo.run(Command::new("git").args(["-C", path, "gc", "-q"]), b"");
        repo
    }

    fn coord(&self, arguments: &[&str], input: &[u8]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_git-coord"));
        self.run(command.args(["--agent", "ada"]).args(arguments).current_dir(&self.path), input);
    }

    fn run(&self, command: &mut Command, input: &[u8]) {
        command.env_clear().envs(self.environment.iter()).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
        assert!(child.wait().expect("it ends").success(), "{command:?}");
    }

    fn session(&self) -> Session {
        let options = Options {
            cwd: self.path.clone(),
            environment: self.environment.clone(),
            agent: Some("ada".into()),
            session: None,
            at: None,
            dry_run: false,
            if_match: None,
            offline: false,
        };
        Session::open(options).expect("a repository")
    }

    fn index(&self) -> PathBuf {
        self.path.join(".git/coord/index.sqlite")
    }

    /// Brings the index to where the state is, and returns a copy of it.
    fn keep_index(&self) -> PathBuf {
        let _ = ready(&self.session());
        let kept = self.path.join("kept-index");
        fs::copy(self.index(), &kept).expect("the index is there");
        kept
    }
}
