//! Setting a repository up: the ref, the replica's id, and what git must know to carry the state along.
//!
//! The first commit is the same bytes on every machine, so that replicas that were set up before they met share a root.

use super::Session;
use crate::base::{Error, Result, Timestamp};
use crate::records::{Config, config};
use crate::state::Warning;
use crate::store::{
    Content, Edit, NewCommit, Oid, Person, Published, STATE_REF, Signing, Store, Writer, remote_prefix,
};

/// Whose name stands on commits that nobody in particular made.
pub const NOBODY: (&str, &str) = ("git-coord", "git-coord@localhost");

/// How the state came to be here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was here already.
    Existing,
    /// It was made.
    Created,
    /// It was taken from the remote.
    Adopted,
    /// The ref was gone; it names the last acknowledged commit again.
    Restored,
}

/// What setting up did.
#[derive(Debug, Clone)]
pub struct Setup {
    /// How the state came to be here.
    pub origin: Origin,
    /// The tip of the state.
    pub tip: Oid,
    /// The id of this replica.
    pub replica: String,
    /// The remote that was asked for state.
    pub remote: Option<String>,
    /// The settings that were added to git's configuration, as `key = value`.
    pub configured: Vec<String>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// A setting that a repository with state has, and may have several values of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The key.
    pub key: String,
    /// The value that must be among its values.
    pub value: String,
}

impl Session {
    /// Sets the repository up, or completes what is missing; what is there stays as it is.
    ///
    /// # Errors
    /// Where something cannot be written. A remote that cannot be reached is a warning.
    pub fn set_up(&self) -> Result<Setup> {
        let store = self.store();
        let mut warnings = Vec::new();
        let remote = chosen_remote(&store.remotes());
        let fetched = match &remote {
            Some(remote) => ask(store, remote, &mut warnings)?,
            None => None,
        };
        if let Some(tip) = store.tip()? {
            // Nothing is added to a state that cannot be read, and nobody is told that all is well.
            self.snapshot_at(tip)?;
            let is_complete = is_configured(store) && store.has_reflog()?;
            if let (Some(replica), true) = (self.machine().replica(), is_complete) {
                self.compare(tip, fetched, &mut warnings)?;
                return Ok(Setup { origin: Origin::Existing, tip, replica, remote, configured: Vec::new(), warnings });
            }
        }
        let mut writer = store.lock(self.settings().lock_timeout)?;
        let (origin, tip) = self.found_state(&mut writer, fetched, &mut warnings)?;
        // Opened anew: who set up just before us has added settings, which must not be there twice.
        let configured = configure(Session::open(self.options().clone())?.store())?;
        let replica = self.machine().name_replica(&self.seed().id('r', 0))?;
        store.settle(&["config", "coord/replica"])?;
        Ok(Setup { origin, tip, replica, remote, configured, warnings })
    }

    /// Adds the settings that are missing, as for a remote that has been added since `init`. Returns what was added, as
    /// `key = value`.
    ///
    /// # Errors
    /// `config_refused`; `busy` (7) where the turn did not come in time.
    pub fn complete_settings(&self) -> Result<Vec<String>> {
        if is_configured(self.store()) {
            return Ok(Vec::new());
        }
        let _turn = self.store().lock(self.settings().lock_timeout)?;
        let configured = configure(Session::open(self.options().clone())?.store())?;
        self.store().settle(&["config"]).map(|()| configured)
    }

    /// Says so where the remote has state that is not here.
    fn compare(&self, tip: Oid, fetched: Option<Oid>, warnings: &mut Vec<Warning>) -> Result<()> {
        let Some(theirs) = fetched.filter(|theirs| *theirs != tip) else { return Ok(()) };
        let message = match self.store().is_ancestor(theirs, tip) {
            Ok(true) => return Ok(()),
            Ok(false) => "the remote has state that is not here yet; the next command brings both together".to_owned(),
            // Nothing is joined in either case, so not to know is no reason to stop.
            Err(error) if error.code() == "shallow" => {
                format!("the remote may have state that is not here; nothing was joined: {error}")
            }
            Err(error) => return Err(error),
        };
        warnings.push(Warning { code: "remote_has_state".to_owned(), message });
        Ok(())
    }

    fn found_state(
        &self,
        writer: &mut Writer<'_>,
        fetched: Option<Oid>,
        warnings: &mut Vec<Warning>,
    ) -> Result<(Origin, Oid)> {
        let store = self.store();
        let nobody = Person::new(NOBODY.0, NOBODY.1);
        if let Some(tip) = store.tip()? {
            if !store.has_reflog()? {
                // As where a plain fetch has made the ref, of which git notes nothing.
                writer.begin_reflog(&nobody, self.now(), "coord: the log begins")?;
            }
            self.compare(tip, fetched, warnings)?;
            return Ok((Origin::Existing, tip));
        }
        let lost = writer.acknowledged().filter(|lost| store.commit(*lost).is_ok());
        let (origin, published) = match (lost, fetched) {
            (Some(lost), _) => (Origin::Restored, writer.advance(None, lost, &nobody, self.now(), "coord: restore")?),
            (None, Some(theirs)) => {
                // Only a state that this version can read is taken over.
                let faults = self.faults_of(theirs, None)?;
                self.check_signed(theirs, None)?;
                let head = self.put_right(writer, theirs, &faults)?.last().copied().unwrap_or(theirs);
                (Origin::Adopted, writer.advance(None, head, &nobody, self.now(), "coord: adopt")?)
            }
            (None, None) => (Origin::Created, make_root(writer)?),
        };
        match published {
            Published::Landed(tip) => Ok((origin, tip)),
            // Somebody else set it up at the same time: what they made is what is here.
            Published::Moved => Ok((Origin::Existing, self.tip()?)),
        }
    }
}

