//! `show`: any record by its id.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::held::{claim_state, reserved};
use crate::base::{Result, Timestamp, text};
use crate::commands::fields::{fields, in_line};
use crate::commands::page::{Page, Span, Style, plain, styled};
use crate::commands::record::{self, RecordJson, ago, message_style, status_style, task_cells, word_style};
use crate::commands::schema::of::{Of, OfAny};
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::reads::Reads;
use crate::records::recipient::Recipient;
use crate::records::record::{Record, downcast};
use crate::records::sprint::SPRINT;
use crate::records::task::{Gate, GateStatus, TASK};
use crate::records::{Kind, Message, Stamp, Task, Term};
use crate::session::resolve;
use crate::session::{Session, TreeSnapshot};
use crate::state::{End, Paging, Select, Snapshot, Warning, find};

/// Show a record of any kind, by its id or the start of it
///
/// A task that has parts lists them with their state, and a sprint its tasks. A message to several says who has read it.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The record: an id, the start of one, or `kind/id`
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show when each part was changed, and by whom
    #[arg(long)]
    pub stamps: bool,
    /// Show it as the history last had it, where it has been archived or removed
    #[arg(long)]
    pub archived: bool,
}

/// The most tasks that are shown of what a task or a sprint has.
const MOST_CHILDREN: usize = 50;

/// A record, where it lies, and what hangs together with it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Shown {
    /// The record.
    #[schemars(with = "OfAny")]
    pub record: RecordJson,
    /// The object id of its file.
    pub blob: Option<String>,
    /// The commit it was read at.
    pub commit: String,
    /// Under `--archived`, whether it has left: then `commit` is the last one that had it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[serde(default)]
    pub archived: bool,
    /// Of a task the tasks that are part of it, of a sprint its tasks; without their texts. The first 50, the most
    /// important first; `task list --parent ID` and `task list --sprint ID` have all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    #[schemars(with = "Vec<Of<Task>>")]
    pub children: Vec<RecordJson>,
    /// How many such tasks there are; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub children_total: Option<usize>,
    /// Of a message to several, who has read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub readers: Option<BTreeSet<String>>,
    /// Of a task that somebody holds, whether the remote of the team has the claim, as of the last fetch: `confirmed` or
    /// `provisional`. Without a remote every claim is confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub claim_state: Option<&'static str>,
    /// What the user should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    pub warnings: Vec<Warning>,
    #[serde(skip)]
    people: People,
}

/// What a person is shown.
#[derive(Debug)]
struct People {
    record: Arc<dyn Record>,
    children: Parts,
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
    let mut warnings = Vec::new();
    let children = match kind {
        _ if *kind == TASK => parts(snapshot, ["parent", "parent/open"], id),
        _ if *kind == SPRINT => parts(snapshot, ["sprint", "sprint/open"], id),
        _ => Ok(Parts::default()),
    };
    // The record itself is whole, and is what was asked for.
    let children = children.or_else(|error| match error.code() {
        "damaged" => {
            let message = format!("nobody can tell which tasks belong to {id}: {error}");
            warnings.push(Warning { code: "parts_unknown".to_owned(), message });
            Ok(Parts::default())
        }
        _ => Err(error),
    })?;
    let is_now = session.tip().ok() == Some(snapshot.commit());
    let claim = downcast::<Task>(&record).filter(|_| is_now).and_then(|task| task.claim.as_ref());
    let claim_state = claim.map(|claim| claim_state(session.is_confirmed(id, claim)));
    Ok(Shown {
        record: record::json(record.as_ref(), stamps),
        blob: snapshot.blob(kind, id)?.map(|blob| blob.to_string()),
        commit: snapshot.commit().to_string(),
        archived: false,
        children: children.shown.iter().map(|child| record::head(child, stamps)).collect(),
        children_total: Some(children.total).filter(|total| *total > 0),
        claim_state,
        readers: downcast::<Message>(&record).and_then(|message| readers(snapshot, message)),
        warnings,
        people: People { record, children, now: session.now(), stamps },
    })
}

