//! `task list`: tasks by what they have in common.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::commands::args::ListArgs;
use crate::commands::page::Page;
use crate::commands::record::{self, Listed, RecordJson, task_cells};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::sprint::SPRINT;
use crate::records::task::TASK;
use crate::records::{Kind, Task, Term};
use crate::session::TreeSnapshot;
use crate::session::archived::LastSeen;
use crate::session::resolve;
use crate::state::{End, Page as Items, Select, Snapshot, get};

/// List tasks, the most important and oldest first
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Only tasks of this status; `open` and `closed` stand for several. May be given several times
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<String>,
    /// Only tasks of this sprint
    #[arg(long, value_name = "ID")]
    pub sprint: Option<String>,
    /// Only tasks of this assignee
    #[arg(long, value_name = "NAME")]
    pub assignee: Option<String>,
    /// Only tasks with this label; of several, with all
    #[arg(long, value_name = "LABEL")]
    pub label: Vec<String>,
    /// Only tasks of this type
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
    /// Only tasks that are part of this one
    #[arg(long, value_name = "ID")]
    pub parent: Option<String>,
    /// Tasks that have been archived, as they were last, and not those that are there
    #[arg(long)]
    pub archived: bool,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

impl Args {
    fn wanted(&self) -> Select {
        let wanted = Select::all()
            .and_any(self.status.iter().map(|word| status_or_state(word)))
            .and_maybe("sprint", self.sprint.as_deref())
            .and_maybe("assignee", self.assignee.as_deref())
            .and_maybe("type", self.r#type.as_deref())
            .and_maybe("parent", self.parent.as_deref());
        self.label.iter().fold(wanted, |wanted, label| wanted.and(Term::new("label", label)))
    }
}

/// Returns the term of a status, or of several by one word: `open` and `closed`.
pub(crate) fn status_or_state(word: &str) -> Term {
    Term::new(if matches!(word, "open" | "closed") { "state" } else { "status" }, word)
}

/// Tasks.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Tasks {
    #[schemars(with = "Listed<Of<Task>>")]
    listed: Listed<RecordJson>,
    #[serde(skip)]
    tasks: Vec<Task>,
}

impl Tasks {
    /// Makes the answer of a page of tasks. Their texts are left out; `show` has them.
    pub fn new(page: Items<Task>, stamps: bool) -> Self {
        let tasks = page.items.clone();
        Tasks { listed: Listed::new(page, |task| record::head(&task, stamps)), tasks }
    }

    /// Returns whether the whole list is empty.
    pub fn is_empty(&self) -> bool {
        self.listed.total == 0
    }
}

/// The verb.
pub struct List;

impl Verb for List {
    const NAME: &'static str = "task list";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Tasks;

    fn run(mut args: Args, scene: &Scene) -> Result<Tasks> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        // A sprint that is not there yet, or any more, may be named by tasks all the same.
        args.sprint = resolved_if_there(&snapshot, &SPRINT, args.sprint)?;
        args.parent = match args.parent {
            Some(parent) if !args.archived => Some(resolve::one(&snapshot, &TASK, &parent)?.into()),
            parent => resolved_if_there(&snapshot, &TASK, parent)?,
        };
        if args.archived {
            let page = session.archived(&TASK, &args.wanted(), &args.list.paging())?;
            let load = |last: LastSeen| get::<Task>(&session.snapshot_at(last.commit)?, &last.id);
            return Ok(Tasks::new(page.try_map(load)?, args.list.stamps));
        }
        let page = snapshot.select(&TASK, &args.wanted(), &args.list.paging(), End::First)?;
        Ok(Tasks::new(page.load(&snapshot)?, args.list.stamps))
    }
}

/// Returns the whole id of a record that a text names; the text itself where there is none.
fn resolved_if_there(snapshot: &TreeSnapshot<'_>, kind: &'static Kind, name: Option<String>) -> Result<Option<String>> {
    match name.as_deref().map(|name| resolve::one(snapshot, kind, name)) {
        Some(Ok(id)) => Ok(Some(id.into())),
        Some(Err(error)) if error.code() != "not_found" => Err(error),
        _ => Ok(name),
    }
}

impl Report for Tasks {
    fn text(&self, page: &mut Page) {
        if self.tasks.is_empty() {
            page.say("No tasks");
        }
        page.table(self.tasks.iter().map(task_cells).collect());
        self.listed.say_rest(page);
    }
}
