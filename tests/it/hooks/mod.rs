//! Git's hooks, run by real gits: what is done in each, how they come into a repository, and beside whom they live there.

mod beside;
mod fence;
mod folding;
mod installing;
mod messages;
mod pushing;
mod receiving;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::Repo;

/// Has this machine's git say of itself that it runs no hooks from its configuration, as it did before 2.54, or that it
/// does; what it then really does stays its own business.
pub(crate) fn with_git_that_knows(repo: &Repo, configured_hooks: bool) {
    let says = if configured_hooks { "echo coord-probe; exit 0" } else { "exit 129" };
    let path = std::env::var_os("PATH").expect("PATH is set");
    let git = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|path| path.is_file()).expect("a git");
    let script = format!("#!/bin/sh\ncase \"$*\" in *'hook list'*) {says};; esac\nexec '{}' \"$@\"\n", git.display());
    let place = repo.machine.root().join("bin/git");
    std::fs::write(&place, script).expect("a script");
    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).expect("an executable script");
}

/// A repository with a commit on such a machine, not set up.
fn plain_with_old_git() -> Repo {
    let repo = Repo::plain();
    with_git_that_knows(&repo, false);
    repo
}

/// Returns the files below a folder, each with its mode and its bytes.
fn files_of(folder: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let mode = path.symlink_metadata().expect("a file").permissions().mode();
        files.insert(name, (mode, std::fs::read(&path).unwrap_or_default()));
    }
    files
}

/// Returns how each hook stands: its name and its state.
#[track_caller]
fn standing(repo: &Repo) -> BTreeMap<String, String> {
    let data = repo.coord(&["hooks", "status"]).json().run().data();
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let hooks = data["hooks"].as_array().expect("hooks").clone();
    hooks.iter().map(|item| (text(&item["hook"]), text(&item["state"]))).collect()
}
