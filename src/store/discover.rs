//! Finding the repository, by the rules of git: the environment first, then upwards from a folder.
//!
//! Nothing of the repository's configuration is believed here; whether it may be is decided in `trust.rs`.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::fault;
use crate::base::{Error, Kind, Result};

/// How the repository was found, which decides what has to be checked and what the work tree is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// GIT_DIR named it. The user has chosen it, so nobody asks who owns it.
    Named,
    /// A `.git` file or folder lies in this folder; the path is the `.git` file where it is one.
    Below { top: PathBuf, gitfile: Option<PathBuf> },
    /// The folder itself is a bare repository.
    Bare,
}

/// The folders of a repository, all absolute.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) git_dir: PathBuf,
    pub(super) common_dir: PathBuf,
    pub(super) objects_dir: PathBuf,
    /// What HEAD says: the ref it stands for, behind `ref:`, or a commit.
    pub(super) head: String,
    /// Whether a `commondir` file or GIT_COMMON_DIR led away from the git dir, as in a linked worktree.
    pub(super) is_linked: bool,
    pub(super) found: Found,
}

/// Finds the repository that git would use in `cwd`.
pub(super) fn find(cwd: &Path, environment: &Environment) -> Result<Places> {
    let cwd = cwd.canonicalize().map_err(|err| match err.kind() {
        ErrorKind::NotFound => absent("the folder that this runs in is gone".to_owned())
            .hint("change to a folder of a repository")
            .because(err),
        _ => fault::io(format!("enter {}", cwd.display()), err),
    })?;
    refuse_empty(environment)?;
    if let Some(named) = environment.path("GIT_DIR") {
        let path = cwd.join(named);
        let git_dir = if path.is_file() { read_gitfile(&path)? } else { path.clone() };
        return places(&git_dir, Found::Named, environment)
            .ok_or_else(|| absent(format!("{} (from GIT_DIR) is not a git repository", path.display())));
    }
    let ceiling = ceiling(&cwd, environment);
    let crosses = environment.is_true("GIT_DISCOVERY_ACROSS_FILESYSTEM");
    let device = cwd.metadata().map_err(|err| fault::io(format!("look at {}", cwd.display()), err))?.dev();
    for folder in cwd.ancestors() {
        if folder != cwd && ceiling.as_deref() == Some(folder) {
            break;
        }
        if !crosses && folder.metadata().is_ok_and(|meta| meta.dev() != device) {
            break;
        }
        if let Some(places) = look_in(folder, environment)? {
            return Ok(places);
        }
    }
    Err(absent(format!("{} is not in a git repository", cwd.display()))
        .hint("run `git init` there, or change to a folder of a repository"))
}

/// A variable that is set to nothing names no place. Git refuses it, and takes it not for one that is not set.
fn refuse_empty(environment: &Environment) -> Result<()> {
    let named = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"];
    let is_empty = |name: &&&str| environment.var(name).is_some_and(|value| value.is_empty());
    match named.iter().find(is_empty) {
        None => Ok(()),
        Some(name) => Err(absent(format!("{name} is set, but empty, and names no repository"))
            .hint(format!("unset {name}, or set it to a path"))),
    }
}

fn look_in(folder: &Path, environment: &Environment) -> Result<Option<Places>> {
    let dot_git = folder.join(".git");
    let top = folder.to_owned();
    if dot_git.is_file() {
        let git_dir = read_gitfile(&dot_git)?;
        let found = Found::Below { top, gitfile: Some(dot_git.clone()) };
        let message = || {
            absent(format!("{} points to {}, which is no repository", dot_git.display(), git_dir.display()))
                .hint("if the repository was moved, git worktree repair mends this, typed in its new place")
        };
        return places(&git_dir, found, environment).ok_or_else(message).map(Some);
    }
    if let Some(places) = places(&dot_git, Found::Below { top, gitfile: None }, environment) {
        return Ok(Some(places));
    }
    Ok(places(folder, Found::Bare, environment))
}

/// Returns the folders of the repository at `git_dir`; nothing where git would see none there.
fn places(git_dir: &Path, found: Found, environment: &Environment) -> Option<Places> {
    let git_dir = git_dir.canonicalize().ok()?;
    let head = read_head(&git_dir.join("HEAD"))?;
    let (common_dir, is_linked) = common_dir(&git_dir, environment)?;
    let objects_dir = match environment.path("GIT_OBJECT_DIRECTORY") {
        Some(path) => path.canonicalize().ok()?,
        None => common_dir.join("objects"),
    };
    let complete = objects_dir.is_dir() && common_dir.join("refs").is_dir();
    complete.then_some(Places { git_dir, common_dir, objects_dir, head, is_linked, found })
}

fn common_dir(git_dir: &Path, environment: &Environment) -> Option<(PathBuf, bool)> {
    if let Some(path) = environment.path("GIT_COMMON_DIR") {
        return Some((path.canonicalize().ok()?, true));
    }
    match std::fs::read_to_string(git_dir.join("commondir")) {
        Ok(text) => Some((git_dir.join(text.trim_end_matches(['\n', '\r'])).canonicalize().ok()?, true)),
        Err(_) => Some((git_dir.to_owned(), false)),
    }
}

/// Returns what a HEAD says, where the file reads like one: a symbolic ref or an object id.
fn read_head(path: &Path) -> Option<String> {
    if let Ok(target) = std::fs::read_link(path) {
        let target = target.to_str().filter(|target| target.starts_with("refs/"))?;
        return Some(format!("ref: {target}"));
    }
    let text = String::from_utf8_lossy(&std::fs::read(path).ok()?).into_owned();
    let is_head = match text.strip_prefix("ref:") {
        Some(name) => name.trim_start().starts_with("refs/"),
        None => text.bytes().take_while(u8::is_ascii_hexdigit).count() >= 40,
    };
    is_head.then_some(text)
}

fn read_gitfile(path: &Path) -> Result<PathBuf> {
    let text = std::fs::read_to_string(path).map_err(|err| fault::io(format!("read {}", path.display()), err))?;
    let target = text.strip_prefix("gitdir: ").map(|rest| rest.trim_end_matches(['\n', '\r']));
    let target = target.filter(|target| !target.is_empty());
    let target =
        target.ok_or_else(|| absent(format!("{} is not a git file that names a repository", path.display())))?;
    Ok(path.parent().unwrap_or(Path::new("/")).join(target))
}

/// Returns the nearest folder above `cwd` at which the search stops, unlooked at.
///
/// As in git, entries after an empty one are taken as they are; those before it have their links resolved.
fn ceiling(cwd: &Path, environment: &Environment) -> Option<PathBuf> {
    let mut resolve = true;
    let mut nearest: Option<PathBuf> = None;
    for entry in environment.list("GIT_CEILING_DIRECTORIES") {
        if entry.as_os_str().is_empty() {
            resolve = false;
            continue;
        }
        let entry = if resolve { entry.canonicalize().unwrap_or(entry) } else { entry };
        let is_above = entry.is_absolute() && cwd != entry && cwd.starts_with(&entry);
        if is_above && nearest.as_ref().is_none_or(|best| entry.starts_with(best)) {
            nearest = Some(entry);
        }
    }
    nearest
}

fn absent(message: String) -> Error {
    Error::new(Kind::Fatal, "not_a_repository", message)
}
