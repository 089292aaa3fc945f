//! The presence of this replica: one commit without a parent on a ref of its own, made anew each time.
//!
//! No other replica's ref is ever written. At a remote ours is put in the place of what we have seen there, and of nothing
//! else: that is its lease.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gix::objs::Kind;

use super::commit::{self, Parts, Person};
use super::edit::{Content, Draft, Edit};
use super::git::Call;
use super::publish::{Pushed, judge};
use super::remote::tracking;
use super::{Oid, Store, Writer, loose, refs, remote_prefix, waiters};
use crate::base::text::one_line;
use crate::base::{Error, Id, Result, Timestamp};

/// The folder of the refs, below that of the state.
const FOLDER: &str = "presence/";

/// The most replicas of which anything is known.
const MOST_REPLICAS: usize = 1000;

/// The refs of the state that a remote has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// The state itself.
    pub tip: Option<Oid>,
    /// The presence of replicas, by their ids.
    pub presence: BTreeMap<String, Oid>,
}

impl Store {
    /// Asks a remote which refs of the state it has, and waits no longer than `limit` for that.
    ///
    /// # Errors
    /// `no_such_remote`; `fetch_failed` and `remote_timeout` (kind remote) with the remote's words as cause.
    pub fn list_remote(&self, remote: &str, limit: Duration) -> Result<Listed> {
        let prefix = remote_prefix(&self.config)?;
        let (state, folder) = (format!("{prefix}main"), format!("{prefix}{FOLDER}"));
        let lines = self.ls_remote(remote, &[&state, &format!("{folder}*")], limit)?;
        let mut listed = Listed::default();
        for (hex, name) in lines.lines().filter_map(|line| line.split_once('\t')) {
            if name == state {
                listed.tip = Some(hex.parse()?);
            } else if let (Some(replica), Ok(id)) = (name.strip_prefix(&folder), hex.parse())
                && Id::parse(replica).is_ok()
                && listed.presence.len() < MOST_REPLICAS
            {
                listed.presence.insert(replica.to_owned(), id);
            }
        }
        Ok(listed)
    }

    /// Makes the presence of a replica: a commit with one file, which is the same for the same bytes and the same moment.
    /// Its ref here is moved to it.
    ///
    /// Crash before the ref moves: objects that nothing refers to. After it: what was made is pushed the next time.
    ///
    /// # Errors
    /// `disk_full`, `read_only`, `io`.
    pub fn make_presence(
        &self,
        _turn: &Writer<'_>,
        replica: &Id,
        name: &str,
        bytes: &[u8],
        at: Timestamp,
    ) -> Result<Oid> {
        let mut draft = Draft::new(self.format);
        let edit = Edit { path: name.to_owned(), content: Some(Content::Bytes(Arc::from(bytes))) };
        let tree = draft.apply(&self.objects, None, &[edit])?;
        let person = Person::new("git-coord", "git-coord@localhost");
        let parts = Parts {
            tree,
            parents: &[],
            author: &person,
            author_time: at,
            committer: &person,
            commit_time: at,
            message: &format!("Signs of life of {replica}"),
        };
        let id = draft.add(Kind::Commit, commit::encode(&parts, self.format)?.into())?;
        let name = local(replica);
        if refs::read(self, &name)? == Some(id) {
            return Ok(id);
        }
        loose::write(self, &draft)?;
        waiters::check(self.waiters.finish())?;
        self.move_by_git(&name, id)?;
        Ok(id)
    }

    /// Pushes the presence of a replica in the place of what a remote was seen to have.
    ///
    /// # Errors
    /// As [`push_state`](Store::push_state).
    pub fn push_presence(&self, remote: &str, replica: &Id, id: Oid, instead_of: Option<Oid>) -> Result<Pushed> {
        let there = format!("{}{FOLDER}{replica}", remote_prefix(&self.config)?);
        let seen = instead_of.map(|id| id.to_string()).unwrap_or_default();
        let lease = format!("--force-with-lease={there}:{seen}");
        let answer = self.push(remote, &[&lease], &format!("{id}:{there}"))?;
        let pushed = judge(&answer, remote)?;
        if pushed == Pushed::Landed {
            let name = format!("{}{FOLDER}{replica}", tracking(remote));
            if refs::read(self, &name)? != Some(id) {
                self.move_by_git(&name, id)?;
            }
        }
        Ok(pushed)
    }

    /// Returns a file of the presence of a replica that was fetched; empty where there is none such, or where it is no
    /// presence at all.
    ///
    /// # Errors
    /// `damaged` where the commit is not here.
    pub fn presence_file(&self, id: Oid, name: &str) -> Result<Vec<u8>> {
        if self.objects.kind(id)?.is_none() {
            return Err(super::fault::damaged(format!("the presence {id} is missing")));
        }
        let file = self.tree(id).and_then(|tree| tree.read(name));
        Ok(file.ok().flatten().map(|file| file.bytes).unwrap_or_default())
    }

    /// Returns what the presence of a replica here is.
    ///
    /// # Errors
    /// `damaged` where the ref is there and cannot be understood.
    pub fn own_presence(&self, replica: &Id) -> Result<Option<Oid>> {
        refs::read(self, &local(replica))
    }

    /// Removes the ref of a replica that this one is no longer. What cannot be removed is left.
    pub fn drop_presence(&self, replica: &Id) {
        let _ = Call::new(&["update-ref", "-d", &local(replica)]).plain().run(self);
    }

    fn move_by_git(&self, name: &str, id: Oid) -> Result<()> {
        let answer = Call::new(&["update-ref", name, &id.to_string()]).plain().run(self)?;
        if answer.is_success() {
            return Ok(());
        }
        Err(Error::fatal("io", format!("cannot move {name}")).because(one_line(&answer.errors)))
    }
}

fn local(replica: &Id) -> String {
    format!("refs/coord/{FOLDER}{replica}")
}
