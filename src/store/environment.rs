//! The environment variables that git looks at, as a value: a test gives its own, a program takes the process's.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// A set of environment variables. Every git that the store starts gets exactly these.
#[derive(Debug, Clone, Default)]
pub struct Environment(Arc<BTreeMap<OsString, OsString>>);

impl Environment {
    /// Takes the environment of this process.
    pub fn from_process() -> Self {
        Environment(Arc::new(std::env::vars_os().collect()))
    }

    /// Returns this environment with one variable set.
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        Arc::make_mut(&mut self.0).insert(name.into(), value.into());
        self
    }

    /// Returns this environment without one variable.
    pub fn without(mut self, name: &str) -> Self {
        Arc::make_mut(&mut self.0).remove(OsStr::new(name));
        self
    }

    /// Returns all variables.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// Returns a variable. Bytes that are not UTF-8 are kept.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Returns a variable as text; nothing where it is unset or not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.var(name)?.to_str()
    }

    /// Returns a variable as a path; nothing where it is unset or empty.
    pub(super) fn path(&self, name: &str) -> Option<&Path> {
        self.var(name).filter(|value| !value.is_empty()).map(Path::new)
    }

    /// Returns whether a variable is set to something that git takes for true.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            matches!(value.as_str(), "true" | "yes" | "on") || value.parse::<i64>().is_ok_and(|number| number != 0)
        })
    }

    /// Returns the paths of a list variable such as GIT_CEILING_DIRECTORIES, empty entries included.
    pub(super) fn list(&self, name: &str) -> Vec<PathBuf> {
        self.var(name).map(|value| std::env::split_paths(value).collect()).unwrap_or_default()
    }

    /// Makes a command whose environment is this one.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.0.iter());
        command
    }
}
