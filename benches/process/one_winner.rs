//! Many processes that claim one task at once: exactly one wins, all others are told so.

use std::sync::Barrier;

use serde::{Deserialize, Serialize};

use crate::fill;
use crate::place::{Repo, STATE};
use crate::statistics::Spread;
use crate::timing::{Timed, time};

const CLAIMANTS: usize = 64;

/// The exit code of a refusal.
const REFUSED: i32 = 3;

/// What came out over all rounds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) size: usize,
    pub(crate) claimants: usize,
    pub(crate) rounds: usize,
    /// Rounds with one winner, one commit, and a refusal for everybody else.
    pub(crate) exact: usize,
    pub(crate) winners: usize,
    pub(crate) refused: usize,
    /// Processes that ended in any other way.
    pub(crate) others: usize,
    /// The first words of one that did.
    pub(crate) first_other: Option<String>,
    pub(crate) ms: Spread,
}

pub(crate) fn measure(template: &Repo<'_>, size: usize, rounds: usize) -> Claims {
    let repo = template.copy("claims");
    let (mut exact, mut winners, mut refused, mut others) = (0, 0, 0, Vec::new());
    let mut ms = Vec::new();
    for n in 0..rounds {
        let task = fill::fresh_task(&repo, size, n);
        let before = commits(&repo);
        let done = round(&repo, &task);
        let count = |code| done.iter().filter(|process| process.code == Some(code)).count();
        let (won, lost) = (count(0), count(REFUSED));
        let is_exact = won == 1 && lost == CLAIMANTS - 1 && commits(&repo) == before + 1;
        exact += usize::from(is_exact && holder(&repo, &task) == winner(&done));
        winners += won;
        refused += lost;
        let other = done.iter().filter(|process| !matches!(process.code, Some(0 | REFUSED)));
        others.extend(other.map(|process| String::from_utf8_lossy(&process.stderr).into_owned()));
        ms.extend(done.iter().map(Timed::ms));
    }
    let first_other = others.first().cloned();
    let (claimants, others) = (CLAIMANTS, others.len());
    Claims { size, claimants, rounds, exact, winners, refused, others, first_other, ms: Spread::of(&ms) }
}

/// Returns what became of the claimants, in their order.
fn round(repo: &Repo<'_>, task: &str) -> Vec<Timed> {
    let start = Barrier::new(CLAIMANTS);
    let claim = |claimant: usize| {
        let mut command = repo.coord(["--agent", &agent(claimant), "claim", task]);
        start.wait();
        time(&mut command)
    };
    std::thread::scope(|scope| {
        let claim = &claim;
        let threads: Vec<_> = (0..CLAIMANTS).map(|claimant| scope.spawn(move || claim(claimant))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a claimant does not panic")).collect()
    })
}

fn agent(claimant: usize) -> String {
    format!("claimant-{claimant}")
}

fn winner(done: &[Timed]) -> Option<String> {
    done.iter().position(|process| process.code == Some(0)).map(agent)
}

/// Returns who holds a task according to the state.
fn holder(repo: &Repo<'_>, task: &str) -> Option<String> {
    let answer = repo.run(repo.coord(["--json", "task", "show", task]));
    let answer: serde_json::Value = serde_json::from_str(&answer).ok()?;
    answer.pointer("/data/record/claim/agent")?.as_str().map(str::to_owned)
}

fn commits(repo: &Repo<'_>) -> usize {
    repo.run(repo.git(["rev-list", "--count", STATE])).parse().expect("a number")
}
