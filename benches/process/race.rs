//! Clones of one remote that claim at once, each another task each time: only the remote's ref is fought for. How many tries
//! a claim takes, how many claims a second come of it, and where more clones bring no more.
//!
//! Over `file://` in any case, and over http where there is Python: git's own CGI program needs somebody to call it.

use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::options::Options;
use crate::place::{Bench, Remote, Repo, STATE};
use crate::statistics::Spread;
use crate::timing::{Timed, time};

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sync/http_backend.py");

/// What came out for one count of clones.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Race {
    pub(crate) size: usize,
    /// `file` or `http`.
    pub(crate) over: String,
    pub(crate) clones: usize,
    pub(crate) confirmed: usize,
    /// Pushes through confirmed claims.
    pub(crate) tries: f64,
    pub(crate) per_second: f64,
    pub(crate) ms: Spread,
    /// Claims whose exit code says that others were first until the time was up.
    pub(crate) busy: usize,
    /// Any other end.
    pub(crate) failed: usize,
    /// The first words of one that failed.
    pub(crate) first_failure: Option<String>,
    /// Confirmed claims that the remote does not have.
    pub(crate) lost: usize,
}

/// The exit code of a claim for which others left no room.
const BUSY: i32 = 7;

pub(crate) fn measure(bench: &Bench, template: &Repo<'_>, size: usize, options: &Options) -> Vec<Race> {
    let mut races = Vec::new();
    for over in ["file", "http"] {
        for &clones in &options.clones {
            let remote = bench.remote(&format!("race-{over}-{clones}"), template);
            let Some(served) = Served::of(&remote, over) else { continue };
            races.push(race(&remote, &served.url, (size, over, clones), options.each));
        }
    }
    races
}

/// The remote of a race, and the server before it, which goes with this.
struct Served {
    url: String,
    server: Option<Child>,
}

impl Served {
    /// Nothing where it cannot be served so.
    fn of(remote: &Remote<'_>, over: &str) -> Option<Served> {
        if over == "file" {
            return Some(Served { url: remote.url.clone(), server: None });
        }
        remote.repo.run(remote.repo.git(["config", "http.receivepack", "true"]));
        let mut python = remote.repo.program("python3");
        python.arg(SERVER).arg(&remote.repo.path).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = python.spawn().ok()?;
        let mut port = String::new();
        BufReader::new(server.stdout.take()?).read_line(&mut port).ok()?;
        Some(Served { url: format!("http://127.0.0.1:{}/.git", port.trim()), server: Some(server) })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn race(remote: &Remote<'_>, url: &str, (size, over, clones): (usize, &str, usize), each: usize) -> Race {
    let repos: Vec<Repo<'_>> = (0..clones).map(|n| remote.clone_of(&format!("racer-{over}-{clones}-{n}"))).collect();
    let first = &repos[0];
    let plan: String = (0..clones * each)
        .map(|n| format!("{{\"op\":\"task new\",\"title\":\"One of many\",\"id\":\"race-{n}\"}}\n"))
        .collect();
    let file = first.path.join("race.jsonl");
    std::fs::write(&file, plan).expect("the plan can be written");
    first.run(first.coord(["apply".as_ref(), file.as_os_str()]));
    for repo in &repos {
        repo.run(repo.coord(["sync"]));
        repo.run(repo.git(["remote", "set-url", "origin", url]));
    }
    let (took, done) = run(&repos, each);
    let tries: usize = repos.iter().map(pushes).sum();
    let count = |code: i32| done.iter().filter(|process| process.code == Some(code)).count();
    let (confirmed, busy) = (count(0), count(BUSY));
    let other = done.iter().find(|process| !matches!(process.code, Some(0 | BUSY)));
    Race {
        size,
        over: over.to_owned(),
        clones,
        confirmed,
        tries: tries as f64 / confirmed as f64,
        per_second: confirmed as f64 / took.as_secs_f64(),
        ms: Spread::of(&done.iter().map(Timed::ms).collect::<Vec<_>>()),
        busy,
        failed: done.len() - confirmed - busy,
        first_failure: other.map(|process| String::from_utf8_lossy(&process.stderr).into_owned()),
        lost: confirmed.saturating_sub(claims(&remote.repo)),
    }
}

/// Lets all clones claim at once, one task after another.
fn run(repos: &[Repo<'_>], each: usize) -> (Duration, Vec<Timed>) {
    let start = Barrier::new(repos.len() + 1);
    std::thread::scope(|scope| {
        let start = &start;
        let racer = |(n, repo)| scope.spawn(move || claim_all(repo, n * each..(n + 1) * each, start));
        let threads: Vec<_> = repos.iter().enumerate().map(racer).collect();
        start.wait();
        let begun = Instant::now();
        let done = threads.into_iter().flat_map(|thread| thread.join().expect("a clone does not panic")).collect();
        (begun.elapsed(), done)
    })
}

fn claim_all(repo: &Repo<'_>, tasks: Range<usize>, start: &Barrier) -> Vec<Timed> {
    start.wait();
    let claim = |n| time(traced(&mut repo.coord(["claim", &format!("race-{n}")]), &repo.path));
    tasks.map(claim).collect()
}

/// Has each git that a command starts say so in a file of the clone.
fn traced<'c>(command: &'c mut Command, path: &Path) -> &'c mut Command {
    command.env("GIT_TRACE2", path.join("git-trace"))
}

/// Returns how often a clone has pushed.
fn pushes(repo: &Repo<'_>) -> usize {
    let trace = std::fs::read_to_string(repo.path.join("git-trace")).unwrap_or_default();
    let is_push = |line: &&str| line.contains(" cmd_name push ");
    trace.lines().filter(is_push).count()
}

/// Returns how many of the tasks of the race the remote has claims on.
fn claims(remote: &Repo<'_>) -> usize {
    let found = remote.try_run(remote.git(["grep", "-l", "^claim:", STATE, "--", "tasks/*/race-*"]));
    found.map_or(0, |found| found.lines().count())
}
