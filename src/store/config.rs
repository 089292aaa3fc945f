//! Git's configuration: every file git reads, in its order, and what `-c` and the environment add on top.
//!
//! Reading only. Changes go through `git config` (see `remote.rs`), which knows how to edit a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gix::config::file::Metadata;
use gix::config::file::includes;
use gix::config::file::init::Options;
use gix::config::{File, Source};

use super::config_env;
use super::discover::Places;
use super::environment::Environment;
use crate::base::{Error, Result};

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In this file.
    File(PathBuf),
    /// With `-c`, or in GIT_CONFIG_COUNT.
    Command,
}

/// The configuration as git would see it from here.
pub struct Config {
    file: File,
}

/// Which files are read.
pub(super) struct Scope<'a> {
    /// Nothing while it is not known whether the repository may be trusted.
    pub(super) repository: Option<&'a Places>,
}

impl Config {
    pub(super) fn load(environment: &Environment, scope: &Scope<'_>) -> Result<Config> {
        let home = environment.path("HOME");
        let branch = scope.repository.and_then(|places| current_branch(&places.head));
        let branch = branch.as_ref().map(|name| name.as_ref());
        let options = Options {
            includes: includes::Options::follow(
                gix::config::path::interpolate::Context {
                    git_install_dir: None,
                    home_dir: home,
                    home_for_user: Some(gix::config::path::interpolate::home_for_user),
                },
                includes::conditional::Context {
                    git_dir: scope.repository.map(|places| places.git_dir.as_path()),
                    branch_name: branch,
                },
            ),
            lossy: true,
            ignore_io_errors: false,
        };
        let mut files = shared_files(environment);
        if let Some(places) = scope.repository {
            files.push(Metadata::from(Source::Local).at(places.common_dir.join("config")));
        }
        let mut config = Config { file: read(files, options)? };
        if let Some(places) = scope.repository
            && config.boolean("extensions.worktreeConfig")? == Some(true)
        {
            let own = vec![Metadata::from(Source::Worktree).at(places.git_dir.join("config.worktree"))];
            config.file.append(read(own, options)?).map_err(bad)?;
        }
        config.file.append(config_env::load(environment, options)?).map_err(bad)?;
        Ok(config)
    }

    /// Returns the last value of a key; empty where the key stands without `=`.
    pub fn text(&self, key: &str) -> Option<String> {
        self.file.string_implicit(key).map(|value| value.map(|text| text.to_string()).unwrap_or_default())
    }

    /// Returns all values of a key, in the order in which git reads them.
    pub fn all(&self, key: &str) -> Vec<String> {
        self.file.strings(key).unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    /// Returns a key as true or false.
    ///
    /// # Errors
    /// `bad_config` where the value is neither.
    pub fn boolean(&self, key: &str) -> Result<Option<bool>> {
        self.file.boolean(key).map_err(|err| bad_value(key, "true or false", err.into()))
    }

    /// Returns a key as a number, with git's `k`, `m` and `g`.
    ///
    /// # Errors
    /// `bad_config` where the value is no number.
    pub fn integer(&self, key: &str) -> Result<Option<i64>> {
        self.file.integer(key).map_err(|err| bad_value(key, "a number", err.into()))
    }

    /// Returns a key as a duration such as `90s`, `5m`, `1h 30m`; a bare number is seconds.
    ///
    /// # Errors
    /// `bad_config` where the value is none.
    pub fn duration(&self, key: &str) -> Result<Option<Duration>> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let text = text.trim();
        if let Ok(seconds) = text.parse() {
            return Ok(Some(Duration::from_secs(seconds)));
        }
        humantime::parse_duration(text).map(Some).map_err(|err| bad_value(key, "a duration like 90s or 5m", err.into()))
    }

    /// Returns where the last value of a key was set.
    pub fn origin(&self, key: &str) -> Option<Origin> {
        let (_, section) = self.file.raw_values_with_sections(key).ok()?.pop()?;
        Some(match &section.meta().path {
            Some(path) => Origin::File(path.clone()),
            None => Origin::Command,
        })
    }