/// The tasks of a task or a sprint: the first of them, and how many there are.
#[derive(Debug, Default)]
struct Parts {
    shown: Vec<Task>,
    total: usize,
    closed: usize,
}

/// Returns the tasks that name a record under the first of two words, and of which the open ones do so under the second.
fn parts(snapshot: &TreeSnapshot<'_>, [word, open]: [&'static str; 2], id: &str) -> Result<Parts> {
    let first = Paging { limit: MOST_CHILDREN, cursor: None };
    let page = snapshot.select(&TASK, &Select::with(Term::new(word, id)), &first, End::First)?;
    let open = snapshot.count(&TASK, &Select::with(Term::new(open, id)))?;
    let (total, shown) = (page.total, page.load(snapshot)?.items);
    Ok(Parts { shown, total, closed: total - open })
}

/// Returns who has read a message to several; nothing where it is to one, whose inbox tells, or where nobody can say.
fn readers(snapshot: &TreeSnapshot<'_>, message: &Message) -> Option<BTreeSet<String>> {
    let is_shared = message.to.iter().any(|to| Recipient::parse(to).is_ok_and(|to| to.is_shared()));
    let reads = if is_shared { find::<Reads>(snapshot, &message.id).ok()? } else { return None };
    Some(reads.map(|reads| reads.readers).unwrap_or_default())
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
        if args.archived {
            let last = session.find_last(&args.id)?;
            let then = session.snapshot_at(last.commit)?;
            let answer = shown(session, &then, last.kind, &last.id, args.stamps)?;
            return Ok(Shown { archived: then.commit() != snapshot.commit(), ..answer });
        }
        let (kind, id) = resolve::any(&snapshot, &args.id).map_err(|error| match error.code() {
            "not_found" => error.hint("what has been archived or removed is shown with --archived"),
            _ => error,
        })?;
        shown(session, &snapshot, kind, &id, args.stamps)
    }
}

impl Report for Shown {
    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn text(&self, page: &mut Page) {
        let People { record, children, now, stamps } = &self.people;
        if self.archived {
            page.line([styled(Style::Warn, "archived or removed"), plain(format!("; last in {}", &self.commit[..10]))]);
        }
        match (downcast::<Task>(record), downcast::<Message>(record)) {
            (Some(task), _) => task_heading(page, task, *now),
            (_, Some(message)) => message_heading(page, message, *now),
            _ => heading(page, record.as_ref(), *now),
        }
        fields(page, record.as_ref());
        if self.claim_state == Some(claim_state(false)) {
            let why = "the remote of the team has not taken the claim yet: git coord sync";
            page.line([styled(Style::Warn, "provisional"), plain(format!("; {why}"))]);
        }
        if let Some(readers) = &self.readers {
            let names: Vec<&str> = readers.iter().map(String::as_str).collect();
            let names = if names.is_empty() { "nobody yet".to_owned() } else { text::excerpt(&names.join(", "), 400) };
            page.line([styled(Style::Dim, "read by "), plain(names)]);
        }
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
        if children.total > 0 {
            let (what, flag) =
                if downcast::<Task>(record).is_some() { ("Parts", "parent") } else { ("Tasks", "sprint") };
            page.heading(format!("{what} ({} of {} closed)", children.closed, children.total));
            page.table(children.shown.iter().map(task_cells).collect());
            if let more @ 1.. = children.total - children.shown.len() {
                let all = format!("{more} more: git coord task list --{flag} {}", record.id());
                page.line([styled(Style::Dim, all)]);
            }
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
            let (mark, style) = match (step.done, task.current_step.as_ref() == Some(&step.name)) {
                (true, _) => ("[x] ", Style::Good),
                (false, true) => ("[>] ", Style::Warn),
                (false, false) => ("[ ] ", Style::Plain),
            };
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
