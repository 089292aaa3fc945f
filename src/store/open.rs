//! Opening a repository: find it, decide whether to trust it, read its configuration, refuse what is not understood.

use std::cell::{Cell, OnceCell};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::config::{Config, Scope};
use super::discover::{self, Found, Places};
use super::environment::Environment;
use super::files::Files;
use super::modes::Modes;
use super::objects::Objects;
use super::waiters::Waiters;
use super::{Packing, RefBackend, Store, guard, trust};
use crate::base::{Error, Result, text};

impl Store {
    /// Opens the repository that git would use in this folder.
    ///
    /// # Errors
    /// `not_a_repository`, `dubious_ownership`, `unsupported_repository`, `bad_config`: all fatal, as in git.
    pub fn discover(cwd: &Path) -> Result<Store> {
        Self::discover_with(cwd, &Environment::from_process())
    }

    /// Opens the repository that git would use in this folder with these environment variables.
    ///
    /// # Errors
    /// As [`discover`](Self::discover).
    pub fn discover_with(cwd: &Path, environment: &Environment) -> Result<Store> {
        let places = discover::find(cwd, environment)?;
        trust::check(&places, environment)?;
        let config = Config::load(environment, &Scope { repository: Some(&places) })?;
        let (format, backend) = guard::check(&config)?;
        let work_dir = work_dir(cwd, &places, &config, environment)?;
        let objects = Objects::new(&places.objects_dir, &borrowed(environment), format, promisor(&config));
        let files = Files { modes: Modes::from_config(&config)?, is_durable: is_durable(&config).unwrap_or(true) };
        Ok(Store {
            coord_dir: places.common_dir.join("coord"),
            compression: asked_compression(&config, "core.looseCompression")?,
            environment: environment.clone(),
            shallow: OnceCell::new(),
            class: OnceCell::new(),
            writes_refs: OnceCell::new(),
            answer_by: Cell::new(None),
            work_dir,
            places,
            config,
            format,
            backend,
            objects,
            waiters: Waiters::new(files),
            files,
            is_offline: false,
        })
    }

    /// Returns whether refs are moved without git: files, locks that work, and no hook that wants to be asked.
    pub(super) fn writes_refs_itself(&self) -> bool {
        let look = || self.backend == RefBackend::Files && !self.has_ref_hook() && locks_work(&self.places.common_dir);
        *self.writes_refs.get_or_init(look)
    }

    /// Returns how objects are made ready for a pack.
    ///
    /// # Errors
    /// `bad_config` where nobody can tell how hard they are to be compressed.
    pub fn packing(&self) -> Result<Packing> {
        Ok(Packing::new(self.format, asked_compression(&self.config, "pack.compression")?.unwrap_or(1)))
    }

    /// The same for what others wait for.
    ///
    /// # Errors
    /// As [`packing`](Self::packing).
    pub(super) fn light_packing(&self) -> Result<Packing> {
        match asked_compression(&self.config, "pack.compression")? {
            Some(level) => Ok(Packing::new(self.format, level)),
            None => Ok(Packing::light(self.format)),
        }
    }

    fn has_ref_hook(&self) -> bool {
        let event = |name: &String| {
            let events = self.config.all(&format!("hook.{name}.event"));
            events.iter().any(|event| event == "reference-transaction")
        };
        if self.config.subsections("hook").iter().any(event) {
            return true;
        }
        let folder = match self.config.text("core.hooksPath") {
            Some(path) => self.place_of_hooks(&path),
            None => self.places.common_dir.join("hooks"),
        };
        let hook = folder.join("reference-transaction").metadata();
        hook.is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    }

    /// Git looks for a relative path from the folder where it runs hooks.
    fn place_of_hooks(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), self.environment.path("HOME")) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.work_dir().unwrap_or(&self.places.git_dir).join(path),
        }
    }
}

