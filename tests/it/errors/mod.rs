//! Errors, warnings and findings: each code has a row that says when it comes and how to bring it about, and
//! `docs/errors.md` is made of what then really happens.
//!
//! Every row is run with the real program, as text and as JSON, in a repository of its own, and every hint that it
//! gives is run right there. A code in the sources that has no row fails a test, and so does a row without its code.

mod conflicts;
mod fatal;
mod findings;
mod hints;
mod invalid;
mod page;
mod remotes;
pub(crate) mod sources;
mod unseen;
mod warnings;
mod way;

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use way::{Seen, Way, way};

/// What the program says under a code.
struct Row {
    /// The exit code of an error. A finding is an answer of 1, a warning one of 0.
    exit: i32,
    code: &'static str,
    /// When it comes, in one sentence.
    when: &'static str,
    ways: Vec<Way>,
}

fn row<const N: usize>(exit: i32, code: &'static str, when: &'static str, ways: [Way; N]) -> Row {
    Row { exit, code, when, ways: ways.into() }
}

/// What came of all ways of a row.
struct Outcome {
    row: Row,
    seen: Vec<Seen>,
}

/// The errors, by exit code and code.
static ERRORS: LazyLock<Vec<Outcome>> = LazyLock::new(|| {
    let mut rows: Vec<Row> =
        [conflicts::rows(), invalid::rows(), remotes::rows(), fatal::rows()].into_iter().flatten().collect();
    rows.sort_by_key(|row| (row.exit, row.code));
    outcomes(rows, way::Sort::Error)
});

static WARNINGS: LazyLock<Vec<Outcome>> = LazyLock::new(|| outcomes(warnings::rows(), way::Sort::Warning));

static FINDINGS: LazyLock<Vec<Outcome>> = LazyLock::new(|| outcomes(findings::rows(), way::Sort::Finding));

/// Runs the rows, a few at a time: most of what they take is waiting for processes.
fn outcomes(rows: Vec<Row>, sort: way::Sort) -> Vec<Outcome> {
    const AT_A_TIME: usize = 4;
    let next = AtomicUsize::new(0);
    let mut found: Vec<(usize, Vec<Seen>)> = std::thread::scope(|scope| {
        let work = || {
            let mut mine = Vec::new();
            while let Some((at, row)) =
                Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, rows.get(at)?)))
            {
                mine.push((at, row.ways.iter().map(|way| way.examine(sort, row.exit, row.code)).collect()));
            }
            mine
        };
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("rows are run")).collect()
    });
    found.sort_by_key(|(at, _)| *at);
    rows.into_iter().zip(found).map(|(row, (_, seen))| Outcome { row, seen }).collect()
}

/// Returns the exit code and the code of every error that a user can meet.
pub(crate) fn met() -> BTreeSet<(i32, String)> {
    let never = unseen::ERRORS.iter().filter(|(.., met, _)| *met == unseen::Met::Never);
    let never: BTreeSet<_> = never.map(|(exit, code, ..)| (*exit, (*code).to_owned())).collect();
    sources::errors().difference(&never).cloned().collect()
}

fn all() -> impl Iterator<Item = &'static Outcome> {
    ERRORS.iter().chain(WARNINGS.iter()).chain(FINDINGS.iter())
}

fn codes(outcomes: &[Outcome]) -> BTreeSet<String> {
    outcomes.iter().map(|outcome| outcome.row.code.to_owned()).collect()
}

#[test]
fn every_row_says_what_the_catalogue_promises_and_changes_nothing() {
    let wrong: Vec<&String> = all().flat_map(|outcome| &outcome.seen).flat_map(|seen| &seen.problems).collect();
    assert!(wrong.is_empty(), "{}", list(&wrong));
}

#[test]
fn every_hint_works_and_destroys_nothing() {
    let wrong: Vec<&String> = all().flat_map(|outcome| &outcome.seen).flat_map(|seen| &seen.bad_hints).collect();
    assert!(wrong.is_empty(), "{}", list(&wrong));
    let run: usize = all().flat_map(|outcome| &outcome.seen).map(|seen| seen.hints_run).sum();
    assert!(run > 50, "only {run} hints were run");
}

#[test]
fn every_code_in_the_sources_has_a_row_and_every_row_a_code() {
    let unseen = unseen::ERRORS.iter().map(|(exit, code, ..)| (*exit, (*code).to_owned()));
    let unseen: BTreeSet<_> = unseen.collect();
    let rows: BTreeSet<_> = ERRORS.iter().map(|outcome| (outcome.row.exit, outcome.row.code.to_owned())).collect();
    let both: Vec<_> = rows.intersection(&unseen).collect();
    assert!(both.is_empty(), "brought about, and said not to be: {both:?}");
    assert_same(&sources::errors(), &rows.union(&unseen).cloned().collect());
    assert_eq!(rows.len(), ERRORS.len(), "a code has two rows");
    assert_same(&sources::warnings(), &codes(&WARNINGS));
    assert_same(&sources::findings(), &codes(&FINDINGS));
}

#[track_caller]
fn assert_same<T: Ord + std::fmt::Debug>(sources: &BTreeSet<T>, rows: &BTreeSet<T>) {
    let missing: Vec<_> = sources.difference(rows).collect();
    let stale: Vec<_> = rows.difference(sources).collect();
    assert!(missing.is_empty() && stale.is_empty(), "without a row: {missing:?}; without a code: {stale:?}");
}

fn list(lines: &[&String]) -> String {
    lines.iter().map(|line| format!("\n{line}")).collect()
}
