//! Making, starting and closing sprints. All else of them is changed by edit.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::wording::{in_progress_elsewhere, listed};
use super::{Context, task::fresh_id};
use crate::base::{Error, Id, Result, Timestamp, text};
use crate::query::dispatch;
use crate::records::record::Typed;
use crate::records::sprint::{SPRINT, Sprint, Status};
use crate::records::status::STATUS;
use crate::records::task::TASK;
use crate::records::{StatusEntry, Term, stamps};
use crate::state::snapshot::missing;
use crate::state::{Changeset, Select, Snapshot, find, load};

/// What a new sprint is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct New {
    /// What it is called.
    pub title: String,
    /// The id, where the user chose one.
    pub id: Option<String>,
    /// Its document.
    pub body: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What it is to reach.
    pub goal: Option<String>,
    /// When it is to begin.
    pub starts_at: Option<Timestamp>,
    /// When it is to end.
    pub ends_at: Option<Timestamp>,
    /// By what its success is seen.
    pub success_metrics: Vec<String>,
    /// What may go wrong.
    pub risks: Vec<String>,
    /// Free labels.
    pub labels: BTreeSet<String>,
}

/// Which sprint to start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Start {
    /// The sprint.
    pub sprint: String,
    /// Whether it is started although somebody is at it.
    pub force: bool,
}

/// Which sprint to close.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Close {
    /// The sprint.
    pub sprint: String,
    /// Whether it is closed although tasks of it are open.
    pub force: bool,
    /// Whether it ends as cancelled, which one that was never started can too.
    pub cancel: bool,
}

/// Makes a sprint, in planning.
///
/// # Errors
/// `id_taken` (3); `bad_id` or `bad_record` (5).
pub fn new(snapshot: &dyn Snapshot, input: &New, context: &Context) -> Result<Changeset> {
    let id = fresh_id(snapshot, &SPRINT, input.id.as_deref(), context)?;
    let mut sprint = Sprint::new(id, context.now, &context.agent);
    sprint.title.clone_from(&input.title);
    sprint.body.clone_from(&input.body);
    sprint.owner.clone_from(&input.owner);
    sprint.goal.clone_from(&input.goal);
    sprint.starts_at = input.starts_at;
    sprint.ends_at = input.ends_at;
    sprint.success_metrics.clone_from(&input.success_metrics);
    sprint.risks.clone_from(&input.risks);
    sprint.labels.clone_from(&input.labels);
    sprint.validate()?;
    let mut changes = Changeset::new(format!("Add sprint {}: {}", sprint.id, text::excerpt(&sprint.title, 60)));
    changes.put_main(sprint);
    Ok(changes)
}

/// Starts a sprint that is being planned.
///
/// # Errors
/// `not_planning` (3); `in_progress_elsewhere` (3) without force where a status entry says that somebody is at it;
/// `not_found` (4).
pub fn start(snapshot: &dyn Snapshot, input: &Start, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.sprint)?;
    if before.status != Status::Planning {
        return Err(not_so("not_planning", &before, "start"));
    }
    let entries = entries_of(snapshot, &before.id)?;
    let at_it = dispatch::at_sprint(&entries, &before.id);
    if let Some(entry) = at_it.filter(|_| !input.force) {
        return Err(in_progress_elsewhere("start", &before.id, entry, context.now));
    }
    let mut after = before.clone();
    after.status = Status::Active;
    after.starts_at = before.starts_at.or(Some(context.now));
    stamps::mark(&before, &mut after, context.now, &context.agent);
    let title = text::excerpt(&after.title, 60);
    let mut changes = Changeset::new(match at_it {
        None => format!("Start sprint {}: {title}", after.id),
        Some(entry) => {
            format!("Start sprint {} by force, {} is at it: {title}", after.id, text::excerpt(&entry.agent, 40))
        }
    });
    changes.put_main(after);
    Ok(changes)
}

