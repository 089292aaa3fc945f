//! Taking a commit back: what it changed is as it was before, by a new commit, where nothing later stands on it.
//!
//! What an undo restores is stamped like any other edit, so a merge takes it for the later word. What never falls, the
//! epoch of a task, stays; and a claim that is over is never given back: nobody can be sure that it is still nobody
//! else's, so the task is free, and is claimed anew. What stands in the way is named, all of it, and then nothing is done.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Context, access, decision, task};
use crate::base::{Error, Id, Result, Timestamp, id, text};
use crate::query::Graph;
use crate::records::message::MESSAGE;
use crate::records::reads::READS;
use crate::records::recipient::{self, Recipient};
use crate::records::record::{AnyRecord, downcast};
use crate::records::task::{Status, TASK};
use crate::records::{Config, Decision, KINDS, Kind, Rule, Task, Term, config, kind};
use crate::state::{Changeset, Overlay, Rotation, Select, Snapshot, find, load};

/// The most obstacles that an error names one by one.
const MOST_NAMED: usize = 20;

/// The fields by which one record names another.
const LINKS: &[&str] =
    &["parent", "depends_on", "related", "discovered_from", "sprint", "task", "thread", "references", "supersedes"];

/// The terms under which records are found that name another by one of these fields.
const LINK_TERMS: &[&str] = &["parent", "on", "names", "sprint", "task", "thread"];

/// Which commit to take back, and what it changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Undo {
    /// The commit.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// When it was made.
    pub at: Timestamp,
    /// The files that it changed.
    pub files: Vec<Changed>,
    /// Whether it puts away what is closed, or brings it back.
    pub rotation: Option<Rotation>,
    /// Whether a claim of somebody else is undone.
    pub force: bool,
}

/// A file that a commit changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changed {
    /// Where it lies.
    pub path: String,
    /// What it held; nothing where it was not there.
    pub before: Option<String>,
    /// What it held afterwards; nothing where it was not there any more.
    pub after: Option<String>,
}

/// Something later that an undo would pull the ground from under.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Obstacle {
    /// The record, as `kind/id`.
    record: String,
    /// What it has to do with the commit.
    why: String,
}

/// Takes a commit back.
///
/// # Errors
/// `built_upon` (3) where something later stands on it, with the detail `in_the_way`; `claim_held` (3) where that would
/// end somebody else's claim; `not_undoable` (5) where it changed what is no record.
pub fn undo(snapshot: &dyn Snapshot, input: &Undo, context: &Context) -> Result<Changeset> {
    let mut work = Work { snapshot, input, context, obstacles: Vec::new() };
    let mut changes = Changeset::new(format!("Undo {}: {}", short(&input.commit), text::excerpt(&input.subject, 60)));
    changes.rotation = input.rotation.map(Rotation::reversed);
    for file in &input.files {
        if file.path == config::PATH {
            changes.absorb(work.settings(file)?);
            continue;
        }
        let part = match (kind::locate(&file.path), recipient::locate(&file.path)) {
            (Some((kind, id)), _) => work.record(kind, &id, file)?,
            (None, Some((recipient, message))) => work.link(&recipient, &message, file)?,
            (None, None) => return Err(not_undoable(input, &format!("it changed {}, which is no record", file.path))),
        };
        changes.absorb(part);
    }
    work.look_for_references()?;
    work.look_at_links(&changes)?;
    if work.obstacles.is_empty() { Ok(changes) } else { Err(work.refusal()) }
}

struct Work<'a> {
    snapshot: &'a dyn Snapshot,
    input: &'a Undo,
    context: &'a Context,
    obstacles: Vec<Obstacle>,
}

