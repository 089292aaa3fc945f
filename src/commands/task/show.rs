//! `show`: any record by its id.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::held::reserved;
use crate::base::{Result, Timestamp, text};
use crate::commands::fields::{fields, in_line};
use crate::commands::page::{Page, Span, Style, plain, styled};
use crate::commands::record::{self, RecordJson, ago, message_style, status_style, task_cells, word_style};
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::record::{Record, downcast};
use crate::records::task::{Gate, GateStatus, TASK};
use crate::records::{Kind, Message, Stamp, Task};
use crate::session::resolve::{self};
use crate::session::{Session, TreeSnapshot};
use crate::state::Snapshot;
use serde_json::Value;
use std::sync::Arc;

/// Show a record of any kind, by its id or the start of it
///
/// A task that has parts lists them with their state.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The record: an id, the start of one, or `kind/id`
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show when each part was changed, and by whom
    #[arg(long)]
    pub stamps: bool,
}

/// A record, where it lies, and for a task its parts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Shown {
    /// The record.
    pub record: RecordJson,
    /// The object id of its file.
    pub blob: Option<String>,
    /// The commit it was read at.
    pub commit: String,
    /// The tasks that are part of it, without their texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    pub children: Vec<RecordJson>,
    #[serde(skip)]
    people: People,
}

/// What a person is shown.
#[derive(Debug)]
struct People {
    record: Arc<dyn Record>,
    children: Vec<Task>,
    now: Timestamp,
    stamps: bool,
}

/// Returns a record as `show` answers it.
///
/// # Errors
/// `not_found`, `unreadable`.
pub fn shown(
    session: &Session,
    snapshot: &TreeSnapshot<'_>,
    kind: &'static Kind,
    id: &str,
    stamps: bool,
) -> Result<Shown> {
    let record = snapshot.find(kind, id)?.ok_or_else(|| crate::state::snapshot::missing(kind, id))?;
    let children = if *kind == TASK { snapshot.children(id)? } else { Vec::new() };
    Ok(Shown {
        record: record::json(record.as_ref(), stamps),
        blob: snapshot.blob(kind, id)?.map(|blob| blob.to_string()),
        commit: snapshot.commit().to_string(),
        children: children.iter().map(|child| record::head(child, stamps)).collect(),
        people: People { record, children, now: session.now(), stamps },
    })
}

/// The verb.
pub struct Show;

impl Verb for Show {
    const NAME: &'static str = "show";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Shown;

    fn run(args: Args, scene: &Scene) -> Result<Shown> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let (kind, id) = resolve::any(&snapshot, &args.id)?;
        shown(session, &snapshot, kind, &id, args.stamps)
    }
}

impl Report for Shown {
    fn text(&self, page: &mut Page) {
        let People { record, children, now, stamps } = &self.people;
        match (downcast::<Task>(record), downcast::<Message>(record)) {
            (Some(task), _) => task_heading(page, task, *now),
            (_, Some(message)) => message_heading(page, message, *now),
            _ => heading(page, record.as_ref(), *now),
        }
        fields(page, record.as_ref());
        if let Some(task) = downcast::<Task>(record) {
            progress(page, task, *now);
        }
        if *stamps {
            let row = |(key, stamp): (&String, &Stamp)| {
                vec![styled(Style::Dim, format!("  {key}")), plain(format!("{} {}", stamp.0, stamp.1))]
            };
            page.heading("Changed");
            page.table(record.edited().iter().map(row).collect());
        }
        if !record.body().trim().is_empty() {
            page.blank();
            page.text(0, record.body());
        }
        if !children.is_empty() {
            let closed = children.iter().filter(|child| !child.is_open()).count();
            page.heading(format!("Parts ({closed} of {} closed)", children.len()));
            page.table(children.iter().map(task_cells).collect());
        }
    }
}