/// Closes a sprint that is active, or cancels one that is not closed yet. Its status entries leave the tip with it; the
/// history has them.
///
/// # Errors
/// `not_active` (3); `open_tasks` (5) without force; `not_found` (4).
pub fn close(snapshot: &dyn Snapshot, input: &Close, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.sprint)?;
    let (doing, done, status) = match input.cancel {
        true => ("cancel", "Cancel", Status::Cancelled),
        false => ("close", "Close", Status::Completed),
    };
    let may_end = before.status == Status::Active || (input.cancel && before.status.is_open());
    if !may_end {
        return Err(not_so("not_active", &before, doing));
    }
    let open = open_tasks(snapshot, &before.id)?;
    if !open.is_empty() && !input.force {
        let are = if open.len() == 1 { "is" } else { "are" };
        let message = format!("cannot {doing} sprint {}: {} {are} open", before.id, listed(&open));
        return Err(Error::invalid("open_tasks", message)
            .detail("tasks", open)
            .hint(format!("git coord task list --sprint {} --status open", before.id)));
    }
    let mut after = before.clone();
    after.status = status;
    after.ends_at = before.ends_at.or(Some(context.now));
    stamps::mark(&before, &mut after, context.now, &context.agent);
    let title = text::excerpt(&after.title, 60);
    let mut changes = Changeset::new(match open.len() {
        0 => format!("{done} sprint {}: {title}", after.id),
        open => format!("{done} sprint {} by force, {open} open: {title}", after.id),
    });
    for entry in entries_of(snapshot, &after.id)? {
        if entry.sprint.as_deref() == Some(&after.id) {
            changes.remove(STATUS.path(&entry.id));
        }
    }
    changes.put_main(after);
    Ok(changes)
}

/// Returns the sprint with this id, which must be there.
///
/// # Errors
/// `not_found`; `unreadable` where its file is no sprint.
pub fn require(snapshot: &dyn Snapshot, id: &str) -> Result<Sprint> {
    find::<Sprint>(snapshot, id)?.ok_or_else(|| missing(&SPRINT, id).hint("git coord sprint list"))
}

/// The tasks of a sprint that are open, and those that cannot be read and may be some of its own.
fn open_tasks(snapshot: &dyn Snapshot, sprint: &str) -> Result<Vec<String>> {
    let own = snapshot.under(&TASK, &Select::with(Term::new("sprint/open", sprint)))?;
    let mut open: Vec<String> = own.into_iter().map(String::from).collect();
    open.extend(snapshot.broken_naming(&TASK, sprint)?.into_iter().map(String::from));
    Ok(open)
}

/// The status entries that name a sprint.
fn entries_of(snapshot: &dyn Snapshot, sprint: &Id) -> Result<Vec<StatusEntry>> {
    load(snapshot, &snapshot.under(&STATUS, &Select::with(Term::new("sprint", sprint.folded())))?)
}

