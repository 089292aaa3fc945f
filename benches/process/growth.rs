//! What changes leave behind in the repository: right after them, and after the maintenance of git.

use serde::Serialize;

use crate::mutations::READER;
use crate::place::Repo;
use crate::weight::Weight;

/// The life of one task, each step of which is one change.
const LIFE: usize = 5;

/// What git does in the background where it is told to: packs loose objects, and joins small packs.
const MAINTENANCE: [&str; 5] = ["maintenance", "run", "--quiet", "--task=loose-objects", "--task=incremental-repack"];

/// By how much a repository grew.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Grown {
    /// Right after the changes.
    pub(crate) at_once: Weight,
    /// After the two tasks of `git maintenance`.
    pub(crate) maintained: Weight,
    /// After `git gc`.
    pub(crate) collected: Weight,
}

/// What came out.
#[derive(Debug, Serialize)]
pub(crate) struct Growth {
    pub(crate) size: usize,
    pub(crate) changes: usize,
    pub(crate) grown: Grown,
}

pub(crate) fn measure(template: &Repo<'_>, size: usize, tasks: usize) -> Growth {
    let repo = template.copy("growth");
    let grown = grown_by(&repo, || (0..tasks).for_each(|n| live(&repo, n)));
    Growth { size, changes: tasks * LIFE, grown }
}

/// Takes the n-th new task through its life.
fn live(repo: &Repo<'_>, n: usize) {
    let id = format!("grown-{n:07}");
    repo.run(repo.coord(["task", "new", "Say why an input is refused", "--id", &id]));
    repo.run(repo.coord(["claim", &id]));
    repo.run(repo.coord(["note", &id, "Half of it is there, the tests are next."]));
    repo.run(repo.coord(["send", READER, "Could you look at the branch?"]));
    repo.run(repo.coord(["done", &id, "It says why now."]));
}

/// Does some work and returns by how much the repository grew, each time against what the same maintenance made of it
/// before the work: its indexes of the state that was there are not the work's.
pub(crate) fn grown_by(repo: &Repo<'_>, work: impl FnOnce()) -> Grown {
    let collected = collect(repo);
    let maintained = maintain(repo);
    work();
    let at_once = Weight::of(repo).since(maintained);
    Grown { at_once, maintained: maintain(repo).since(maintained), collected: collect(repo).since(collected) }
}

/// Runs maintenance twice: what the first run packs or joins, the second takes away.
fn maintain(repo: &Repo<'_>) -> Weight {
    repo.run(repo.git(MAINTENANCE));
    repo.run(repo.git(MAINTENANCE));
    Weight::of(repo)
}

fn collect(repo: &Repo<'_>) -> Weight {
    repo.run(repo.git(["gc", "--quiet"]));
    Weight::of(repo)
}