/// Returns the remote that decides: the only one, else `origin`.
pub fn chosen_remote(remotes: &[String]) -> Option<String> {
    match remotes {
        [only] => Some(only.clone()),
        several => several.iter().find(|name| *name == "origin").cloned(),
    }
}

/// Returns the settings that a repository with state has.
pub fn wanted(store: &Store) -> Vec<Wanted> {
    let one = |key: &str, value: &str| Wanted { key: key.to_owned(), value: value.to_owned() };
    let mut wanted =
        vec![one("log.excludeDecoration", "refs/coord/*"), one("log.excludeDecoration", "refs/coord-remotes/*")];
    let prefix = prefix(store);
    for remote in store.remotes() {
        let key = format!("remote.{remote}.fetch");
        if store.config().all(&key).iter().any(|refspec| is_mirror(refspec)) {
            // A mirror takes everything over as it is, and must leave the state alone. What is excluded is excluded from
            // every refspec, so that a plain fetch brings no state from there.
            wanted.push(one(&key, UNTOUCHED));
            continue;
        }
        // A glob: an exact refspec makes every fetch fail while the remote has no state.
        wanted.push(one(&key, &fetch_refspec(store, &remote)));
        // Kept free for history that was cut off.
        wanted.push(one(&key, &format!("^{prefix}archive/*")));
    }
    wanted
}

fn prefix(store: &Store) -> String {
    remote_prefix(store.config()).unwrap_or_else(|_| "refs/coord/".to_owned())
}

/// Returns the refspec by which a fetch brings the state of a remote along.
pub fn fetch_refspec(store: &Store, remote: &str) -> String {
    format!("+{}*:refs/coord-remotes/{remote}/*", prefix(store))
}

/// The refspec that keeps a fetch from the state.
pub const UNTOUCHED: &str = "^refs/coord/*";

/// Returns whether a refspec takes over every ref of a remote under its own name.
pub fn is_mirror(refspec: &str) -> bool {
    refspec.trim_start_matches('+') == "refs/*:refs/*"
}

/// Returns the settings that are missing.
pub fn missing_settings(store: &Store) -> Vec<Wanted> {
    let has = |wanted: &Wanted| store.config().all(&wanted.key).contains(&wanted.value);
    wanted(store).into_iter().filter(|wanted| !has(wanted)).collect()
}

/// The remote that the team publishes to.
const SHARED: &str = "coord.remote";

/// Returns the remote that is the one of the team, where nobody has said which it is.
fn unsaid_remote(store: &Store) -> Option<String> {
    chosen_remote(&store.remotes()).filter(|_| store.config().text(SHARED).is_none())
}

fn is_configured(store: &Store) -> bool {
    missing_settings(store).is_empty() && unsaid_remote(store).is_none()
}

fn configure(store: &Store) -> Result<Vec<String>> {
    let mut missing = missing_settings(store);
    for Wanted { key, value } in &missing {
        store.config_add(key, value)?;
    }
    if let Some(remote) = unsaid_remote(store) {
        store.config_set(SHARED, &remote)?;
        missing.push(Wanted { key: SHARED.to_owned(), value: remote });
    }
    Ok(missing.into_iter().map(|Wanted { key, value }| format!("{key} = {value}")).collect())
}

/// Asks a remote for its state; one that does not answer is a warning.
fn ask(store: &Store, remote: &str, warnings: &mut Vec<Warning>) -> Result<Option<Oid>> {
    match store.fetch_state(remote) {
        Ok(()) => store.tracking_tip(remote),
        Err(error) if error.kind() == crate::base::Kind::Remote => {
            let message = format!("{remote} could not be asked for its state: {}", error.message());
            warnings.push(Warning { code: "remote_unreachable".to_owned(), message });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn make_root(writer: &mut Writer<'_>) -> Result<Published> {
    writer.publish(root()?)
}

/// Returns the first commit. Its bytes are pinned: nothing of this machine, user or day is in it.
///
/// # Errors
/// Where the settings cannot be written.
pub fn root() -> Result<NewCommit> {
    let nobody = Person::new(NOBODY.0, NOBODY.1);
    Ok(NewCommit {
        expected: None,
        parents: Vec::new(),
        base: None,
        edits: vec![Edit {
            path: config::PATH.to_owned(),
            content: Some(Content::Bytes(Config::default().encode()?.into())),
        }],
        author: nobody.clone(),
        author_time: Timestamp::EPOCH,
        committer: nobody,
        commit_time: Timestamp::EPOCH,
        message: "git coord\n".to_owned(),
        reflog: "coord: set up".to_owned(),
        signing: Signing::Never,
    })
}

/// Makes the refusal for a git that is too old.
///
/// # Errors
/// `git_too_old` where git is older than 2.34; where git cannot be asked.
pub fn check_git(store: &Store) -> Result<(u32, u32, u32)> {
    let version = store.git_version()?;
    if version < (2, 34, 0) {
        let (major, minor, patch) = version;
        return Err(Error::fatal(
            "git_too_old",
            format!("git is {major}.{minor}.{patch}; {STATE_REF} needs 2.34 or later"),
        ));
    }
    Ok(version)
}