fn not_so(code: &'static str, sprint: &Sprint, doing: &str) -> Error {
    let status = text::excerpt(sprint.status.as_str(), 40);
    Error::conflict(code, format!("cannot {doing} sprint {}: it is {status}", sprint.id))
        .detail("status", sprint.status.as_str())
        .hint(format!("git coord sprint show {}", sprint.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::fixture::{World, code};
    use crate::ops::{Operation, edit, status};
    use crate::state::{all, get};

    fn start_it(force: bool) -> Operation {
        Operation::SprintStart(Start { sprint: "s".into(), force })
    }

    fn close_it(force: bool) -> Operation {
        Operation::SprintClose(Close { sprint: "s".into(), force, cancel: false })
    }

    fn post(sprint: &str, word: &str) -> Operation {
        Operation::StatusPost(status::Post {
            text: "so it is".into(),
            status: word.into(),
            sprint: Some(sprint.into()),
            ..status::Post::default()
        })
    }

    fn sprint(world: &World) -> Sprint {
        get::<Sprint>(&world.records, "s").expect("the sprint")
    }

    fn world() -> World {
        let mut world = World::new();
        let new = New { title: "One".into(), id: Some("s".into()), ..New::default() };
        world.run(Operation::SprintNew(new)).expect("made");
        world
    }

    #[test]
    fn a_sprint_is_planned_started_and_closed_once_each() {
        let mut world = world();
        assert_eq!(code(world.run(close_it(true))), "not_active");
        world.run(start_it(false)).expect("started");
        assert_eq!((sprint(&world).status, sprint(&world).starts_at), (Status::Active, Some(world.now)));
        assert_eq!(code(world.run(start_it(true))), "not_planning");
        world.run(close_it(false)).expect("closed");
        assert_eq!((sprint(&world).status, sprint(&world).ends_at), (Status::Completed, Some(world.now)));
        assert_eq!(code(world.run(close_it(false))), "not_active");
        let missing = Operation::SprintStart(Start { sprint: "zz".into(), force: false });
        assert_eq!(code(world.run(missing)), "not_found");
    }

    #[test]
    fn its_status_is_no_field_that_edit_changes() {
        let set = std::collections::BTreeMap::from([("status".to_owned(), "active".to_owned())]);
        let edit = edit::Edit { kind: "sprint".into(), id: "s".into(), set, ..edit::Edit::default() };
        assert_eq!(code(world().run(Operation::Edit(edit))), "field_not_editable");
    }

    #[test]
    fn a_sprint_that_somebody_is_at_is_started_only_by_force_and_that_is_recorded() {
        let mut world = world();
        world.run(post("s", "IN_PROGRESS")).expect("posted");
        let error = world.run(start_it(false)).expect_err("refused");
        assert_eq!((error.code(), error.kind().exit_code()), ("in_progress_elsewhere", 3));
        assert!(error.message().contains("ada") && error.message().contains("1 s ago"), "{}", error.message());
        let changes = world.run(start_it(true)).expect("forced");
        assert_eq!(changes.subject, "Start sprint s by force, ada is at it: One");
    }

    #[test]
    fn a_sprint_that_was_left_is_started() {
        let mut world = world();
        world.run(post("s", "STARTED")).expect("posted");
        world.run(post("s", "HANDOFF")).expect("posted");
        assert_eq!(world.run(start_it(true)).expect("started").subject, "Start sprint s: One");
    }

    #[test]
    fn a_sprint_is_cancelled_whether_or_not_it_was_started_and_never_once_it_is_closed() {
        let cancel = || Operation::SprintClose(Close { sprint: "s".into(), force: false, cancel: true });
        let mut planned = world();
        let changes = planned.run(cancel()).expect("cancelled");
        assert_eq!((changes.subject.as_str(), sprint(&planned).status), ("Cancel sprint s: One", Status::Cancelled));
        let mut started = world();
        started.run(start_it(false)).expect("started");
        started.run(cancel()).expect("cancelled");
        assert_eq!(code(started.run(cancel())), "not_active");
        assert_eq!(code(started.run(close_it(true))), "not_active");
    }

    #[test]
    fn open_tasks_keep_a_sprint_open_and_its_entries_leave_with_it() {
        let mut world = world();
        world.run(start_it(false)).expect("started");
        world.task("a");
        let mut task = world.get("a");
        task.sprint = Some("s".into());
        world.put(task);
        for sprint in ["s", "other", "s"] {
            world.run(post(sprint, "COMPLETE")).expect("posted");
        }
        let error = world.run(close_it(false)).expect_err("refused");
        assert_eq!((error.code(), error.kind().exit_code()), ("open_tasks", 5));
        assert_eq!(error.details()["tasks"], serde_json::json!(["a"]));
        let changes = world.run(close_it(true)).expect("forced");
        assert_eq!(changes.subject, "Close sprint s by force, 1 open: One");
        let left = all::<StatusEntry>(&world.records).expect("entries");
        assert_eq!(left.iter().filter_map(|entry| entry.sprint.as_deref()).collect::<Vec<_>>(), ["other"]);
    }
}
