//! Where git looks for hooks, and whether it knows hooks that stand in its configuration.

use std::path::{Path, PathBuf};

use super::git::Call;
use super::{Oid, Store};
use crate::base::text::for_terminal;
use crate::base::{Error, Result};

impl Store {
    /// Returns the folder in which git looks for hooks here. It may not be there.
    ///
    /// # Errors
    /// `git_failed` where git cannot say.
    pub fn hooks_dir(&self) -> Result<PathBuf> {
        let answer = Call::new(&["rev-parse", "--path-format=absolute", "--git-path", "hooks"]).plain().run(self)?;
        let path = answer.output.trim_end_matches('\n');
        if answer.is_success() && !path.is_empty() {
            return Ok(PathBuf::from(path));
        }
        let words = for_terminal(answer.errors.trim());
        Err(Error::fatal("git_failed", "cannot tell where git looks for hooks").because(words))
    }

    /// Adds trailers to the message of a commit in a file, by git's rules for where they stand. A key that is there stays as
    /// it is.
    ///
    /// # Errors
    /// `git_failed` with git's words.
    pub fn add_trailers(&self, message: &Path, trailers: &[(&str, &str)]) -> Result<()> {
        let mut words: Vec<String> = ["-c", "trailer.separators=:", "interpret-trailers", "--in-place", "--where=end"]
            .iter()
            .chain(&["--if-exists=doNothing", "--if-missing=add"])
            .map(|word| (*word).to_owned())
            .collect();
        words.extend(trailers.iter().map(|(key, value)| format!("--trailer={key}: {value}")));
        words.push(message.to_string_lossy().into_owned());
        let answer = Call::new(&words.iter().map(String::as_str).collect::<Vec<_>>()).plain().run(self)?;
        if answer.is_success() {
            return Ok(());
        }
        let words = for_terminal(answer.errors.trim());
        Err(Error::fatal("git_failed", "cannot add trailers to the message").because(words))
    }

    /// Returns whether a commit has a signature that git, as it is set up here, finds good.
    ///
    /// # Errors
    /// Where git cannot be run.
    pub fn is_signed(&self, commit: Oid) -> Result<bool> {
        Ok(Call::new(&["verify-commit", &commit.to_string()]).plain().run(self)?.is_success())
    }

    /// Returns whether the installed git runs hooks that stand in its configuration, which it does from 2.54 on: it is asked
    /// for one.
    ///
    /// # Errors
    /// Where git cannot be run.
    pub fn knows_configured_hooks(&self) -> Result<bool> {
        let name = "coord-probe";
        let (event, command) = (format!("hook.{name}.event=pre-push"), format!("hook.{name}.command=true"));
        let answer = Call::new(&["-c", &command, "-c", &event, "hook", "list", "pre-push"]).plain().run(self)?;
        Ok(answer.is_success() && answer.output.lines().any(|line| line.contains(name)))
    }

    /// Takes a section with all of its keys out of the repository's configuration; one that is not there stays so.
    ///
    /// # Errors
    /// `config_refused` where git would not, with its words as cause.
    pub fn config_remove_section(&self, section: &str, key: &str) -> Result<()> {
        let key = format!("{section}.{key}");
        if !self.config.of_repository_alone(&key) {
            return Ok(());
        }
        self.configure(&["--remove-section", section], section)
    }
}
