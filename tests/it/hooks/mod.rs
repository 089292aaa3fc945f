//! Git's hooks, run by real gits: what is done in each, how they come into a repository, and beside whom they live there.

mod folding;

use git_coord::hooks::HOOKS;

use crate::harness::Repo;

/// Puts the shims in place by hand.
fn with_shims(repo: &Repo) {
    for hook in HOOKS {
        repo.hook(hook.name(), hook.shim());
    }
}
