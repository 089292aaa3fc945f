//! Git: bytes at paths under one ref, compare-and-swap, history. The only place that names gix or runs git.
//!
//! Knows no record kinds. Reading starts at [`Store::tip`], writing at [`Store::lock`]. Everything is found through
//! the common dir, so that linked worktrees share one state. `docs/architecture.md` has the argument why a write
//! cannot be lost.

mod aside;
mod bulk;
mod class;
mod commit;
mod config;
mod config_env;
mod crowd;
mod deflate;
mod diff;
mod discover;
mod edit;
mod environment;
mod fault;
#[cfg(feature = "testing")]
mod file_log;
mod files;
mod frame;
mod git;
mod grow;
mod guard;
mod history;
mod hooks;
mod ident;
mod landing;
mod loose;
mod loose_read;
mod maintenance;
mod modes;
mod notes;
mod objects;
mod oid;
mod open;
mod pack;
mod presence;
mod publish;
mod pushed;
mod queue;
mod refs;
mod rehearsal;
pub mod rescue;
pub mod scratch;
mod remote;
mod sign;
mod signature;
mod tracked;
mod tree;
mod trust;
mod turn;
mod waiters;
mod worktrees;
mod writer;

use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub use aside::Aside;
pub use bulk::Bulk;
pub use commit::{Commit, Person};
pub use config::{Config, Origin};
pub use crowd::Request;
pub use diff::Change;
pub use edit::{Content, Edit};
pub use environment::Environment;
pub use git::WITHIN;
pub use grow::{Wanted, Wish, is_path};
pub use history::Log;
pub use maintenance::{Trouble, is_maintained};
pub use oid::{ObjectFormat, Oid};
pub use open::is_durable;
pub use pack::{Kept, Packed, Packer, Packing};
pub use presence::Listed;
pub use publish::{Publisher, Pushed, silent, two_faced, unreachable};
pub use pushed::New;
pub use queue::boot_id;
pub use rehearsal::{Maker, Rehearsal};
pub use remote::remote_prefix;
pub use sign::{Signing, is_signing};
pub use signature::{Signature, Worth};
pub use tree::{Blob, Entry, Tree};
pub use turn::Turn;
pub use writer::{Chain, NewCommit, Published, Writer};

use crate::base::{Error, Result};
use discover::{Found, Places};
use files::Files;
use objects::Objects;
use waiters::Waiters;

/// The ref that holds the state.
pub const STATE_REF: &str = "refs/coord/main";

/// How the repository keeps its refs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefBackend {
    /// One file per ref, and `packed-refs`.
    Files,
    /// Tables.
    Reftable,
}

/// One repository, open.
pub struct Store {
    environment: Environment,
    places: Places,
    work_dir: Option<PathBuf>,
    coord_dir: PathBuf,
    config: Config,
    format: ObjectFormat,
    backend: RefBackend,
    objects: Objects,
    files: Files,
    /// Waits for the disk.
    waiters: Waiters,
    /// How hard loose objects are compressed, where the user has said so.
    compression: Option<u32>,
    shallow: OnceCell<BTreeSet<Oid>>,
    class: OnceCell<String>,
    writes_refs: OnceCell<bool>,
    /// Whether no remote is to be asked for anything.
    is_offline: bool,
    /// Until when remotes may answer, where somebody waits for them.
    answer_by: Cell<Option<Instant>>,
}

impl Store {
    /// Returns the git dir: of a linked worktree its own, not the common one.
    pub fn git_dir(&self) -> &Path {
        &self.places.git_dir
    }

    /// Asks no remote for anything from now on: what would is refused as [`fetch_state`](Self::fetch_state) is where
    /// there is no network.
    pub fn stay_offline(&mut self) {
        self.is_offline = true;
    }

    /// Returns the folder that all worktrees share.
    pub fn common_dir(&self) -> &Path {
        &self.places.common_dir
    }

