//! Which claims have to give way before our tip may be published: those that were made without knowing of a published one.
//!
//! A lifecycle that differs from the published one may be published where it was made in knowledge of it: it is under the
//! same claim; or it took that claim over; or it was made behind a commit that ended that claim. What was not is put
//! back. By this a published claim is never displaced by an unpublished one, on whatever road that came.
//!
//! It is a function of the two commits alone, so every clone rules alike. Only tasks whose claim differs, or about whose
//! lifecycle a merge had to choose, have their history looked at, and of it only what is not published yet.

use std::collections::BTreeMap;

use super::knowledge::{Knowledge, Move, id_of, is_a_ruling};
use super::making::Asker;
use super::peek::Peek;
use super::setup::NOBODY;
use super::{Identity, Session};
use crate::base::Result;
use crate::ops::settle::{Lost, Restored, Ruling, SPEAKER, Settle, message_id};
use crate::ops::{self, Context, Operation};
use crate::records::conflict::CONFLICT;
use crate::records::kind::locate;
use crate::records::task::{Claim, TASK};
use crate::records::{Conflict, Message, Task};
use crate::store::{Chain, Oid, Person, Writer};

impl Session {
    /// Returns what has to give way in our tip, beside what is published.
    ///
    /// # Errors
    /// `damaged`, `shallow`, `newer_format`.
    pub fn rulings(&self, published: Oid, tip: Oid) -> Result<Vec<Ruling>> {
        if published == tip {
            return Ok(Vec::new());
        }
        let (theirs, ours) = (self.peek(published)?, self.peek(tip)?);
        let disputed = self.disputed((published, &theirs), (tip, &ours))?;
        if disputed.is_empty() {
            return Ok(Vec::new());
        }
        let pasts = self.pasts(published, tip, disputed.keys())?;
        let mut rulings = Vec::new();
        for (id, Disputed { published: there, here, is_chosen }) in &disputed {
            let Some(there) = there else { continue };
            let past = pasts.get(id).map_or(&[][..], Vec::as_slice);
            let knows = Knowledge { session: self, tip: published, published: there, past, is_chosen: *is_chosen };
            let ruling = self.rule(&knows, here, &ours)?;
            rulings.extend(ruling.filter(|ruling| ruling.restored.is_some() || !ruling.lost.is_empty()));
        }
        Ok(rulings)
    }

    /// Returns whether a claim is confirmed: the remote of the team had it at the last fetch, or there is no such remote.
    pub fn is_confirmed(&self, task: &str, claim: &Claim) -> bool {
        let remotes = self.store().remotes();
        let Some(remote) = self.settings().remote.as_ref().filter(|remote| remotes.contains(remote)) else {
            return true;
        };
        let published = self.store().tracking_tip(remote).ok().flatten();
        let there = published.and_then(|tip| self.peek(tip).ok()?.find::<Task>(task).ok().flatten());
        there.and_then(|task| task.claim).is_some_and(|there| there.id == claim.id)
    }

    /// Returns the circumstances of a ruling, and in whose name it is written.
    pub(super) fn judge(&self) -> Result<(Context, Asker)> {
        let nobody = Person::new(NOBODY.0, NOBODY.1);
        let committer = self.store().committer()?.unwrap_or_else(|| nobody.clone());
        let agent = SPEAKER.to_owned();
        let identity = Identity { agent, source: "", session: None, author: nobody, committer };
        // What the user asks for may depend on a commit; this does not.
        Ok((self.plain_context(&identity), Asker { if_match: None, ..self.asker(&identity) }))
    }

    /// Lets give way what has to, in a commit on a chain, and tells those who have lost a claim.
    ///
    /// It must not be seen before the remote has taken it: where that has moved meanwhile, the rulings are others.
    pub(super) fn settle(
        &self,
        writer: &Writer<'_>,
        chain: &mut Chain,
        (context, asker): &(Context, Asker),
        remote: &str,
        rulings: &[Ruling],
    ) -> Result<()> {
        let operation = Operation::Settle(Settle { remote: remote.to_owned(), rulings: rulings.to_vec() });
        self.make(writer, chain, asker, context, |moment| ops::apply(&operation, moment, context)).map(drop)
    }

