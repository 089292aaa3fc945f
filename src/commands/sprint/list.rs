//! `sprint list`: the sprints, and how far they are.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, text};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, Listed, RecordJson, word_style};
use crate::commands::schema::of::Of;
use crate::commands::task::list::status_or_state;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::sprint::SPRINT;
use crate::records::task::TASK;
use crate::records::{Sprint, Term};
use crate::session::resolve::short;
use crate::state::{End, Select, Snapshot};

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
        let wanted = Select::all().and_any(args.status.iter().map(|word| status_or_state(word)));
        let page = snapshot.select(&SPRINT, &wanted, &args.list.paging(), End::First)?.load::<Sprint>(&snapshot)?;
        let own = |name, sprint: &Sprint| snapshot.count(&TASK, &Select::with(Term::new(name, sprint.id.as_str())));
        let item = |sprint: Sprint| {
            let tasks = own("sprint", &sprint)?;
            Ok(Item {
                sprint: record::head(&sprint, args.list.stamps),
                tasks,
                closed_tasks: tasks - own("sprint/open", &sprint)?,
                shown: sprint,
            })
        };
        Ok(Answer { listed: Listed::try_new(page, item)? })
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
