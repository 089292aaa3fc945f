//! Joins the pure half to the store: one command's view of the repository, who asks, and the way of a change.
//!
//! A session is opened once per command. It reads the clock and draws the randomness once, so that an operation which
//! is run again on a newer tip makes the same records.

mod answered;
pub mod archived;
mod arrive;
pub mod candidate;
pub mod draft;
mod errand;
mod group;
pub mod history;
pub mod identity;
pub mod inspect;
mod knowledge;
pub mod load;
pub mod long;
mod lower;
pub mod machine;
mod making;
pub mod mend;
pub mod outcome;
pub mod past;
pub mod peek;
pub mod precondition;
mod received;
pub mod recover;
pub mod resolve;
mod refused;
pub mod rulings;
pub mod reversal;
pub mod search;
pub mod settings;
pub mod setup;
pub mod snapshot;
pub mod transact;
pub mod trust;
pub mod unite;
mod upkeep;
mod visit;

use std::path::PathBuf;

use crate::base::{Error, Result, Seed, Timestamp, time};
use crate::index;
use crate::store::{Oid, STATE_REF, Store};

pub use draft::{Draft, DraftFile};
pub use identity::Identity;
pub use machine::Machine;
pub use outcome::Outcome;
pub use settings::Settings;
pub use snapshot::TreeSnapshot;

/// What the options of a session are made of, for the fronts, which know no store.
pub use crate::store::{Config as GitConfig, Environment};

/// Where a command runs, and what its command line says about who asks.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder it was started in.
    pub cwd: PathBuf,
    /// The environment it was started with.
    pub environment: Environment,
    /// `--agent`.
    pub agent: Option<String>,
    /// `--session`.
    pub session: Option<String>,
    /// `--at`: which moment is looked at.
    pub at: Option<String>,
    /// `--dry-run`: nothing is written.
    pub dry_run: bool,
    /// `--if-match`: the commit or the blob that must be there still.
    pub if_match: Option<String>,
    /// `--offline`: no remote is asked for anything.
    pub offline: bool,
}

/// One command's view of the repository.
pub struct Session {
    store: Store,
    settings: Settings,
    options: Options,
    now: Timestamp,
    seed: Seed,
    index: index::Keeper,
    config: snapshot::SeenConfig,
}

impl Session {
    /// Opens the repository around the folder.
    ///
    /// # Errors
    /// `not_a_repository` and the other refusals of the store (128); `bad_setting` (5) for a `coord.*` that makes no sense.
    pub fn open(options: Options) -> Result<Self> {
        let store = Store::discover_with(&options.cwd, &options.environment)?;
        let settings = Settings::read(store.config())?;
        Session::with(store, settings, options)
    }

    /// Opens the repository with the defaults of settings that make no sense, for what sets them right.
    ///
    /// # Errors
    /// As [`open`](Self::open), but for `bad_setting`.
    pub fn open_tolerant(options: Options) -> Result<Self> {
        let store = Store::discover_with(&options.cwd, &options.environment)?;
        let settings = Settings::tolerant(store.config());
        Session::with(store, settings, options)
    }

    fn with(mut store: Store, settings: Settings, options: Options) -> Result<Self> {
        if options.offline {
            store.stay_offline();
        }
        let mut session = Session {
            store,
            settings,
            options,
            now: time::now(),
            seed: Seed::draw()?,
            index: index::Keeper::default(),
            config: snapshot::SeenConfig::default(),
        };
        if session.options.at.is_some() {
            // What was looked at then is looked at as of then.
            session.now = session.moment_viewed()?;
        }
        Ok(session)
    }

    /// Returns the store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the settings of this machine.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the moment of this command; with `--at`, the moment that is looked at.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the randomness of this command.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Returns what belongs to this machine and not to git.
    pub fn machine(&self) -> Machine<'_> {
        // A remote that is only named brings nobody's signs.
        let is_shared = self.settings.remote.as_ref().is_some_and(|remote| self.store.remotes().contains(remote));
        Machine::new(&self.store, is_shared.then_some(self.settings.ttl_minutes))
    }

    /// Settles who asks.
    ///
    /// # Errors
    /// `no_identity` (128) where neither the command nor git says who it is; `bad_name` (5) for a name nobody can have.
    pub fn identity(&self) -> Result<Identity> {
        identity::settle(self)
    }

    /// Returns whether nothing is to be written: `--dry-run`.
    pub fn is_rehearsal(&self) -> bool {
        self.options.dry_run
    }

    /// Returns whether no remote is to be asked: `--offline`.
    pub fn is_offline(&self) -> bool {
        self.options.offline
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the tip of the state.
    ///
    /// # Errors
    /// `not_set_up` where there is none.
    pub fn tip(&self) -> Result<Oid> {
        self.store.tip()?.ok_or_else(not_set_up)
    }

    /// Returns the records as they are now, or as they were at the moment that is looked at.
    ///
    /// # Errors
    /// `not_set_up`, `damaged`, `newer_format`.
    pub fn snapshot(&self) -> Result<TreeSnapshot<'_>> {
        let commit = self.viewed()?;
        if self.is_at_present() { self.snapshot_on(commit) } else { self.snapshot_at(commit) }
    }

    /// Returns the records at the tip, or at a commit that is about to be the tip: questions about many of them are
    /// answered by the index.
    ///
    /// # Errors
    /// `damaged`, `newer_format`.
    pub fn snapshot_on(&self, tip: Oid) -> Result<TreeSnapshot<'_>> {
        Ok(self.snapshot_at(tip)?.with_index(&self.index))
    }

    /// Returns the records as they were at a commit of the state's history, read one by one.
    ///
    /// # Errors
    /// `damaged`, `newer_format`.
    pub fn snapshot_at(&self, commit: Oid) -> Result<TreeSnapshot<'_>> {
        TreeSnapshot::open(&self.store, commit, &self.config)
    }
}

/// Makes the error for a repository without coordination state.
pub fn not_set_up() -> Error {
    Error::fatal("not_set_up", format!("there is no coordination state here: {STATE_REF} does not exist"))
        .hint("git coord init")
}
