//! `stale`: claims that have gone silent.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, Timestamp, time};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, Listed, RecordJson, task_cells};
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::Task;
use crate::records::task::TASK;
use crate::session::resolve::short;
use crate::state::{Page as Items, all};

/// List the claims that have gone silent
///
/// Those that have given no sign of life for longer than they live.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// A task whose holder has gone silent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The task.
    #[serde(flatten)]
    pub task: RecordJson,
    /// The last sign of life.
    pub last_sign: Timestamp,
    /// How long ago that was.
    pub silent_seconds: u64,
    #[serde(skip)]
    shown: Task,
}

/// The claims that have gone silent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer {
    listed: Listed<Item>,
}

/// The verb.
pub struct Stale;

impl Verb for Stale {
    const NAME: &'static str = "stale";
    const GROUP: Group = Group::Status;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let tasks = all::<Task>(&session.snapshot()?)?;
        let signs = session.machine().signs();
        let now = session.now();
        let stale: Vec<Task> = signs.stale(tasks.iter(), now).into_iter().map(|(task, _)| task.clone()).collect();
        let last = |task: &Task| task.claim.as_ref().map(|claim| signs.last(claim)).unwrap_or_default();
        let page = Items::cut(stale, &args.list.paging(), |task| format!("{}/{}", last(task), task.id));
        let item = |task: Task| {
            let last_sign = last(&task);
            Item {
                last_sign,
                silent_seconds: now.since(last_sign).as_secs(),
                task: record::head(&task, args.list.stamps),
                shown: task,
            }
        };
        Ok(Answer { listed: Listed::new(page, item) })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.listed.items.is_empty() {
            page.say("No claim is stale");
        }
        for item in &self.listed.items {
            page.table(vec![task_cells(&item.shown)]);
            let silent = time::in_words(std::time::Duration::from_secs(item.silent_seconds));
            page.line([
                plain("    "),
                styled(Style::Warn, format!("silent for {silent}")),
                styled(Style::Dim, format!("  git coord claim {} --takeover", short(&TASK, &item.shown.id))),
            ]);
        }
        self.listed.say_rest(page);
    }
}