impl Work<'_> {
    /// Puts a record back, where it still is what the commit made of it.
    fn record(&mut self, kind: &'static Kind, id: &Id, file: &Changed) -> Result<Changeset> {
        let [before, after] = [&file.before, &file.after].map(|text| self.read(kind, text.as_deref()));
        let (before, after) = (before?, after?);
        let now = self.snapshot.find(kind, id)?;
        let mut part = Changeset::default();
        if !same(now.as_ref(), after.as_ref()) {
            self.obstacle(kind, id, &changed_since(now.as_ref(), after.as_ref()));
            return Ok(part);
        }
        match (before, now) {
            (None, now) => {
                self.end_claim(now.as_ref(), &mut part)?;
                part.remove(kind.path(id));
                part.about = after;
            }
            (Some(before), None) => {
                if let Some(twin) = self.snapshot.twin(kind, id)? {
                    self.obstacle(kind, &twin, &format!("it has been given the id of {id}"));
                }
                let before = self.without_claim(before, None, &mut part)?;
                part.put_any(before.clone());
                part.about = Some(before);
            }
            (Some(before), Some(now)) => {
                let before = self.without_claim(before, Some(&now), &mut part)?;
                let restored = self.restored(kind, &before, &now)?;
                self.settle_claim(&now, &restored, &mut part)?;
                part.put_any(restored.clone());
                part.about = Some(restored);
            }
        }
        Ok(part)
    }

    /// Puts the link to an unread message back, or takes it away.
    fn link(&mut self, recipient: &Recipient, message: &Id, file: &Changed) -> Result<Changeset> {
        let mut part = Changeset::default();
        let is_there = self.snapshot.linked(recipient)?.contains(message);
        // What a commit has brought back together with its readers is gone again together with them.
        let readers = READS.path(message);
        let has_readers = self.input.files.iter().any(|file| file.path == readers && file.before.is_none());
        let may_be_read = file.after.is_some() && recipient.is_shared() && !has_readers;
        if may_be_read && self.snapshot.contains(&READS, message)? {
            self.obstacle(&MESSAGE, message, &format!("it has been read, as a message to {recipient}"));
            return Ok(part);
        }
        if is_there != file.after.is_some() {
            let why = if is_there { "it was delivered again" } else { "it has been read" };
            self.obstacle(&MESSAGE, message, &format!("{why}, as a message to {recipient}"));
            return Ok(part);
        }
        let comes_back =
            self.input.files.iter().any(|file| file.path == MESSAGE.path(message) && file.before.is_some());
        let said = match self.snapshot.find(&MESSAGE, message)? {
            None if file.before.is_some() && !comes_back => {
                self.obstacle(&MESSAGE, message, "it is gone since");
                return Ok(part);
            }
            Some(said) => Some(said),
            None => self.read(&MESSAGE, file.before.as_deref())?,
        };
        match (&file.before, &said) {
            (Some(_), Some(said)) => part.link(file.path.clone(), said.clone()),
            _ => part.remove(file.path.clone()),
        }
        // One that is sent no more is told of by its own file.
        part.about = said.filter(|_| file.before.is_some());
        Ok(part)
    }

    /// Puts the settings of the team back, where they still are what the commit made of them.
    fn settings(&mut self, file: &Changed) -> Result<Changeset> {
        let read = |text: &Option<String>| text.as_deref().map(|text| Config::decode(text.as_bytes())).transpose();
        let (before, after) = (read(&file.before)?, read(&file.after)?);
        let mut part = Changeset::default();
        match before {
            Some(before) if Some(self.snapshot.config()?) == after => part.put_settings(before),
            Some(_) => self.obstacles.push(Obstacle {
                record: config::PATH.to_owned(),
                why: "the settings of the team were changed later".to_owned(),
            }),
            None => return Err(not_undoable(self.input, "it made the settings of the team")),
        }
        Ok(part)
    }

    fn read(&self, kind: &'static Kind, text: Option<&str>) -> Result<Option<AnyRecord>> {
        let read = text.map(|text| (kind.decode)(text.as_bytes())).transpose();
        read.map_err(|error| not_undoable(self.input, "it changed a file that is no record").because(error))
    }

    /// Returns a record as it was before, stamped as changed now; what never falls stays as it is.
    fn restored(&self, kind: &'static Kind, before: &AnyRecord, now: &AnyRecord) -> Result<AnyRecord> {
        let (mut fields, present) = (before.to_map(), now.to_map());
        for field in kind.fields.iter().filter(|field| field.rule == Rule::Max).map(|field| field.name) {
            match present.get(field) {
                Some(value) => fields.insert(field.to_owned(), value.clone()),
                None => fields.shift_remove(field),
            };
        }
        for name in ["updated_at", "updated_by", "edited"] {
            match present.get(name) {
                Some(value) => fields.insert(name.to_owned(), value.clone()),
                None => fields.shift_remove(name),
            };
        }
        let restored = (kind.build)(fields, before.body())?;
        let marked = (kind.mark)(now, &restored, self.context.now, &self.context.agent)?;
        Ok(marked.unwrap_or(restored))
    }

    /// A task that is gone again is nobody's any more.
    fn end_claim(&self, now: Option<&AnyRecord>, part: &mut Changeset) -> Result<()> {
        if let Some(task) = now.and_then(downcast::<Task>) {
            access::require_holder(self.context, task, None, self.input.force, "undo the making of")?;
            part.ends.clone_from(&task.claim);
        }
        Ok(())
    }

    /// A claim that ends by this must be the asker's; one that is there again is remembered where it is the asker's.
    fn settle_claim(&self, now: &AnyRecord, restored: &AnyRecord, part: &mut Changeset) -> Result<()> {
        let (Some(now), Some(restored)) = (downcast::<Task>(now), downcast::<Task>(restored)) else { return Ok(()) };
        let id = |task: &Task| task.claim.as_ref().map(|claim| claim.id.clone());
        if id(now) == id(restored) {
            return Ok(());
        }
        access::require_holder(self.context, now, None, self.input.force, "undo what was done to")?;
        part.ends.clone_from(&now.claim);
        Ok(())
    }

    /// Returns a task as it was before, with the claim that it has now and no other: a claim that is over stays over.
    fn without_claim(&self, before: AnyRecord, now: Option<&AnyRecord>, changes: &mut Changeset) -> Result<AnyRecord> {
        let Some(task) = downcast::<Task>(&before) else { return Ok(before) };
        let claim = now.and_then(downcast::<Task>).and_then(|now| now.claim.clone());
        let had = task.claim.as_ref().map(|claim| claim.id.as_str());
        if had == claim.as_ref().map(|claim| claim.id.as_str()) {
            return Ok(Arc::new(Task { claim, ..task.clone() }));
        }
        let Some(over) = &task.claim else { return Ok(before) };
        changes.warn(
            "claim_is_over",
            format!("{} is free: the claim of {} stays over", task.id, text::excerpt(&over.agent, 40)),
        );
        let mut free = Task { claim: None, ..task.clone() };
        if free.status == Status::InProgress {
            free.status = Status::Pending;
        }
        if free.assignee.as_ref() == Some(&over.agent) {
            free.assignee = None;
        }
        Ok(Arc::new(free))
    }

    /// Names the records that point to what is to be gone again, in one pass over all there are.
    fn look_for_references(&mut self) -> Result<()> {
        let gone: BTreeMap<String, &'static Kind> = self
            .input
            .files
            .iter()
            .filter(|file| file.before.is_none())
            .filter_map(|file| {
                // Who has read a message goes with it, and is named by nothing.
                let (kind, id) = kind::locate(&file.path).filter(|(kind, _)| kind.companion_of.is_none())?;
                Some((id.to_string(), kind))
            })
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let terms = |name: &'static str| {
            // Threads, and the tasks and sprints of status entries, are found whatever the case.
            gone.keys().flat_map(move |id| [Term::new(name, id), Term::new(name, id::fold(id))])
        };
        let naming = Select::all().and_any(LINK_TERMS.iter().flat_map(|name| terms(name)));
        for other in KINDS {
            for id in self.snapshot.under(other, &naming)? {
                let Ok(Some(record)) = self.snapshot.find(other, &id) else { continue };
                let is_gone = gone.get(record.id().as_str()) == Some(other);
                for (id, kind) in links(&record).iter().filter_map(|id| gone.get_key_value(id)).filter(|_| !is_gone) {
                    self.obstacle(other, record.id(), &format!("it names the {} {id}", kind.name));
                }
            }
        }
        Ok(())
    }

    /// Names what does not fit the tasks and decisions as they would be: what went on because a task was closed, a closed
    /// task with an open part, what would wait for itself.
    fn look_at_links(&mut self, changes: &Changeset) -> Result<()> {
        let mut restored = Overlay::new(self.snapshot);
        restored.lay(changes)?;
        // Of all tasks, so built once, and only where a task asks for it.
        let graph = OnceCell::new();
        for record in changes.parts.iter().filter_map(|part| part.about.as_ref()) {
            if let Some(decided) = downcast::<Decision>(record)
                && let Some(place) = decided.supersedes.as_deref()
                && find::<Decision>(&restored, place)?.is_some()
            {
                decision::refuse_circle(&restored, decided, place)?;
            }
            let Some(task) = downcast::<Task>(record) else { continue };
            if find::<Task>(&restored, &task.id)?.is_none() {
                continue;
            }
            let now = find::<Task>(self.snapshot, &task.id)?;
            if now.as_ref().is_none_or(|now| (&now.depends_on, &now.parent) != (&task.depends_on, &task.parent)) {
                let whole = match graph.get() {
                    Some(whole) => whole,
                    None => {
                        let whole = Graph::of(&restored)?;
                        graph.get_or_init(|| whole)
                    }
                };
                task::refuse_circle(whole, &task.id)?;
            }
            self.look_at_family(task, now.as_ref(), &restored)?;
            if now.is_some_and(|now| !now.is_open()) && task.is_open() {
                self.look_for_followers(task)?;
            }
        }
        Ok(())
    }

    /// A task that is closed has no open part, where it had none before.
    fn look_at_family(&mut self, task: &Task, now: Option<&Task>, restored: &Overlay<'_>) -> Result<()> {
        let was_open = now.is_some_and(Task::is_open);
        if task.is_open() && !was_open {
            let parent = task.parent.as_deref().map(|parent| find::<Task>(restored, parent)).transpose()?.flatten();
            if let Some(parent) = parent.filter(|parent| !parent.is_open()) {
                self.obstacle(&TASK, &parent.id, &format!("it is closed, and {} is a part of it", task.id));
            }
        }
        if !task.is_open() && was_open {
            for child in restored.children(&task.id)?.into_iter().filter(Task::is_open) {
                self.obstacle(&TASK, &child.id, &format!("it is an open part of {}", task.id));
            }
        }
        Ok(())
    }

    fn look_for_followers(&mut self, task: &Task) -> Result<()> {
        let since = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment >= self.input.at);
        let follows = |other: &Task| other.depends_on.contains(task.id.as_str()) && since(other.started_at);
        let contains = |other: &Task| task.parent.as_deref() == Some(&*other.id) && since(other.completed_at);
        let after = self.snapshot.under(&TASK, &Select::with(Term::new("on", task.id.as_str())))?;
        let whole = task.parent.as_deref().and_then(|parent| Id::parse(parent).ok());
        let others: Vec<Task> = load(self.snapshot, &after.into_iter().chain(whole).collect::<Vec<_>>())?;
        let found = others.into_iter().filter(|other| follows(other) || contains(other));
        let untouched = found.filter(|other| !self.input.files.iter().any(|file| file.path == TASK.path(&other.id)));
        let obstacles: Vec<Id> = untouched.map(|other| other.id).collect();
        for other in obstacles {
            self.obstacle(&TASK, &other, &format!("it went on because {} was closed", task.id));
        }
        Ok(())
    }

    fn obstacle(&mut self, kind: &Kind, id: &Id, why: &str) {
        self.obstacles.push(Obstacle { record: format!("{}/{id}", kind.name), why: why.to_owned() });
    }

    fn refusal(mut self) -> Error {
        self.obstacles.dedup();
        let total = self.obstacles.len();
        let first = &self.obstacles[0];
        let rest = if total > 1 { format!(", and {} more", total - 1) } else { String::new() };
        let message = format!(
            "cannot undo {}: {} stands in the way: {}{rest}",
            short(&self.input.commit),
            first.record,
            first.why
        );
        let hint = match first.record.as_str() {
            config::PATH => "git coord config".to_owned(),
            record => format!("git coord show {record}"),
        };
        self.obstacles.truncate(MOST_NAMED);
        Error::conflict("built_upon", message)
            .detail("in_the_way", serde_json::to_value(&self.obstacles).unwrap_or_default())
            .detail("total", total)
            .hint(hint)
            .hint("git coord log")
    }
}

