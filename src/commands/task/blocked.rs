//! `blocked`: the tasks that cannot go on, and why.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, Listed, RecordJson, task_cells};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::ops::wording::in_words;
use crate::query::lists::Lists;

use crate::query::Reason;
use crate::records::Task;

/// List the open tasks that cannot go on, with the reasons
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// A task that cannot go on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The task.
    #[serde(flatten)]
    #[schemars(with = "Of<Task>")]
    pub task: RecordJson,
    /// Why it cannot go on.
    pub reasons: Vec<Reason>,
}

/// The tasks that cannot go on.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer {
    listed: Listed<Item>,
    #[serde(skip)]
    tasks: Vec<(Task, Vec<Reason>)>,
}

/// The verb.
pub struct Blocked;

impl Verb for Blocked {
    const NAME: &'static str = "blocked";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let page = Lists::of(&snapshot).blocked(&args.list.paging())?;
        let tasks = page.items.clone();
        let item = |(task, reasons)| Item { task: record::head(&task, args.list.stamps), reasons };
        Ok(Answer { listed: Listed::new(page, item), tasks })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.tasks.is_empty() {
            page.say("Nothing is blocked");
        }
        for (task, reasons) in &self.tasks {
            page.table(vec![task_cells(task)]);
            page.line([plain("    "), styled(Style::Bad, in_words(reasons))]);
        }
        self.listed.say_rest(page);
    }
}