    /// Returns the top of the work tree; nothing in a bare repository.
    pub fn work_dir(&self) -> Option<&Path> {
        self.work_dir.as_deref()
    }

    /// Returns whether there is no work tree.
    pub fn is_bare(&self) -> bool {
        self.work_dir.is_none()
    }

    /// Returns the folder in the common dir for what is not in git. It may not exist before the first write.
    pub fn coord_dir(&self) -> &Path {
        &self.coord_dir
    }

    /// Returns the hash function of the repository.
    pub fn object_format(&self) -> ObjectFormat {
        self.format
    }

    /// Returns how the repository keeps its refs.
    pub fn ref_backend(&self) -> RefBackend {
        self.backend
    }

    /// Returns git's configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the environment that the store was opened with.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns the commit that [`STATE_REF`] names; nothing where there is no such ref.
    ///
    /// # Errors
    /// `damaged` where the ref is there and cannot be understood: never an empty answer for a failed read.
    pub fn tip(&self) -> Result<Option<Oid>> {
        refs::read(self, STATE_REF)
    }

    /// Returns the commit that a revision names, in any way git knows; nothing where it names none.
    ///
    /// # Errors
    /// Where git could not be asked.
    pub fn resolve_commit(&self, rev: &str) -> Result<Option<Oid>> {
        if rev == STATE_REF {
            return self.tip();
        }
        let wanted = format!("{rev}^{{commit}}");
        let call = git::Call::new(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]);
        let answer = call.plain().run(self)?;
        if answer.is_success() { answer.output.trim().parse().map(Some) } else { Ok(None) }
    }

    /// Reads a commit. One at the edge of a shallow clone has no parents here.
    ///
    /// # Errors
    /// `damaged` where it is missing or broken.
    pub fn commit(&self, id: Oid) -> Result<Commit> {
        history::read(self, id)
    }

    /// Returns whether history was cut at this commit, so that its true parents are not here.
    ///
    /// # Errors
    /// Where the list of such commits cannot be read.
    pub fn is_shallow(&self, id: Oid) -> Result<bool> {
        Ok(self.shallow()?.contains(&id))
    }

    /// Returns the history of a commit, latest first, in the order of `git log`, read as it is asked for.
    ///
    /// # Errors
    /// `damaged` where the first commit is missing or broken.
    pub fn log(&self, from: Oid) -> Result<Log<'_>> {
        Log::new(self, from, None)
    }

    /// Returns the commits that led to one and not to another, latest first: what `git log known..from` shows. Where commits have
    /// the same time, or a parent a later one than its child, some that led to both may be among them.
    ///
    /// # Errors
    /// `damaged` where one of the two is missing or broken.
    pub fn log_since(&self, from: Oid, known: Option<Oid>) -> Result<Log<'_>> {
        Log::new(self, from, known)
    }

    /// Returns the commit at which the history of another ends early, as in a shallow clone; nothing where it is whole.
    ///
    /// # Errors
    /// `damaged` where a commit on the way is missing or broken.
    pub fn cut(&self, from: Oid) -> Result<Option<Oid>> {
        if self.shallow()?.is_empty() {
            return Ok(None);
        }
        for commit in self.log(from)? {
            let id = commit?.id;
            if self.is_shallow(id)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Makes the error for a commit at which history ends early, and whose parents would have been needed.
    pub fn ends_at(&self, commit: Oid) -> Error {
        let message = format!("cannot tell what {commit} was made of: this clone is shallow, and history ends there");
        Error::fatal("shallow", message).hint(self.unshallow())
    }

    /// Returns the command that brings the rest of a history that was cut.
    pub fn unshallow(&self) -> String {
        let remotes = self.remotes();
        let remote = if let [only] = remotes.as_slice() { only } else { "origin" };
        format!("git fetch --unshallow {remote} {STATE_REF}")
    }

    /// Returns whether `b` is `a` or descends from it.
    ///
    /// # Errors
    /// `damaged` where a commit on the way is missing or broken; `shallow` where the answer lies behind a cut.
    pub fn is_ancestor(&self, a: Oid, b: Oid) -> Result<bool> {
        history::is_ancestor(self, a, b)
    }

    /// Returns the latest of the best common ancestors of two commits; nothing where they share no history.
    ///
    /// # Errors
    /// As [`is_ancestor`](Self::is_ancestor).
    pub fn merge_base(&self, a: Oid, b: Oid) -> Result<Option<Oid>> {
        Ok(self.merge_bases(a, b)?.first().copied())
    }

    /// Returns all the best common ancestors of two commits, latest first.
    ///
    /// # Errors
    /// As [`is_ancestor`](Self::is_ancestor).
    pub fn merge_bases(&self, a: Oid, b: Oid) -> Result<Vec<Oid>> {
        history::merge_bases(self, a, b)
    }

    /// Returns the tree of a commit.
    ///
    /// # Errors
    /// `damaged` where the commit is missing or broken.
    pub fn tree(&self, commit: Oid) -> Result<Tree<'_>> {
        Ok(Tree::new(self, commit::read(&self.objects, commit)?.tree))
    }

    /// Returns the bytes of a file by its id, whichever tree it stands in.
    ///
    /// # Errors
    /// `damaged` where it is missing or broken, `too_large` above 64 MiB.
    pub fn blob(&self, id: Oid) -> Result<Vec<u8>> {
        Ok(self.objects.read(id, gix::objs::Kind::Blob)?.to_vec())
    }

    /// Lists the files that differ between two commits, sorted by path; all of `new` where there is no `old`.
    ///
    /// # Errors
    /// `damaged` where an object is missing or broken.
    pub fn diff(&self, old: Option<Oid>, new: Oid) -> Result<Vec<Change>> {
        Ok(self.diff_up_to(old, new, usize::MAX)?.unwrap_or_default())
    }

    /// As [`diff`](Self::diff); nothing where more than `most` files differ.
    ///
    /// # Errors
    /// As [`diff`](Self::diff).
    pub fn diff_up_to(&self, old: Option<Oid>, new: Oid, most: usize) -> Result<Option<Vec<Change>>> {
        let old = old.map(|id| commit::read(&self.objects, id)).transpose()?;
        let new = commit::read(&self.objects, new)?;
        diff::trees_up_to(&self.objects, (old.map(|commit| commit.tree), Some(new.tree)), most)
    }

    /// Gives a file below [`coord_dir`](Self::coord_dir) the mode that `core.sharedRepository` asks for.
    ///
    /// # Errors
    /// Where it cannot be changed.
    pub fn adjust_modes(&self, path: &Path) -> std::io::Result<()> {
        self.files.modes.adjust(path)
    }

    /// Returns the name that bytes have as a file.
    ///
    /// # Errors
    /// `bad_object` where they look like an attack on SHA-1.
    pub fn name_of(&self, bytes: &[u8]) -> Result<Oid> {
        self.format.name(gix::objs::Kind::Blob, bytes)
    }

    /// Returns the folder of those who wait for their turn.
    fn queue_dir(&self) -> PathBuf {
        self.coord_dir.join("queue")
    }

    fn shallow(&self) -> Result<&BTreeSet<Oid>> {
        if let Some(known) = self.shallow.get() {
            return Ok(known);
        }
        let path = self.environment.path("GIT_SHALLOW_FILE").map(Path::to_owned);
        let path = path.unwrap_or_else(|| self.places.common_dir.join("shallow"));
        let text = match std::fs::read_to_string(&path) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|err| fault::io(format!("read {}", path.display()), err))?,
        };
        let cut = text.lines().map(str::parse).collect::<Result<_>>();
        let cut =
            cut.map_err(|err| fault::damaged(format!("{} is no list of commits", path.display())).because(err))?;
        Ok(self.shallow.get_or_init(|| cut))
    }
}