/// Returns the error for a commit that cannot be taken back at all.
pub fn not_undoable(input: &Undo, why: &str) -> Error {
    Error::invalid("not_undoable", format!("cannot undo {}: {why}", short(&input.commit))).hint("git coord log")
}

/// Returns the beginning of a commit id, as the log shows it.
fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

fn same(now: Option<&AnyRecord>, then: Option<&AnyRecord>) -> bool {
    let whole = |record: &AnyRecord| (record.to_map(), record.body().to_owned());
    now.map(whole) == then.map(whole)
}

fn changed_since(now: Option<&AnyRecord>, then: Option<&AnyRecord>) -> String {
    match (now, then) {
        (None, _) => "it is gone since".to_owned(),
        (Some(_), None) => "it is there again".to_owned(),
        (Some(now), Some(_)) => {
            let by = now.to_map().get("updated_by").and_then(|by| by.as_str().map(str::to_owned)).unwrap_or_default();
            format!("{} changed it at {}", text::excerpt(&by, 40), now.updated_at())
        }
    }
}

/// Returns the ids that a record names by its links.
fn links(record: &AnyRecord) -> BTreeSet<String> {
    let fields = record.to_map();
    let values = LINKS.iter().filter_map(|field| fields.get(*field));
    let ids = values.flat_map(|value| match value {
        serde_json::Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        value => value.as_str().map(str::to_owned).into_iter().collect::<Vec<_>>(),
    });
    ids.collect()
}
