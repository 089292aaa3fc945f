//! The call of a hook by git: in which repository, with which arguments, and in what environment.
//!
//! Git sets variables for a hook that are about the command which it runs in (which index it works with, in which folder
//! it was typed). They would mislead the gits that are started from here, and are taken out; those that say where the
//! repository and its objects are stay.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Hook;
use crate::base::Result;
use crate::session::{Environment, Options, Session};
use crate::store::WITHIN;

/// What is about the command that the hook runs in, and about nothing else.
const OF_THE_COMMAND: &[&str] = &[
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_REFLOG_ACTION",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

/// A call of a hook, in a repository that is set up.
pub struct Call {
    session: Session,
    arguments: Vec<OsString>,
    cwd: PathBuf,
}

impl Call {
    /// Opens the repository; nothing where there is nothing to do: it is not set up, or it is we who have started the git
    /// that calls.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn open(hook: Hook, arguments: &[OsString], options: &Options) -> Result<Option<Call>> {
        let cwd = options.cwd.clone();
        let within = options.environment.var(WITHIN).map(OsString::from);
        let options = Options { environment: cleaned(options.environment.clone()), ..options.clone() };
        if hook == Hook::PreReceive {
            // Whoever has started the git that pushes, and whatever was here before.
            return Ok(Some(Call { session: Session::open(options)?, arguments: arguments.to_vec(), cwd }));
        }
        // A setting that makes no sense is told by every other command.
        let session = Session::open_tolerant(options)?;
        let is_ours = within.is_some_and(|place| Path::new(&place) == session.store().common_dir());
        if is_ours || session.store().tip()?.is_none() {
            return Ok(None);
        }
        Ok(Some(Call { session, arguments: arguments.to_vec(), cwd }))
    }

    /// Returns the session in which the hook works.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the file that an argument names; git names it from where it runs the hook.
    pub fn file(&self, n: usize) -> PathBuf {
        self.arguments.get(n).map(|path| self.cwd.join(path)).unwrap_or_default()
    }

    /// Returns an argument that git gave, counted from 0; empty where it gave none.
    pub fn word(&self, n: usize) -> String {
        self.arguments.get(n).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

fn cleaned(environment: Environment) -> Environment {
    OF_THE_COMMAND.iter().fold(environment, |environment, name| environment.without(name))
}
