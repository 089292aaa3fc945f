//! What the ratios should be. The page `docs/performance.md` says why, and why one is missed where it is.

/// The kind of work that has an aim.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    Mutation,
    Plumbing,
    Show,
    View,
    Import,
    Index,
    Sync,
}

/// The size up to which the aims for small states hold.
const SMALL: usize = 10_000;

/// Returns the greatest median ratio that meets the aim.
pub(crate) fn ratio(aim: Aim, size: usize) -> f64 {
    let is_small = size <= SMALL;
    match aim {
        Aim::Mutation => {
            if is_small {
                2.8
            } else {
                3.7
            }
        }
        Aim::Plumbing => 0.5,
        Aim::Import => 1.0,
        Aim::Index => 1.5,
        Aim::Sync => 1.3,
        Aim::Show => {
            if is_small {
                1.5
            } else {
                2.0
            }
        }
        Aim::View => {
            if is_small {
                1.9
            } else {
                2.3
            }
        }
    }
}

/// The counts of processes whose throughput has an aim.
const THROUGHPUT_AT: [usize; 3] = [2, 8, 64];

/// The least throughput relative to one process.
const LEAST_THROUGHPUT: f64 = 1.0;

/// The least throughput of the greatest count, where there is a crowd to group.
const LEAST_OF_A_CROWD: f64 = 2.5;

/// The most that p99 may be of p50.
const MOST_SPREAD: f64 = 3.0;

/// Says which aims of many processes at once are missed. One process is the measure and has none.
pub(crate) fn crowd(workers: usize, relative: f64, spread: f64, lost_or_failed: usize) -> String {
    let mut missed = Vec::new();
    let least = if workers == THROUGHPUT_AT[2] { LEAST_OF_A_CROWD } else { LEAST_THROUGHPUT };
    if THROUGHPUT_AT.contains(&workers) && relative < least {
        missed.push("throughput");
    }
    if workers > 1 && spread > MOST_SPREAD {
        missed.push("p99");
    }
    if lost_or_failed > 0 {
        missed.push("lost or failed");
    }
    match missed.as_slice() {
        [] if workers == 1 => "–".to_owned(),
        [] => "met".to_owned(),
        _ => format!("missed: {}", missed.join(", ")),
    }
}

/// The most memory that one change, or the look at one record, may take at its peak, in megabytes, however large the state is.
pub(crate) const MEMORY: f64 = 32.0;

/// The most memory that an import of a million records may take at its peak, in megabytes.
pub(crate) const IMPORT_MEMORY: f64 = 1_500.0;

/// The most bytes that one change may leave behind once git has maintained the repository.
pub(crate) const BYTES_OF_A_CHANGE: f64 = 2_000.0;

/// The most loose files that there may ever be, where the program has git maintain the repository.
pub(crate) const LOOSE_AT_MOST: u64 = 7_000;

/// The most commits of one agent in one day.
pub(crate) const COMMITS_OF_A_DAY: usize = 100;