fn work_dir(cwd: &Path, places: &Places, config: &Config, environment: &Environment) -> Result<Option<PathBuf>> {
    if let Some(named) = environment.path("GIT_WORK_TREE") {
        return Ok(Some(real(&cwd.join(named))));
    }
    // A linked worktree does not inherit what the main one says about itself.
    let own = places.is_linked;
    let is_bare = config.of_repository("core.bare", own).is_some_and(|text| is_true(&text));
    let set = config.of_repository("core.worktree", own).filter(|path| !path.is_empty());
    if is_bare && set.is_some() {
        return Err(Error::fatal("bad_config", "core.bare and core.worktree do not make sense together"));
    }
    if let Some(path) = set {
        return Ok(Some(real(&places.git_dir.join(path))));
    }
    Ok(match &places.found {
        Found::Bare => None,
        _ if is_bare => None,
        Found::Below { top, .. } => Some(top.clone()),
        Found::Named => {
            let implicit = environment.text("GIT_IMPLICIT_WORK_TREE").is_none_or(is_true);
            implicit.then(|| real(cwd))
        }
    })
}

fn is_true(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on") || text.parse::<i64>().is_ok_and(|n| n != 0)
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn borrowed(environment: &Environment) -> Vec<PathBuf> {
    environment.list("GIT_ALTERNATE_OBJECT_DIRECTORIES")
}

/// Returns the remote of a partial clone: git writes it down in one of two ways.
pub(super) fn promisor(config: &Config) -> Option<String> {
    let promises = |name: &String| matches!(config.boolean(&format!("remote.{name}.promisor")), Ok(Some(true)));
    config.text("extensions.partialClone").or_else(|| config.subsections("remote").into_iter().find(promises))
}

/// Reads `coord.fsync`: durable unless it is off. A store opens with one that makes no sense, and is durable: a session
/// refuses it, and what sets it right must be able to open one.
///
/// # Errors
/// `bad_setting`.
pub fn is_durable(config: &Config) -> Result<bool> {
    match config.text("coord.fsync").as_deref() {
        None | Some("on") => Ok(true),
        Some("off") => Ok(false),
        // A setting of ours is refused like the others of ours, not like one of git's.
        Some(text) => config.boolean("coord.fsync").map(|is_on| is_on.unwrap_or(true)).map_err(|_| {
            let shown = text::excerpt(text, 40);
            Error::invalid("bad_setting", format!("coord.fsync is «{shown}», which is neither on nor off"))
                .hint("git coord config coord.fsync")
        }),
    }
}

/// Returns how hard objects are to be compressed, where the user has said so.
fn asked_compression(config: &Config, key: &str) -> Result<Option<u32>> {
    let level = match config.integer(key)? {
        Some(level) => Some(level),
        None => config.integer("core.compression")?,
    };
    Ok(level.map(|level| u32::try_from(level).ok().filter(|level| *level <= 9).unwrap_or(1)))
}

/// Returns whether the kernel's file locks are known to hold between all who can reach this folder. Where other
/// machines can write too, or nobody knows, git's own protocol is left to git and no lock of anybody is removed.
#[cfg(target_os = "linux")]
pub(super) fn locks_work(folder: &Path) -> bool {
    const NFS: u64 = 0x6969;
    const SMB: [u64; 3] = [0x517B, 0xFE53_4D42, 0xFF53_4D42];
    const NINE_P: u64 = 0x0102_1997;
    /// Also virtiofs, sshfs and everything else a program serves.
    const FUSE: u64 = 0x6573_5546;
    const CLUSTER: [u64; 5] = [0x00C3_6400, 0x0BD0_0BD0, 0x0116_1970, 0x7461_636F, 0x4750_4653];
    let Ok(kind) = rustix::fs::statfs(folder).map(|stat| (stat.f_type as u64) & 0xFFFF_FFFF) else { return false };
    !([NFS, NINE_P, FUSE].contains(&kind) || SMB.contains(&kind) || CLUSTER.contains(&kind))
}

/// Returns whether the kernel's file locks are known to hold between all who can reach this folder.
#[cfg(not(target_os = "linux"))]
pub(super) fn locks_work(folder: &Path) -> bool {
    folder.exists()
}