/// What it is, how it stands, and who made it when; from the words that records of most kinds have.
fn heading(page: &mut Page, record: &dyn Record, now: Timestamp) {
    let map = record.to_map();
    let word = |field: &str| map.get(field).and_then(Value::as_str).map(|word| text::excerpt(word, 60));
    let mut first = vec![styled(Style::Id, record.id().as_str())];
    match word("title") {
        Some(_) => first.extend([plain("  "), styled(Style::Heading, map["title"].as_str().unwrap_or_default())]),
        None => first.push(styled(Style::Dim, format!("  {}", record.kind().name))),
    }
    page.line(first);
    let mut second: Vec<Span> = Vec::new();
    for (field, word) in ["status", "severity", "type"].iter().filter_map(|field| Some((*field, word(field)?))) {
        let style = if field == "type" { Style::Plain } else { word_style(&word) };
        second.extend([styled(style, word), plain("  ")]);
    }
    if !second.is_empty() {
        let by = text::excerpt(map["created_by"].as_str().unwrap_or_default(), 40);
        second.push(styled(Style::Dim, format!("made {} by {by}", ago(now, record.created_at()))));
        page.line(second);
    }
}

fn task_heading(page: &mut Page, task: &Task, now: Timestamp) {
    page.line([styled(Style::Id, task.id.as_str()), plain("  "), styled(Style::Heading, &task.title)]);
    page.line([
        styled(status_style(&task.status), task.status.as_str()),
        plain(format!("  {}  {}", task.priority, task.r#type)),
        styled(Style::Dim, format!("  made {} by {}", ago(now, task.created_at), text::excerpt(&task.created_by, 40))),
    ]);
    if let Some(claim) = &task.claim {
        let holder = text::excerpt(&claim.agent, 40);
        let claimed = ago(now, claim.at);
        page.line([
            styled(Style::Warn, format!("held by {holder}, claimed {claimed}")),
            styled(Style::Dim, format!("  claim {}, epoch {}, ttl {} min", claim.id, claim.epoch, claim.ttl_minutes)),
        ]);
        if !claim.paths.is_empty() {
            page.line([styled(Style::Dim, "reserves "), plain(reserved(claim))]);
        }
    }
}

/// The steps of the work and its checks, which say more as lines than as values.
fn progress(page: &mut Page, task: &Task, now: Timestamp) {
    if !task.steps.is_empty() {
        let done = task.steps.iter().filter(|step| step.done).count();
        page.heading(format!("Steps ({done} of {} done)", task.steps.len()));
        for step in &task.steps {
            let (mark, style) = if step.done { ("[x] ", Style::Good) } else { ("[ ] ", Style::Plain) };
            page.line([styled(style, format!("  {mark}")), plain(text::excerpt(&step.name, 200))]);
        }
    }
    if !task.gates.is_empty() {
        page.heading("Gates");
        let row = |(name, gate): (&String, &Gate)| {
            let style = match gate.status {
                GateStatus::Passed => Style::Good,
                GateStatus::Failed => Style::Bad,
                _ => Style::Dim,
            };
            let figures = gate.figures.iter().map(|(name, figure)| format!("{name} {}", in_line(figure)));
            vec![
                plain(format!("  {}", text::excerpt(name, 40))),
                styled(style, gate.status.as_str()),
                styled(Style::Dim, gate.last_run.map(|run| ago(now, run)).unwrap_or_default()),
                plain(figures.collect::<Vec<_>>().join(", ")),
            ]
        };
        page.table(task.gates.iter().map(row).collect());
    }
}

fn message_heading(page: &mut Page, message: &Message, now: Timestamp) {
    page.line([
        styled(Style::Id, message.id.as_str()),
        plain("  "),
        styled(message_style(message), message.r#type.as_str()),
        plain(format!(" from {}", text::excerpt(&message.from, 40))),
        styled(Style::Dim, format!("  {}", ago(now, message.timestamp))),
    ]);
}
