//! How the hooks come into a repository, how they stand there, and how they go.
//!
//! In this order, whatever is there already staying as it is:
//! 1. into git's configuration, where git runs hooks from there: then no file is touched, and other hooks run too;
//! 2. as files in the repository's own folder for hooks: a shim, or our lines in the script that is there;
//! 3. not at all, where the folder or the file is somebody else's: then the user is told what to add.

use std::path::{Path, PathBuf};

use super::Hook;
use super::beside::{Addition, Manager};
use super::file::{self, Found};
use crate::base::Result;
use crate::store::Store;

/// The note that we have made the folder for hooks.
const FOLDER: &str = "hooks-folder";

/// How a hook stands in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The hook.
    pub hook: Hook,
    /// Whether git calls us in it, and how.
    pub state: State,
    /// The file, or the section of git's configuration.
    pub place: String,
}

/// Whether git calls us in a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It does, by its configuration.
    Configured,
    /// It does, by a file of ours.
    File,
    /// It does, by lines of ours in somebody's file.
    Block,
    /// It does, by what somebody has written.
    Written,
    /// It does not.
    Missing,
    /// It does not: the user has turned it off.
    Off,
    /// It does not, and somebody else has to see to it.
    Foreign {
        /// Why we do not.
        why: String,
        /// What is to be added.
        add: Addition,
    },
}

impl State {
    /// Returns whether git calls us.
    pub fn is_installed(&self) -> bool {
        matches!(self, State::Configured | State::File | State::Block | State::Written)
    }
}

/// What git makes of hooks in a repository.
struct House<'s> {
    store: &'s Store,
    folder: PathBuf,
    /// Why the folder is none that we write into.
    is_foreign: Option<String>,
    is_configurable: bool,
}

/// Returns how the hooks stand.
///
/// # Errors
/// Where git cannot be asked, or a file cannot be read.
pub fn status(store: &Store, hooks: &[Hook]) -> Result<Vec<Standing>> {
    let house = House::look(store)?;
    hooks.iter().map(|hook| house.standing(*hook)).collect()
}

/// Puts the hooks in place that are not, and returns how they stand then.
///
/// # Errors
/// Where something cannot be written: what was put in place until then stays.
pub fn install(store: &Store, hooks: &[Hook]) -> Result<Vec<Standing>> {
    let house = House::look(store)?;
    hooks.iter().map(|hook| house.install(*hook)).collect()
}

/// Takes the hooks out, and returns how they stand then.
///
/// # Errors
/// Where something cannot be written.
pub fn uninstall(store: &Store, hooks: &[Hook]) -> Result<Vec<Standing>> {
    let house = House::look(store)?;
    let left: Vec<Standing> = hooks.iter().map(|hook| house.uninstall(*hook)).collect::<Result<_>>()?;
    if store.coord_dir().join(FOLDER).exists() && std::fs::remove_dir(&house.folder).is_ok() {
        store.remove_note(FOLDER);
    }
    Ok(left)
}

impl<'s> House<'s> {
    fn look(store: &'s Store) -> Result<Self> {
        let folder = store.hooks_dir()?;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_own = real(&folder).starts_with(real(store.common_dir()));
        let is_foreign = (!is_own).then(|| format!("git takes hooks from {}, by core.hooksPath", folder.display()));
        Ok(House { store, folder, is_foreign, is_configurable: store.knows_configured_hooks()? })
    }

    fn standing(&self, hook: Hook) -> Result<Standing> {
        let state = if self.is_configurable && self.is_configured(hook) {
            let is_off = self.store.config().text(&format!("{}.enabled", section(hook)));
            let is_off = is_off.is_some_and(|text| matches!(&*text, "false" | "no" | "off" | "0"));
            if is_off { State::Off } else { State::Configured }
        } else {
            self.state_of_file(hook, &self.found(hook)?)
        };
        Ok(self.at(hook, state))
    }

