//! `sprint list`: the sprints, and how far they are.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, text};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, Listed, RecordJson, word_style};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::sprint::SPRINT;
use crate::records::{Sprint, Task};
use crate::session::resolve::short;
use crate::state::{Page as Items, all};

/// List the sprints, the oldest first, and how far they are
///
/// With how many of their tasks are closed.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Only sprints of this status; `open` and `closed` stand for several. May be given several times
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<String>,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

impl Args {
    fn fits(&self, sprint: &Sprint) -> bool {
        let status = |word: &String| match word.as_str() {
            "open" => sprint.status.is_open(),
            "closed" => !sprint.status.is_open(),
            word => sprint.status.as_str() == word,
        };
        self.status.is_empty() || self.status.iter().any(status)
    }
}

/// A sprint, and how far it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The sprint, without its document.
    #[serde(flatten)]
    #[schemars(with = "Of<Sprint>")]
    pub sprint: RecordJson,
    /// How many tasks name it.
    pub tasks: usize,
    /// How many of them are closed.
    pub closed_tasks: usize,
    #[serde(skip)]
    shown: Sprint,
}

/// Sprints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer {
    listed: Listed<Item>,
}

/// The verb.
pub struct List;

impl Verb for List {
    const NAME: &'static str = "sprint list";
    const GROUP: Group = Group::Sprint;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let tasks = all::<Task>(&snapshot)?;
        let mut sprints = all::<Sprint>(&snapshot)?;
        sprints.retain(|sprint| args.fits(sprint));
        let page = Items::cut(sprints, &args.list.paging(), |sprint| format!("{}/{}", sprint.created_at, sprint.id));
        let item = |sprint: Sprint| {
            let own = || tasks.iter().filter(|task| task.sprint.as_deref() == Some(&sprint.id));
            Item {
                sprint: record::head(&sprint, args.list.stamps),
                tasks: own().count(),
                closed_tasks: own().filter(|task| !task.is_open()).count(),
                shown: sprint,
            }
        };
        Ok(Answer { listed: Listed::new(page, item) })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.listed.items.is_empty() {
            page.say("No sprints");
        }
        let row = |item: &Item| {
            let status = item.shown.status.as_str();
            vec![
                styled(Style::Id, short(&SPRINT, &item.shown.id)),
                styled(word_style(status), text::excerpt(status, 40)),
                plain(format!("{} of {} closed", item.closed_tasks, item.tasks)),
                plain(text::excerpt(&item.shown.title, 200)),
            ]
        };
        page.table(self.listed.items.iter().map(row).collect());
        self.listed.say_rest(page);
    }
}
