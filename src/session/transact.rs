//! The way of a change: decide on the tip, write objects, move the ref by compare-and-swap, or decide again.
//!
//! The kernel lock only makes the queue fair. What makes a change safe is that the ref moves from the very tip on which
//! the operation decided; where it has moved, the operation runs again on the new tip and may then refuse.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Draft, Identity, Session, TreeSnapshot, draft, precondition, recover};
use crate::base::{Error, Kind as ErrorKind, Result, Timestamp, text, time};
use crate::ops::{self, Context, Operation};
use crate::query::overlap::Policy;
use crate::query::stale::SignKey;
use crate::query::{Signs, Tracked};
use crate::records::record::Record;
use crate::records::{Config, codec, kind};
use crate::state::event::{self, Difference, Origin};
use crate::state::{Changeset, Edit as Change, Event, Snapshot, Warning};
use crate::store::{Content, Edit, NewCommit, Oid, Published, Writer};

/// What an operation did.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The commit; nothing where nothing had to change.
    pub commit: Option<Oid>,
    /// Whether something is different now, or would be.
    pub changed: bool,
    /// The records that the operation was about, as they are now.
    pub records: Vec<Arc<dyn Record>>,
    /// What happened.
    pub events: Vec<Event>,
    /// The settings of the team as they are now, where they have changed.
    pub settings: Option<Arc<Config>>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// When.
    pub at: Timestamp,
    /// What would have been written, where nothing was to be.
    pub draft: Option<Draft>,
}

impl Outcome {
    /// Returns the record that the operation was about, as it is now; of several the first.
    pub fn record(&self) -> Option<&Arc<dyn Record>> {
        self.records.first()
    }
}

impl Session {
    /// Does an operation: it has happened, durably and for everybody, or nothing has.
    ///
    /// # Errors
    /// The refusal of the operation; `not_set_up`; `busy` (7) where the turn did not come in time; and what the store
    /// cannot write.
    pub fn transact(&self, operation: &Operation) -> Result<Outcome> {
        let identity = self.identity()?;
        let mut context = self.plain_context(&identity);
        if operation.looks_at_files() {
            // Before our turn: git may take a moment, and nobody is to wait for it.
            context.tracked = self.tracked_files()?;
        }
        if operation.looks_at_others() {
            // As well: an index that has to be made anew is not made while others wait for us.
            self.snapshot()?.prepare();
        }
        self.transact_with(&identity, &context, |snapshot| {
            if !operation.looks_at_signs() {
                return ops::apply(operation, snapshot, &context);
            }
            // Looked at when it is our turn: a holder may have given a sign while we waited for it.
            let now = time::now().max(context.now);
            ops::apply(operation, snapshot, &Context { now, signs: self.machine().signs(), ..context.clone() })
        })
    }

    /// Returns the files that git tracks; none where nobody looks at overlaps.
    ///
    /// # Errors
    /// Where git could not be asked.
    pub fn tracked_files(&self) -> Result<Tracked> {
        match self.settings().overlap {
            Policy::Off => Ok(Tracked::default()),
            Policy::Refuse | Policy::Warn => Ok(Tracked::new(self.store().tracked_files()?)),
        }
    }