    /// Returns in whose configuration the last value of a key was set, in git's words for it.
    pub fn scope(&self, key: &str) -> Option<&'static str> {
        let (_, section) = self.file.raw_values_with_sections(key).ok()?.pop()?;
        Some(match section.meta().source {
            Source::GitInstallation | Source::System => "system",
            Source::Git | Source::User => "global",
            Source::Local => "local",
            Source::Worktree => "worktree",
            _ => "command",
        })
    }

    /// Returns the names of the keys in a section without a name of its own, as they are written, without doubles.
    pub fn keys(&self, section: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let sections = self.file.sections_by_name(section).into_iter().flatten();
        for found in sections.filter(|found| found.header().subsection_name().is_none()) {
            for name in found.value_names().map(|name| name.to_string()) {
                if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Returns a configuration that holds one value and nothing else, to see whether it would be understood.
    ///
    /// # Errors
    /// `bad_config` where the key cannot be one.
    pub fn of(key: &str, value: &str) -> Result<Config> {
        Ok(Config { file: config_env::one(key, value)? })
    }

    /// Returns the names between section and key, such as the remotes of `remote.<name>.url`, without doubles.
    pub fn subsections(&self, section: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for found in self.file.sections_by_name(section).into_iter().flatten() {
            let name = found.header().subsection_name().map(ToString::to_string);
            if let Some(name) = name.filter(|name| !names.contains(name)) {
                names.push(name);
            }
        }
        names
    }

    /// Writes down all values, but for those of keys (section and name) that are left out.
    pub(super) fn write_all(&self, text: &mut String, is_left_out: impl Fn(&str, &str) -> bool) {
        for section in self.file.sections() {
            let header = section.header();
            let name = header.name().to_string().to_ascii_lowercase();
            for key in section.value_names().map(|key| key.to_string().to_ascii_lowercase()) {
                if !is_left_out(&name, &key) {
                    let below = header.subsection_name().map(ToString::to_string);
                    text.push_str(&format!("{name} {below:?} {key} {:?}\n", section.values(&key)));
                }
            }
        }
    }

    /// Returns the values of a key that no repository can set: system, user and command line only.
    pub(super) fn protected(&self, key: &str) -> Vec<String> {
        let values = self.file.strings_filter(key, |meta| !matches!(meta.source, Source::Local | Source::Worktree));
        values.unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    /// Returns a key as the repository's own files set it: `own` means that only `config.worktree` counts.
    pub(super) fn of_repository(&self, key: &str, own: bool) -> Option<String> {
        let value = self.file.string_implicit_filter(key, |meta| {
            meta.source == Source::Worktree || (!own && meta.source == Source::Local)
        });
        value.map(|text| text.map(|text| text.to_string()).unwrap_or_else(|| "true".to_owned()))
    }

    /// Returns whether the repository's own `config` file, includes left out, has a value for a key.
    pub(super) fn of_repository_alone(&self, key: &str) -> bool {
        let found = self.file.raw_values_with_sections(key).unwrap_or_default();
        found.iter().any(|(_, section)| section.meta().source == Source::Local && section.meta().level == 0)
    }

    /// Returns keys and values of a section in the repository's `config` file itself, includes left out.
    pub(super) fn in_repository_file(&self, section: &str) -> Vec<(String, String)> {
        let sections = self.file.sections_by_name(section).into_iter().flatten();
        let own = sections.filter(|found| found.meta().source == Source::Local && found.meta().level == 0);
        own.filter(|found| found.header().subsection_name().is_none())
            .flat_map(|found| {
                let names: Vec<String> = found.value_names().map(|name| name.to_string()).collect();
                let value = |name: &str| {
                    found.value_implicit(name).flatten().map_or_else(|| "true".to_owned(), |value| value.to_string())
                };
                names.into_iter().map(|name| (name.to_ascii_lowercase(), value(&name))).collect::<Vec<_>>()
            })
            .collect()
    }
}

/// Lists the files that all repositories of this user share, in the order in which they are read.
fn shared_files(environment: &Environment) -> Vec<Metadata> {
    let mut files = Vec::new();
    if !environment.is_true("GIT_CONFIG_NOSYSTEM") {
        let path = environment.path("GIT_CONFIG_SYSTEM").unwrap_or(Path::new("/etc/gitconfig"));
        files.push(Metadata::from(Source::System).at(path));
    }
    if let Some(path) = environment.var("GIT_CONFIG_GLOBAL") {
        if !path.is_empty() {
            files.push(Metadata::from(Source::User).at(path));
        }
        return files;
    }
    let home = environment.path("HOME");
    let xdg = environment.path("XDG_CONFIG_HOME").map(Path::to_owned).or_else(|| home.map(|home| home.join(".config")));
    if let Some(xdg) = xdg {
        files.push(Metadata::from(Source::Git).at(xdg.join("git/config")));
    }
    if let Some(home) = home {
        files.push(Metadata::from(Source::User).at(home.join(".gitconfig")));
    }
    files
}

fn read(files: Vec<Metadata>, options: Options<'_>) -> Result<File> {
    let (mut whole, mut seen) = (None::<File>, BTreeSet::new());
    for meta in files {
        let Some(path) = meta.path.clone().filter(|path| seen.insert(path.clone())) else { continue };
        // As git does, a file that is not there or may not be read by us is passed over; one that is nonsense is not.
        let Ok(mut bytes) = std::fs::read(&path) else { continue };
        let file = File::from_bytes_owned(&mut bytes, meta, options).map_err(bad)?;
        match &mut whole {
            None => whole = Some(file),
            Some(whole) => drop(whole.append(file).map_err(bad)?),
        }
    }
    Ok(whole.unwrap_or_default())
}

/// Returns the branch that HEAD names, for `includeIf.onbranch`.
fn current_branch(head: &str) -> Option<gix::refs::FullName> {
    gix::refs::FullName::try_from(head.strip_prefix("ref:")?.trim()).ok()
}

pub(super) fn bad(err: gix::Error) -> Error {
    Error::fatal("bad_config", "cannot read git's configuration").because(err)
}

fn bad_value(key: &str, expected: &str, err: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::fatal("bad_config", format!("the git setting {key} is not {expected}")).because(err)
}
