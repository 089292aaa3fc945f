//! The day of one agent: what it leaves in the history and in the repository.
//!
//! Eight hours with a sign of life every minute; twenty tasks, each of which is made, claimed and done, and two messages
//! about each.

use serde::{Deserialize, Serialize};

use crate::growth::{Grown, grown_by};
use crate::mutations::READER;
use crate::place::{Repo, STATE};

/// The largest state that a day is tried on. Nothing that is told of it depends on the size but the width of some folders,
/// and each of the many signs of life reads all tasks.
pub(crate) const LARGEST: usize = 1_000;

const TASKS: usize = 20;
const CHANGES_EACH: usize = 3;
const MESSAGES_EACH: usize = 2;
/// Before each of the messages.
const SIGNS_EACH: usize = 12;

/// What came out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Day {
    pub(crate) size: usize,
    pub(crate) signs: usize,
    pub(crate) changes: usize,
    pub(crate) messages: usize,
    pub(crate) commits: usize,
    pub(crate) grown: Grown,
}

pub(crate) fn measure(template: &Repo<'_>, size: usize) -> Day {
    let repo = template.copy("day");
    let before = commits(&repo);
    let grown = grown_by(&repo, || (0..TASKS).for_each(|n| live(&repo, n)));
    Day {
        size,
        signs: TASKS * MESSAGES_EACH * SIGNS_EACH,
        changes: TASKS * CHANGES_EACH,
        messages: TASKS * MESSAGES_EACH,
        commits: commits(&repo) - before,
        grown,
    }
}

/// The n-th task of the day.
fn live(repo: &Repo<'_>, n: usize) {
    let id = format!("today-{n:02}");
    repo.run(repo.coord(["task", "new", "Say why an input is refused", "--id", &id]));
    repo.run(repo.coord(["claim", &id]));
    for message in 0..MESSAGES_EACH {
        (0..SIGNS_EACH).for_each(|_| drop(repo.run(repo.coord(["heartbeat"]))));
        repo.run(repo.coord(["send", READER, &format!("Part {message} of {id} is there.")]));
    }
    repo.run(repo.coord(["done", &id, "It says why now."]));
}

fn commits(repo: &Repo<'_>) -> usize {
    repo.run(repo.git(["rev-list", "--count", STATE])).parse().expect("a number")
}
