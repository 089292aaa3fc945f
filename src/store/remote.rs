//! What goes through git itself: remotes, and settings of the repository.
//!
//! Fetching only; `publish.rs` pushes. A fetch touches the tracking refs under
//! `refs/coord-remotes/` and nothing else: no tags, no FETCH_HEAD, nothing pruned.

use std::time::Duration;

use super::git::{Answer, Call};
use super::{Config, Oid, Store, fault, files, refs};
use crate::base::text::{excerpt, for_terminal};
use crate::base::{Error, Kind, Result};

/// How long a fetch may take.
const FETCH_LIMIT: Duration = Duration::from_secs(300);

/// The folder of the state's refs on a remote, unless `coord.remotePrefix` names another.
pub(super) const PREFIX: &str = "refs/coord/";

/// Reads `coord.remotePrefix`: where a remote keeps the refs of the state.
///
/// # Errors
/// `bad_setting` where no ref can begin so.
pub fn remote_prefix(config: &Config) -> Result<String> {
    let Some(prefix) = config.text("coord.remotePrefix") else { return Ok(PREFIX.to_owned()) };
    let is_prefix = prefix.starts_with("refs/") && prefix.ends_with('/');
    if is_prefix && gix::refs::FullName::try_from(format!("{prefix}main")).is_ok() {
        return Ok(prefix);
    }
    let shown = excerpt(&prefix, 40);
    Err(Error::invalid(
        "bad_setting",
        format!("coord.remotePrefix is «{shown}», which is no folder of refs like {PREFIX}"),
    )
    .hint("git coord config coord.remotePrefix"))
}

impl Store {
    /// Returns the names of the configured remotes, in the order of the configuration.
    pub fn remotes(&self) -> Vec<String> {
        let has_url = |name: &String| self.config.text(&format!("remote.{name}.url")).is_some();
        self.config.subsections("remote").into_iter().filter(has_url).collect()
    }

    /// Fetches the state of a remote into `refs/coord-remotes/<remote>/`. A remote that has none is no error.
    ///
    /// # Errors
    /// `no_such_remote`; `fetch_failed` and `remote_timeout` (kind remote) with the remote's words as cause.
    pub fn fetch_state(&self, remote: &str) -> Result<()> {
        self.fetch(remote, &[])
    }

    /// Fetches the state of a remote as if nothing of it were here, so that what is missing comes again.
    ///
    /// # Errors
    /// As [`fetch_state`](Self::fetch_state); git before 2.36 cannot do it.
    pub fn fetch_state_again(&self, remote: &str) -> Result<()> {
        self.fetch(remote, &["--refetch", "--no-filter"])
    }

    fn fetch(&self, remote: &str, more: &[&str]) -> Result<()> {
        self.check_remote(remote)?;
        let from = remote_prefix(&self.config)?;
        let refspec = format!("+{from}*:{}*", tracking(remote));
        let mut words = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-prune"];
        words.extend(["--no-recurse-submodules", "--no-auto-maintenance"]);
        // What git is set to fetch plays no part: a mirror's refspec would put the remote's state in the place of ours.
        words.push("--refmap=");
        words.extend(more);
        if self.is_partial(remote)? {
            // The state is read without asking the remote for every blob.
            words.push("--no-filter");
        }
        words.extend(["--", remote, &refspec]);
        self.check_online(remote)?;
        let answer = self.remote_call(&words, FETCH_LIMIT).run(self).map_err(|err| match err.code() {
            "timeout" => failed("remote_timeout", remote).because(err),
            _ => err,
        })?;
        if answer.is_success() {
            return Ok(());
        }
        Err(failed("fetch_failed", remote).because(for_terminal(answer.errors.trim())))
    }

    /// Returns the tip that a remote had at the last fetch; nothing where it had none.
    ///
    /// # Errors
    /// `damaged` where the ref is there and cannot be understood.
    pub fn tracking_tip(&self, remote: &str) -> Result<Option<Oid>> {
        let is_name = !remote.is_empty() && remote.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
        if !is_name {
            return Err(Error::usage(format!("«{remote}» is not the name of a remote")));
        }
        refs::read(self, &format!("{}main", tracking(remote)))
    }

