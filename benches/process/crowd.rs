//! Many processes that change the same state at once, against one that does it alone.
//!
//! So many workers, each of which starts one process after another. One round goes through all counts of workers in a
//! fresh repository, one worker first; throughput is told relative to that one.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::aims;
use crate::options::Options;
use crate::place::{Repo, STATE};
use crate::statistics::Spread;
use crate::timing::{Timed, time};

const WORKERS: [usize; 5] = [1, 2, 8, 32, 64];

/// The fewest changes from which the throughput of one worker is told.
const FEWEST: usize = 32;

/// What came out for one count of workers, over all rounds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Crowd {
    pub(crate) size: usize,
    pub(crate) workers: usize,
    pub(crate) acknowledged: usize,
    pub(crate) per_second: Spread,
    /// Throughput through that of one worker in the same round.
    pub(crate) relative: Spread,
    pub(crate) ms: Spread,
    /// Acknowledged changes that are not in the history, or not in the newest state.
    pub(crate) lost: usize,
    pub(crate) failed: usize,
    /// The first words of what failed.
    pub(crate) first_failure: Option<String>,
    pub(crate) verdict: String,
}

/// What one count of workers did in one round.
#[derive(Default)]
struct Burst {
    per_second: f64,
    ms: Vec<f64>,
    acknowledged: usize,
    lost: usize,
    failures: Vec<String>,
}

pub(crate) fn measure(template: &Repo<'_>, size: usize, options: &Options) -> Vec<Crowd> {
    let mut bursts: Vec<Vec<Burst>> = WORKERS.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.crowd_rounds {
        let repo = template.copy("crowd");
        // The first changes of a new repository make folders that later ones find.
        burst(&repo, 1, FEWEST);
        for (workers, bursts) in WORKERS.into_iter().zip(&mut bursts) {
            bursts.push(burst(&repo, workers, options.each.max(FEWEST / workers)));
        }
    }
    let alone: Vec<f64> = bursts[0].iter().map(|burst| burst.per_second).collect();
    WORKERS.into_iter().zip(bursts).map(|(workers, bursts)| summary(size, workers, &bursts, &alone)).collect()
}

fn summary(size: usize, workers: usize, bursts: &[Burst], alone: &[f64]) -> Crowd {
    let per_second: Vec<f64> = bursts.iter().map(|burst| burst.per_second).collect();
    let relative: Vec<f64> = per_second.iter().zip(alone).map(|(many, one)| many / one).collect();
    let ms: Vec<f64> = bursts.iter().flat_map(|burst| burst.ms.iter().copied()).collect();
    let (relative, ms) = (Spread::of(&relative), Spread::of(&ms));
    let lost = bursts.iter().map(|burst| burst.lost).sum();
    let failed = bursts.iter().map(|burst| burst.failures.len()).sum();
    Crowd {
        size,
        workers,
        acknowledged: bursts.iter().map(|burst| burst.acknowledged).sum(),
        per_second: Spread::of(&per_second),
        verdict: aims::crowd(workers, relative.median, ms.p99 / ms.median, lost + failed),
        relative,
        ms,
        lost,
        failed,
        first_failure: bursts.iter().flat_map(|burst| burst.failures.first().cloned()).next(),
    }
}

/// Lets so many workers start processes, `each` one after another, and looks what became of the changes.
fn burst(repo: &Repo<'_>, workers: usize, each: usize) -> Burst {
    let before = repo.run(repo.git(["rev-parse", STATE]));
    let start = Barrier::new(workers + 1);
    let (elapsed, done) = std::thread::scope(|scope| {
        let start = &start;
        let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(repo, worker, each, start))).collect();
        start.wait();
        let begun = Instant::now();
        let done: Vec<Timed> =
            threads.into_iter().flat_map(|thread| thread.join().expect("a worker does not panic")).collect();
        (begun.elapsed(), done)
    });
    judge(repo, &before, elapsed, &done)
}

fn work(repo: &Repo<'_>, worker: usize, each: usize, start: &Barrier) -> Vec<Timed> {
    let agent = format!("worker-{worker}");
    start.wait();
    let change = |_| {
        let mut command = repo.coord(["--agent", &agent, "--json", "task", "new", "Say why an input is refused"]);
        time(command.stdout(Stdio::piped()))
    };
    (0..each).map(change).collect()
}

fn judge(repo: &Repo<'_>, before: &str, elapsed: Duration, done: &[Timed]) -> Burst {
    let lines = |text: String| text.lines().map(str::to_owned).collect::<BTreeSet<String>>();
    let commits = lines(repo.run(repo.git(["rev-list", &format!("{before}..{STATE}")])));
    let files = lines(repo.run(repo.git(["ls-tree", "-r", "--name-only", STATE, "tasks/"])));
    let ids: BTreeSet<&str> = files.iter().filter_map(|path| path.rsplit('/').next()?.strip_suffix(".md")).collect();
    let mut burst = Burst { ms: done.iter().map(Timed::ms).collect(), ..Burst::default() };
    for process in done {
        if process.code != Some(0) {
            let words = String::from_utf8_lossy(&process.stderr);
            burst.failures.push(format!("{:?} {}", process.code, words.lines().next().unwrap_or_default()));
            continue;
        }
        burst.acknowledged += 1;
        let answer: serde_json::Value = serde_json::from_slice(&process.stdout).unwrap_or_default();
        let text = |pointer| answer.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default();
        if !commits.contains(text("/data/commit")) || !ids.contains(text("/data/record/id")) {
            burst.lost += 1;
        }
    }
    burst.per_second = burst.acknowledged as f64 / elapsed.as_secs_f64();
    burst
}
