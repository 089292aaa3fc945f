//! Whether a repository that was found may be used: who owns it, and `safe.directory`, as git decides.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::config::{Config, Scope};
use super::discover::{Found, Places};
use super::environment::Environment;
use crate::base::{Error, Result};

/// Refuses a repository that somebody else owns, unless the user has called it safe.
pub(super) fn check(places: &Places, environment: &Environment) -> Result<()> {
    let (subject, owned): (&Path, Vec<&Path>) = match &places.found {
        Found::Named => return Ok(()),
        Found::Bare => (&places.git_dir, vec![&places.git_dir]),
        Found::Below { top, gitfile } => {
            let gitfile = gitfile.as_deref();
            (top, gitfile.into_iter().chain([top.as_path(), &places.git_dir]).collect())
        }
    };
    let is_bare = places.found == Found::Bare;
    let doubtful = environment.is_true("GIT_TEST_ASSUME_DIFFERENT_OWNER")
        || !owned.iter().all(|path| is_mine(path, environment))
        || is_bare;
    if !doubtful {
        return Ok(());
    }
    // Only now: reading two more files for every command would be for nothing.
    let config = Config::load(environment, &Scope { repository: None })?;
    if is_bare {
        check_bare(places, &config)?;
    }
    let foreign =
        environment.is_true("GIT_TEST_ASSUME_DIFFERENT_OWNER") || !owned.iter().all(|path| is_mine(path, environment));
    if foreign && !is_declared_safe(subject, &config.protected("safe.directory"), environment) {
        return Err(dubious(subject));
    }
    Ok(())
}

fn is_mine(path: &Path, environment: &Environment) -> bool {
    let Ok(meta) = path.symlink_metadata() else { return false };
    let me = rustix::process::geteuid().as_raw();
    let sudo = || environment.text("SUDO_UID").and_then(|uid| uid.parse::<u32>().ok());
    meta.uid() == me || (me == 0 && sudo() == Some(meta.uid()))
}

fn check_bare(places: &Places, config: &Config) -> Result<()> {
    let only_named = config.protected("safe.bareRepository").last().is_some_and(|value| value == "explicit");
    let inside_git = places.git_dir.components().any(|part| part.as_os_str() == ".git");
    if only_named && !inside_git {
        let message =
            format!("cannot use the bare repository {}: safe.bareRepository is «explicit»", places.git_dir.display());
        return Err(Error::fatal("unsafe_repository", message).hint("name it with `git --git-dir=… coord …`"));
    }
    Ok(())
}

fn is_declared_safe(subject: &Path, entries: &[String], environment: &Environment) -> bool {
    let subject = real(subject);
    let mut is_safe = false;
    for entry in entries {
        if entry.is_empty() {
            is_safe = false;
        } else if entry == "*" {
            is_safe = true;
        } else if let Some(parent) = entry.strip_suffix("/*") {
            let parent = real(&expand(parent, environment));
            is_safe |= subject.starts_with(&parent) && subject != parent;
        } else {
            is_safe |= real(&expand(entry, environment)) == subject;
        }
    }
    is_safe
}

fn expand(entry: &str, environment: &Environment) -> PathBuf {
    match (entry.strip_prefix("~/"), environment.path("HOME")) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(entry),
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn dubious(path: &Path) -> Error {
    let path = path.display();
    Error::fatal("dubious_ownership", format!("cannot use the repository at {path}: somebody else owns it"))
        .hint(format!("if you trust it, run `git config --global --add safe.directory {path}`"))
}