    /// Returns the tasks that there may be a ruling about, as they are published and as they are here.
    fn disputed(&self, (published, theirs): (Oid, &Peek<'_>), (tip, ours): (Oid, &Peek<'_>)) -> Result<Tasks> {
        let mut tasks = Tasks::new();
        let changes = self.store().diff(Some(published), tip)?;
        for (kind, id) in changes.iter().filter_map(|change| locate(&change.path)) {
            let task = match kind.name {
                name if name == TASK.name => Some(id.to_string()),
                name if name == CONFLICT.name => ours.find::<Conflict>(&id)?.and_then(about_a_lifecycle),
                _ => None,
            };
            let Some(task) = task else { continue };
            let Some(here) = ours.find::<Task>(&task)? else { continue };
            let there = theirs.find::<Task>(&task)?;
            let is_claimed_alike =
                id_of(there.as_ref().and_then(|task| task.claim.as_ref())) == id_of(here.claim.as_ref());
            let is_chosen = kind.name == CONFLICT.name;
            if is_chosen || !is_claimed_alike {
                let known = tasks.remove(&task).is_some_and(|known| known.is_chosen);
                tasks.insert(task, Disputed { published: there, here, is_chosen: is_chosen || known });
            }
        }
        Ok(tasks)
    }

    /// Returns what commits that are not published have made of the lifecycles of tasks, the latest first. Merges make
    /// nothing, and neither does an earlier ruling, which knew of what was published then and not of what is now.
    fn pasts<'t>(
        &self,
        published: Oid,
        tip: Oid,
        tasks: impl Iterator<Item = &'t String> + Clone,
    ) -> Result<BTreeMap<String, Vec<Move>>> {
        let mut pasts: BTreeMap<String, Vec<Move>> = BTreeMap::new();
        for commit in self.store().log_since(tip, Some(published))? {
            let commit = commit?;
            let [parent] = commit.parents.as_slice() else { continue };
            if is_a_ruling(&commit) {
                continue;
            }
            let (before, after) = (self.peek(*parent)?, self.peek(commit.id)?);
            for id in tasks.clone() {
                if before.blob::<Task>(id)? == after.blob::<Task>(id)? {
                    continue;
                }
                let (before, after) = (before.find::<Task>(id)?, after.find::<Task>(id)?);
                let saw = before.as_ref().map(Task::lifecycle);
                if let Some(task) = after.filter(|after| Some(after.lifecycle()) != saw) {
                    pasts.entry(id.clone()).or_default().push(Move { commit: commit.id, saw, task });
                }
            }
        }
        Ok(pasts)
    }

    /// Rules about one task.
    fn rule(&self, knows: &Knowledge<'_>, here: &Task, ours: &Peek<'_>) -> Result<Option<Ruling>> {
        let (stands, published) = (knows.stands(here)?, knows.published);
        // Of those who knew, the last has the word; where none did, what is published.
        let (wanted, by_whom) = match stands {
            true => (here, here.claim.as_ref()),
            false => match knows.last()? {
                Some(last) => (&last.task, last.to().or(published.claim.as_ref())),
                None => (published, published.claim.as_ref()),
            },
        };
        let mut lost = Vec::new();
        for claim in knows.made(here)? {
            let is_held = id_of(Some(&claim)) == id_of(by_whom);
            if is_held {
                continue;
            }
            let one = Lost { branch: self.machine().branch_of(&claim), to: by_whom.cloned(), claim };
            if ours.find::<Message>(&message_id(&one))?.is_none() {
                lost.push(one);
            }
        }
        let restored = (!stands).then(|| Restored::of(here, wanted));
        Ok(Some(Ruling { task: here.id.to_string(), restored, lost }))
    }
}

/// The tasks that there may be a ruling about.
type Tasks = BTreeMap<String, Disputed>;

/// A task that there may be a ruling about.
struct Disputed {
    /// As it is published; nothing where it is not.
    published: Option<Task>,
    here: Task,
    /// Whether a merge had to choose between two lifecycles.
    is_chosen: bool,
}

/// Returns the task whose lifecycle a conflict is about.
fn about_a_lifecycle(conflict: Conflict) -> Option<String> {
    let (kind, id) = conflict.record.split_once('/')?;
    (kind == TASK.name && conflict.field == "lifecycle").then(|| id.to_owned())
}
