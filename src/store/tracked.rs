//! Which files git tracks here: read from the index, or in a bare repository from HEAD. Nothing is refreshed or written.

use super::Store;
use super::git::Call;
use crate::base::{Error, Result};

impl Store {
    /// Returns the paths of the files that git tracks, from the top of the repository; a name that is not UTF-8 with
    /// `�` in it. A bare repository tracks what HEAD has; one without any commit tracks nothing.
    ///
    /// # Errors
    /// `no_tracked_files` where git cannot say: never an empty answer for a failed read.
    pub fn tracked_files(&self) -> Result<Vec<String>> {
        let arguments: &[&str] = if !self.is_bare() {
            // No program that watches the files is asked: only the names are wanted.
            &["-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--full-name"]
        } else if self.resolve_commit("HEAD")?.is_some() {
            &["ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD"]
        } else {
            return Ok(Vec::new());
        };
        let answer = Call::new(arguments).plain().run(self)?;
        if !answer.is_success() {
            let said = std::io::Error::other(answer.errors.trim().to_owned());
            return Err(Error::fatal("no_tracked_files", "cannot tell which files git tracks here").because(said));
        }
        let mut paths: Vec<String> = answer.output.split_terminator('\0').map(str::to_owned).collect();
        // A file in conflict stands there several times.
        paths.sort();
        paths.dedup();
        Ok(paths)
    }
}
