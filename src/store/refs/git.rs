//! Refs through git itself: slower by a process, and right wherever git is.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::files::broken;
use super::{Move, Outcome, Refs};
use crate::base::text::one_line;
use crate::base::{Error, Result};
use crate::store::git::{Answer, Call};
use crate::store::queue::Queue;
use crate::store::{Oid, RefBackend, Store, fault, files, waiters};

/// How long git may take to read or move a ref, hooks included.
const LIMIT: Duration = Duration::from_secs(60);

/// The refs of a repository, as git sees them.
pub(super) struct Git<'s> {
    pub(super) store: &'s Store,
}

impl Refs for Git<'_> {
    fn read(&self, name: &str) -> Result<Option<Oid>> {
        let format = "--format=%(refname) %(objectname) %(symref)";
        let answer = Call::new(&["for-each-ref", format, name]).within(LIMIT).plain().run(self.store)?;
        if !answer.is_success() || !answer.errors.is_empty() {
            return Err(broken(name, &one_line(&answer.errors)));
        }
        // The pattern also fits what lies below the name.
        let line = answer.output.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        match line.and_then(|line| line.split_once(' ')) {
            None => Ok(None),
            Some((_, symref)) if !symref.is_empty() => Err(broken(name, "it is a symbolic ref")),
            Some((hex, _)) => hex.parse().map(Some),
        }
    }

    fn update(&self, change: &Move<'_>, _queue: &mut Queue) -> Result<Outcome> {
        if self.read(change.name)? != change.expected {
            return Ok(Outcome::Moved);
        }
        waiters::check(self.store.waiters.finish())?;
        let step = || self.call(change).map_err(io::Error::other);
        // Crash after this: git finishes or undoes its own transaction; the note of the queue is not concerned.
        let answer = files::run("ref-git", "update-ref", Path::new(change.name), step);
        let answer = answer.map_err(|err| match err.downcast::<Error>() {
            Ok(ours) => ours,
            Err(err) => fault::io(format!("move the ref {}", change.name), err),
        })?;
        if answer.is_success() {
            self.tell(change.name).map_err(|err| fault::io(format!("read the ref {}", change.name), err))?;
            self.sync(change.name)?;
            return Ok(Outcome::Landed);
        }
        self.judge(change, &answer)
    }
}

impl Git<'_> {
    fn call(&self, change: &Move<'_>) -> Result<Answer> {
        let old = change.expected.unwrap_or_else(|| self.store.format.zero());
        let input = format!("option no-deref\nupdate {} {} {old}\n", change.name, change.new);
        let reason = one_line(change.reason);
        let durable = if self.store.files.is_durable { "core.fsync=reference" } else { "core.fsync=none" };
        Call::new(&["-c", durable, "update-ref", "--create-reflog", "-m", &reason, "--stdin"])
            .input(input)
            .committer(change.committer, change.time)
            .within(LIMIT)
            .plain()
            .run(self.store)
    }

    /// Tells tests what git has written.
    fn tell(&self, name: &str) -> io::Result<()> {
        if self.store.backend != RefBackend::Files {
            return Ok(());
        }
        let top = &self.store.places.common_dir;
        files::witnessed("append", &top.join("logs").join(name), || Ok(()))?;
        files::witnessed("replace", &top.join(name), || Ok(()))
    }

    /// Finds out why git did not move the ref: what it has now tells more than words that change with versions.
    fn judge(&self, change: &Move<'_>, answer: &Answer) -> Result<Outcome> {
        let present = self.read(change.name)?;
        if present == Some(change.new) {
            return Ok(Outcome::Landed);
        }
        if present != change.expected {
            return Ok(Outcome::Moved);
        }
        let words = one_line(&answer.errors);
        let message = format!("cannot move {}: git refused", change.name);
        if words.contains("File exists") || words.contains(".lock'") {
            return Err(fault::busy(
                "ref_locked",
                format!("cannot move {}: another git process holds its lock", change.name),
            )
            .hint("try again when that process has finished")
            .because(words));
        }
        let code = if words.contains("aborted by hook") { "refused_by_hook" } else { "ref_refused" };
        Err(Error::fatal(code, message).because(words))
    }

    /// Makes the move durable where git's own settings might not.
    fn sync(&self, name: &str) -> Result<()> {
        let common_dir = &self.store.places.common_dir;
        let (file, folder) = match self.store.backend {
            RefBackend::Files => {
                (common_dir.join(name), common_dir.join(name).parent().unwrap_or(common_dir).to_owned())
            }
            RefBackend::Reftable => (common_dir.join("reftable/tables.list"), common_dir.join("reftable")),
        };
        let files = self.store.files;
        let sync = || -> io::Result<()> {
            // Packed or compacted by somebody else meanwhile: then it is in a file that git has synced.
            match File::open(&file) {
                Ok(open) => files.sync("next-sync", &file, &open)?,
                Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(err) => return Err(err),
            }
            files.sync_dir("ref-syncdir", &folder)
        };
        sync().map_err(|err| fault::io(format!("sync {}", file.display()), err))
    }
}
