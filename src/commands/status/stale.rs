//! `stale`: claims and status entries over which somebody has gone silent.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, Timestamp, text, time};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, Listed, RecordJson, task_cells, word_style};
use crate::commands::schema::of::OfAny;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::ops::wording::send_to;
use crate::query::lists::{Lists, claimed};
use crate::query::{Signs, derive, dispatch};
use crate::records::task::TASK;
use crate::records::{StatusEntry, Task};
use crate::session::resolve::short;
use crate::state::Page as Items;

/// List what has gone silent: claims, and status entries
///
/// Claims that have given no sign of life for longer than they live; and, as status list --stale has them, entries whose
/// agent said that it is at it, has said nothing later of the same, and has given no sign of life for longer than the
/// entry lives. The longest silent come first.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// Something over which somebody has gone silent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The task whose claim it is, or the status entry; its `kind` says which.
    #[serde(flatten)]
    #[schemars(with = "OfAny")]
    pub record: RecordJson,
    /// The last sign of life.
    pub last_sign: Timestamp,
    /// How long ago that was.
    pub silent_seconds: u64,
    #[serde(skip)]
    shown: Silent,
}

/// What somebody has gone silent over.
#[derive(Debug)]
enum Silent {
    Claim(Box<Task>),
    Entry(Box<StatusEntry>),
}

impl Silent {
    fn id(&self) -> &str {
        match self {
            Silent::Claim(task) => &task.id,
            Silent::Entry(entry) => &entry.id,
        }
    }

    fn last_sign(&self, signs: &Signs) -> Timestamp {
        match self {
            Silent::Claim(task) => task.claim.as_ref().map(|claim| signs.last(claim)).unwrap_or_default(),
            Silent::Entry(entry) => dispatch::last_sign(entry, signs),
        }
    }

    fn json(&self, stamps: bool) -> RecordJson {
        match self {
            Silent::Claim(task) => record::head(task.as_ref(), stamps),
            Silent::Entry(entry) => record::head(entry.as_ref(), stamps),
        }
    }
}

/// What has gone silent.
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
        let snapshot = session.snapshot()?;
        let tasks = claimed(&snapshot)?;
        let entries = Lists::of(&snapshot).all::<StatusEntry>(derive::WORKING)?;
        let signs = session.machine().signs();
        let now = session.now();
        let claims = signs.stale(tasks.iter(), now).into_iter().map(|(task, _)| Silent::Claim(Box::new(task.clone())));
        let entries = dispatch::stale(&entries, &signs, now).into_iter();
        let stale = claims.chain(entries.map(|(entry, _)| Silent::Entry(Box::new(entry.clone())))).collect();
        let key = |silent: &Silent| format!("{}/{}", silent.last_sign(&signs), silent.id());
        let page = Items::cut(stale, &args.list.paging(), key);
        let item = |silent: Silent| {
            let last_sign = silent.last_sign(&signs);
            Item {
                last_sign,
                silent_seconds: now.since(last_sign).as_secs(),
                record: silent.json(args.list.stamps),
                shown: silent,
            }
        };
        Ok(Answer { listed: Listed::new(page, item) })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.listed.items.is_empty() {
            page.say("Nothing is stale");
        }
        for item in &self.listed.items {
            let next = match &item.shown {
                Silent::Claim(task) => {
                    page.table(vec![task_cells(task)]);
                    format!("git coord claim {} --takeover", short(&TASK, &task.id))
                }
                Silent::Entry(entry) => {
                    entry_line(page, entry);
                    let about = entry.task.as_deref().or(entry.sprint.as_deref());
                    let see = || format!("git coord show status/{}", entry.id);
                    about.and_then(|about| send_to(&entry.agent, about)).unwrap_or_else(see)
                }
            };
            let silent = time::in_words(std::time::Duration::from_secs(item.silent_seconds));
            page.line([
                plain("    "),
                styled(Style::Warn, format!("silent for {silent}")),
                styled(Style::Dim, format!("  {next}")),
            ]);
        }
        self.listed.say_rest(page);
    }
}

fn entry_line(page: &mut Page, entry: &StatusEntry) {
    let status = entry.status.as_str();
    let about = entry.task.as_deref().or(entry.sprint.as_deref()).unwrap_or_default();
    page.line([
        styled(word_style(status), text::excerpt(status, 40)),
        plain(format!("  {}  {}", text::excerpt(&entry.agent, 40), text::excerpt(about, 60))),
        styled(Style::Dim, format!("  {}", text::excerpt(&entry.body, 80))),
    ]);
}