    /// Adds a value to a key of the repository's configuration. [`Store::config`] shows it after the next opening.
    ///
    /// # Errors
    /// `config_refused` where git would not, with its words as cause.
    pub fn config_add(&self, key: &str, value: &str) -> Result<()> {
        self.configure(&["--add", key, value], key)
    }

    /// Takes one value out of a key of the repository's configuration.
    ///
    /// # Errors
    /// `config_refused` where git would not, with its words as cause; so where the value stands in another file.
    pub fn config_remove(&self, key: &str, value: &str) -> Result<()> {
        self.configure(&["--fixed-value", "--unset-all", key, value], key)
    }

    /// Sets a key of the repository's configuration to one value, whatever it had before.
    ///
    /// # Errors
    /// `config_refused` where git would not, with its words as cause.
    pub fn config_set(&self, key: &str, value: &str) -> Result<()> {
        self.configure(&["--replace-all", key, value], key)
    }

    /// Takes a key out of the repository's configuration; one that is not there stays so.
    ///
    /// # Errors
    /// `config_refused` where git would not, with its words as cause.
    pub fn config_unset(&self, key: &str) -> Result<()> {
        let present = self.config.of_repository_alone(key);
        if present { self.configure(&["--unset-all", key], key) } else { Ok(()) }
    }

    /// Returns the version of the git that is installed.
    ///
    /// # Errors
    /// `no_git` where there is none.
    pub fn git_version(&self) -> Result<(u32, u32, u32)> {
        let answer = Call::new(&["version"]).plain().run(self)?;
        parse_version(&answer.output).ok_or_else(|| {
            Error::fatal("no_git", "cannot tell which git is installed").because(for_terminal(answer.output.trim()))
        })
    }

    pub(super) fn check_online(&self, remote: &str) -> Result<()> {
        if self.is_offline {
            let message = format!("cannot ask «{remote}»: this command is to ask no remote for anything");
            return Err(Error::new(Kind::Remote, "offline", message).hint("leave --offline out"));
        }
        Ok(())
    }

    fn is_partial(&self, remote: &str) -> Result<bool> {
        let promises = self.config.boolean(&format!("remote.{remote}.promisor"))?.unwrap_or(false);
        Ok(promises || self.config.text("extensions.partialClone").is_some_and(|name| name == remote))
    }

    pub(super) fn configure(&self, words: &[&str], key: &str) -> Result<()> {
        let arguments = [&["config", "--local"], words].concat();
        let Answer { status, errors, .. } = Call::new(&arguments).run(self)?;
        if status.success() {
            let path = self.places.common_dir.join("config");
            let noted = files::witnessed("replace", &path, || Ok(()));
            return noted.map_err(|err| fault::io(format!("write {}", path.display()), err));
        }
        Err(Error::fatal("config_refused", format!("cannot set {key} in the repository's configuration"))
            .because(for_terminal(errors.trim())))
    }
}

pub(super) fn tracking(remote: &str) -> String {
    format!("refs/coord-remotes/{remote}/")
}

pub(super) fn failed(code: &'static str, remote: &str) -> Error {
    Error::new(Kind::Remote, code, format!("cannot fetch the state from «{remote}»"))
        .hint("check the network and the remote's address, and try again")
}

fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let word = text.split_whitespace().nth(2)?;
    let mut numbers = word.split(['.', '-']).map_while(|part| part.parse().ok());
    Some((numbers.next()?, numbers.next()?, numbers.next().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions_of_all_makers_are_read() {
        assert_eq!(parse_version("git version 2.47.3\n"), Some((2, 47, 3)));
        assert_eq!(parse_version("git version 2.39.5 (Apple Git-154)\n"), Some((2, 39, 5)));
        assert_eq!(parse_version("git version 2.45.1.windows.1\n"), Some((2, 45, 1)));
        assert_eq!(parse_version("git version 2.52.0-rc1\n"), Some((2, 52, 0)));
        assert_eq!(parse_version("gut"), None);
    }
}