    fn at(&self, hook: Hook, state: State) -> Standing {
        let place = match &state {
            State::Configured | State::Off => section(hook),
            State::Foreign { add, .. } => add.file.display().to_string(),
            _ => self.path(hook).display().to_string(),
        };
        Standing { hook, state, place }
    }

    fn state_of_file(&self, hook: Hook, found: &Found) -> State {
        let foreign = |why: String| {
            let top = self.store.work_dir().unwrap_or(self.store.common_dir());
            let add = Manager::of(&self.folder, &why).addition(hook, &self.folder, top);
            if add.is_made(hook) { State::Written } else { State::Foreign { why, add } }
        };
        match (found, &self.is_foreign) {
            (Found::Calling, _) => State::Written,
            (Found::Shim { is_current: true }, _) => State::File,
            (Found::Block { is_current: true }, _) => State::Block,
            (_, Some(why)) => foreign(why.clone()),
            (Found::Other(why), None) => foreign((*why).to_owned()),
            _ => State::Missing,
        }
    }

    fn install(&self, hook: Hook) -> Result<Standing> {
        let standing = self.standing(hook)?;
        if standing.state.is_installed() || standing.state == State::Off {
            return Ok(standing);
        }
        if self.is_configurable {
            let section = section(hook);
            // In this order: git refuses to work where an event stands there and no command.
            self.store.config_set(&format!("{section}.command"), &command(hook))?;
            self.store.config_set(&format!("{section}.event"), hook.name())?;
            // What older versions of git have been given would be run as well.
            file::take_out(&self.path(hook), &self.found(hook)?)?;
            return Ok(self.at(hook, State::Configured));
        }
        if matches!(standing.state, State::Foreign { .. }) {
            return Ok(standing);
        }
        self.make_folder()?;
        file::put(&self.path(hook), hook, &self.found(hook)?)?;
        // An older git passes over what a newer one has been given; the next newer one would run both.
        self.store.config_remove_section(&section(hook), "event")?;
        Ok(self.at(hook, self.state_of_file(hook, &self.found(hook)?)))
    }

    fn uninstall(&self, hook: Hook) -> Result<Standing> {
        self.store.config_remove_section(&section(hook), "event")?;
        // Also where git looks elsewhere by now.
        let mut folders = vec![self.store.common_dir().join("hooks")];
        folders.extend(self.is_foreign.is_none().then(|| self.folder.clone()));
        for path in folders.iter().map(|folder| folder.join(hook.name())) {
            file::take_out(&path, &file::look(&path, hook)?)?;
        }
        let state = match self.state_of_file(hook, &self.found(hook)?) {
            // There is nothing to add where all are to go.
            State::Foreign { .. } => State::Missing,
            state => state,
        };
        Ok(self.at(hook, state))
    }

    fn is_configured(&self, hook: Hook) -> bool {
        let (config, section) = (self.store.config(), section(hook));
        config.text(&format!("{section}.command")).is_some_and(|text| text == command(hook))
            && config.all(&format!("{section}.event")).iter().any(|event| event == hook.name())
    }

    fn path(&self, hook: Hook) -> PathBuf {
        self.folder.join(hook.name())
    }

    fn found(&self, hook: Hook) -> Result<Found> {
        file::look(&self.path(hook), hook)
    }

    fn make_folder(&self) -> Result<()> {
        if self.folder.is_dir() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.folder).map_err(|error| file::failed("make", &self.folder, error))?;
        self.store.write_note(FOLDER, b"")
    }
}

/// The section of git's configuration for a hook.
fn section(hook: Hook) -> String {
    format!("hook.coord-{}", hook.name())
}

/// What stands there: a shell runs it, and git adds its arguments.
fn command(hook: Hook) -> String {
    if hook == Hook::PreReceive {
        return "exec git-coord hook pre-receive --".to_owned();
    }
    format!("command -v git-coord >/dev/null 2>&1 || exit 0; exec git-coord hook {} --", hook.name())
}