    /// Does what `decide` wants, with the circumstances given; it is asked again for each tip.
    ///
    /// # Errors
    /// As [`transact`](Self::transact).
    pub fn transact_with(
        &self,
        identity: &Identity,
        context: &Context,
        mut decide: impl FnMut(&TreeSnapshot<'_>) -> Result<Changeset>,
    ) -> Result<Outcome> {
        if self.options().dry_run {
            return self.rehearse(&decide(&self.snapshot()?)?, identity, context);
        }
        let deadline = Instant::now() + self.settings().lock_timeout;
        let mut writer = self.store().lock(self.settings().lock_timeout)?;
        loop {
            let Some(tip) = recover::bring_back(self, &mut writer, self.tip()?, identity)? else {
                wait_for_git(deadline)?;
                continue;
            };
            let snapshot = self.snapshot_on(tip)?;
            let changes = decide(&snapshot)?;
            precondition::check(self.options().if_match.as_deref(), &snapshot, &changes)?;
            if changes.is_empty() {
                self.keep_alive(&changes, identity, context);
                return Ok(outcome(&changes, context));
            }
            if let Some(commit) = self.publish(&mut writer, &snapshot, &changes, identity, context)? {
                // Before the next writer has its turn, who may ask whether we are alive.
                self.keep_alive(&changes, identity, context);
                drop(writer);
                self.keep_small(commit, changes.edits().len());
                return self.outcome(commit, &snapshot, &changes, identity, context);
            }
            wait_for_git(deadline)?;
        }
    }

    /// Returns the circumstances of something that no sign of life of others decides.
    pub fn plain_context(&self, identity: &Identity) -> Context {
        let correlation = self.options().environment.text("GIT_COORD_CORRELATION").filter(|id| !id.is_empty());
        Context {
            now: self.now(),
            agent: identity.agent.clone(),
            session: identity.session.clone(),
            correlation: correlation.map(|id| text::excerpt(id, 128)),
            seed: self.seed().clone(),
            held: self.machine().held(&identity.agent),
            signs: Signs::default(),
            ttl_minutes: self.settings().ttl_minutes,
            overlap: self.settings().overlap,
            tracked: Tracked::default(),
        }
    }

    fn publish(
        &self,
        writer: &mut Writer<'_>,
        snapshot: &TreeSnapshot<'_>,
        changes: &Changeset,
        identity: &Identity,
        context: &Context,
    ) -> Result<Option<Oid>> {
        let parent = self.store().commit(snapshot.commit())?;
        let commit_time = context.now.max(parent.commit_time);
        // Crash after this: the worktree remembers a claim that was never made, which is the id of nothing.
        for claim in changes.all_parts().iter().filter_map(|part| part.holds.as_ref()) {
            self.machine().hold(&identity.agent, &claim.id, context.now)?;
        }
        let new = NewCommit {
            expected: Some(snapshot.commit()),
            parents: vec![snapshot.commit()],
            base: Some(snapshot.commit()),
            edits: lower(changes)?,
            author: identity.author.clone(),
            author_time: context.now,
            committer: identity.committer.clone(),
            commit_time,
            message: message(snapshot, changes, context)?,
            reflog: format!("coord: {}", text::one_line(&changes.subject)),
        };
        let published = writer.publish(new);
        match published {
            Ok(Published::Landed(commit)) => Ok(Some(commit)),
            Ok(Published::Moved) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn outcome(
        &self,
        commit: Oid,
        before: &TreeSnapshot<'_>,
        changes: &Changeset,
        identity: &Identity,
        context: &Context,
    ) -> Result<Outcome> {
        let after = self.store().tree(commit)?;
        let mut differences = differences(before, changes);
        for difference in &mut differences {
            difference.blob = after.find(&difference.path)?.map(|blob| blob.to_string());
        }
        let events = event::events(&differences, &origin(commit.to_string(), changes, identity, context));
        Ok(Outcome { commit: Some(commit), events, ..outcome(changes, context) })
    }

    /// Tells what a change would do, and leaves everything as it is.
    fn rehearse(&self, changes: &Changeset, identity: &Identity, context: &Context) -> Result<Outcome> {
        let snapshot = self.snapshot()?;
        precondition::check(self.options().if_match.as_deref(), &snapshot, changes)?;
        // git's own word for a commit that is none.
        let nowhere = "0".repeat(snapshot.commit().to_string().len());
        let events = event::events(&differences(&snapshot, changes), &origin(nowhere, changes, identity, context));
        Ok(Outcome { events, draft: Some(draft::draft(&snapshot, changes)?), ..outcome(changes, context) })
    }

    /// Notes that the asker is alive, and which claims it holds or holds no longer.
    ///
    /// The change has landed, so nothing here may fail it: a sign that cannot be noted only ages the claim.
    fn keep_alive(&self, changes: &Changeset, identity: &Identity, context: &Context) {
        let machine = self.machine();
        let agent = &identity.agent;
        let session = context.session.as_deref().unwrap_or_default();
        let _ = machine.note_sign(SignKey::Session { agent, session }, agent, context.now);
        let parts = changes.all_parts();
        for claim in parts.iter().filter_map(|part| part.holds.as_ref()) {
            let _ = machine.note_sign(Signs::key(claim), agent, context.now);
            let _ = machine.hold(agent, &claim.id, context.now);
        }
        for over in parts.iter().filter_map(|part| part.ends.as_ref()) {
            machine.let_go(&over.agent, &over.id);
        }
    }
}

/// Returns what became of a change that made no commit.
fn outcome(changes: &Changeset, context: &Context) -> Outcome {
    Outcome {
        commit: None,
        changed: !changes.is_empty(),
        records: changes.all_parts().iter().filter_map(|part| part.about.clone()).collect(),
        events: Vec::new(),
        settings: changes.settings(),
        warnings: changes.warnings.clone(),
        at: context.now,
        draft: None,
    }
}

fn origin(commit: String, changes: &Changeset, identity: &Identity, context: &Context) -> Origin {
    Origin {
        commit,
        agent: identity.agent.clone(),
        session: context.session.clone(),
        correlation_id: context.correlation.clone(),
        at: context.now,
        rotation: changes.rotation,
    }
}

/// Only a git that writes the ref without our queue can have moved it: gives it a moment, until the time is up.
fn wait_for_git(deadline: Instant) -> Result<()> {
    if Instant::now() >= deadline {
        let message = "cannot write: another program keeps moving the ref";
        return Err(Error::new(ErrorKind::Busy, "retry_limit", message).hint("try again"));
    }
    std::thread::sleep(Duration::from_millis(1));
    Ok(())
}

/// Returns the changes as bytes at paths.
pub(super) fn lower(changes: &Changeset) -> Result<Vec<Edit>> {
    let mut written: BTreeMap<(&str, &str), Arc<[u8]>> = BTreeMap::new();
    let mut edits = Vec::with_capacity(changes.edits().len());
    for (path, change) in changes.edits() {
        let content = match change {
            Change::Remove => None,
            Change::Settings(settings) => Some(Content::Bytes(settings.encode()?.into())),
            Change::Put(record) => {
                let key = (record.kind().name, record.id().as_str());
                let bytes = match written.get(&key) {
                    Some(bytes) => bytes.clone(),
                    None => written.entry(key).or_insert(codec::encode(record.as_ref())?.into()).clone(),
                };
                Some(Content::Bytes(bytes))
            }
        };
        edits.push(Edit { path: path.clone(), content });
    }
    Ok(edits)
}

/// Returns what differs between a moment and what a changeset wants of it.
pub(super) fn differences(before: &TreeSnapshot<'_>, changes: &Changeset) -> Vec<Difference> {
    let difference = |(path, change): (&String, &Change)| Difference {
        path: path.clone(),
        before: kind::locate(path).and_then(|(kind, id)| before.find(kind, &id).ok().flatten()),
        after: match change {
            Change::Put(record) => Some(record.clone()),
            Change::Settings(_) | Change::Remove => None,
        },
        blob: None,
        settings: match change {
            Change::Settings(after) => Some(Box::new((before.settings().clone(), after.as_ref().clone()))),
            _ => None,
        },
    };
    changes.edits().iter().map(difference).collect()
}

/// The most events that a commit message names; the tree has them all.
const MOST_TRAILERS: usize = 20;

/// The subject for people, and trailers as hints for plain `git log`.
fn message(before: &TreeSnapshot<'_>, changes: &Changeset, context: &Context) -> Result<String> {
    let words = event::words(&differences(before, changes), changes.rotation);
    let mut message = format!("{}\n\n", text::one_line(&changes.subject));
    let mut trailer = |name: &str, value: &str| message.push_str(&format!("{name}: {}\n", text::one_line(value)));
    for (what, record) in words.iter().take(MOST_TRAILERS) {
        trailer("Coord-Event", what);
        trailer("Coord-Record", record);
    }
    trailer("Coord-Agent", &context.agent);
    if let Some(session) = &context.session {
        trailer("Coord-Session", session);
    }
    if let Some(correlation) = &context.correlation {
        trailer("Coord-Correlation", correlation);
    }
    Ok(message)
}
