//! `status list`: what agents have reported.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, Timestamp, id, text};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, Listed, RecordJson, ago, word_style};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::query::lists::Lists;
use crate::query::{derive, dispatch};
use crate::records::status::{STATUS, Severity};
use crate::records::{StatusEntry, Typed};
use crate::state::{End, Page as Items, Select, Snapshot};

/// List what agents have reported, the oldest first
///
/// Stale is an entry whose agent said that it is at it, has said nothing later of the same, and has given no sign of
/// life for longer than the entry lives.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Only entries of this agent
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Only entries of this sprint
    #[arg(long, value_name = "ID")]
    pub sprint: Option<String>,
    /// Only entries of this task
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// Only entries of this status
    #[arg(long, value_name = "S")]
    pub status: Option<String>,
    /// Only entries of this severity
    #[arg(long, value_name = "LEVEL")]
    pub severity: Option<String>,
    /// Only entries that are stale
    #[arg(long)]
    pub stale: bool,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

impl Args {
    fn wanted(&self) -> Select {
        let fold = |name: &Option<String>| name.as_deref().map(id::fold);
        Select::all()
            .and_maybe("agent", fold(&self.by).as_deref())
            .and_maybe("sprint", fold(&self.sprint).as_deref())
            .and_maybe("task", fold(&self.task).as_deref())
            .and_maybe("status", fold(&self.status).as_deref())
            .and_maybe("severity", fold(&self.severity).as_deref())
    }
}

/// What an agent has reported.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The entry.
    #[serde(flatten)]
    #[schemars(with = "Of<StatusEntry>")]
    pub entry: RecordJson,
    /// Whether its agent has gone silent over it.
    pub stale: bool,
    #[serde(skip)]
    shown: StatusEntry,
}

/// What agents have reported.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer {
    listed: Listed<Item>,
    #[serde(skip)]
    now: Timestamp,
}

/// The verb.
pub struct List;

impl Verb for List {
    const NAME: &'static str = "status list";
    const GROUP: Group = Group::Status;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let working = Lists::of(&snapshot).all::<StatusEntry>(derive::WORKING)?;
        let stale = dispatch::stale(&working, &session.machine().signs(), session.now());
        let is_stale = |entry: &StatusEntry| stale.iter().any(|(other, _)| other.id == entry.id);
        let paging = args.list.paging();
        let page = if args.stale {
            let shown = working.iter().filter(|entry| is_stale(entry) && args.wanted().fits(&entry.terms()));
            Items::cut(shown.cloned().collect(), &paging, |entry| entry.id.to_string())
        } else {
            snapshot.select(&STATUS, &args.wanted(), &paging, End::First)?.load(&snapshot)?
        };
        let item = |entry: StatusEntry| Item {
            entry: record::json(&entry, args.list.stamps),
            stale: is_stale(&entry),
            shown: entry,
        };
        Ok(Answer { listed: Listed::new(page, item), now: session.now() })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.listed.items.is_empty() {
            page.say("No status entries");
        }
        for Item { shown: entry, stale, .. } in &self.listed.items {
            let [status, severity] = [entry.status.as_str(), entry.severity.as_str()];
            let about = entry.task.as_deref().or(entry.sprint.as_deref()).unwrap_or_default();
            let severity = if entry.severity == Severity::Info { "" } else { severity };
            page.line([
                styled(word_style(status), text::excerpt(status, 40)),
                plain(format!("  {}  {}", text::excerpt(&entry.agent, 40), text::excerpt(about, 60))),
                styled(word_style(severity), format!("  {}", text::excerpt(severity, 40))),
                styled(Style::Dim, format!("  {}", ago(self.now, entry.timestamp))),
                styled(Style::Warn, if *stale { "  stale" } else { "" }),
            ]);
            page.text(4, &entry.body);
        }
        self.listed.say_rest(page);
    }
}
