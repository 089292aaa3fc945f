//! `status`: how things stand, on one page.

use std::time::Duration;

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attention::{Reported, Said, Silent};
use super::board::{Board, Brief, Counts, Member, Progress};
use super::few::Few;
use crate::base::{Result, Timestamp, text, time};
use crate::commands::args::limit_value;
use crate::commands::history::events::{event_cells, latest_in_brief};
use crate::commands::page::{Page, Span, Style, plain, styled};
use crate::commands::record::{ago, presence_style, word_style};
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::sprint::SPRINT;
use crate::records::task::TASK;
use crate::session::resolve::short;
use crate::state::Event;

/// Show how things stand, on one page
///
/// What is alarming and who has gone silent first, then the sprints that are under way, what is yours, what is ready, who
/// is here and does what, what waits for an answer, open conflicts, and what happened last.
#[derive(Debug, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// At most that many items of each thing, in JSON; a person is shown fewer
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit_value)]
    pub limit: u32,
}

impl Default for Args {
    fn default() -> Self {
        Args { limit: 50 }
    }
}

/// How many events are shown.
const LATEST: usize = 10;

/// A commit that has changed more files than this is one event: an import would be all that is shown, and take its time.
const MOST_CHANGES: usize = 200;

/// How many of each other thing a person is shown.
const FEW: usize = 5;

/// How many characters the bar of a sprint has.
const BAR: usize = 10;

/// How things stand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub board: Board,
    /// What happened last, the latest first. What one commit did to more than 200 files is one event, `state.changed`.
    pub events: Vec<Event>,
    #[serde(skip)]
    now: Timestamp,
}

/// The verb.
pub struct Status;

impl Verb for Status {
    const NAME: &'static str = "status";
    const GROUP: Group = Group::Status;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let agent = session.identity().ok().map(|identity| identity.agent);
        let board = Board::of(session, &snapshot, agent.as_deref(), args.limit as usize)?;
        let events = latest_in_brief(session, LATEST, MOST_CHANGES)?;
        Ok(Answer { board, events, now: session.now() })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let board = &self.board;
        counts(page, board);
        section(page, "Urgent", Style::Bad, &board.urgent, |said| said_cells(said, self.now));
        section(page, "Reports", Style::Bad, &board.reports, |report| report_cells(report, self.now));
        section(page, "Silent", Style::Bad, &board.stale, silent_cells);
        section(page, "Sprints", Style::Heading, &board.sprints, |sprint| sprint_cells(sprint, self.now));
        section(page, "Yours", Style::Heading, &board.mine, task_cells);
        section(page, "Ready", Style::Heading, &board.ready, task_cells);
        section(page, "Agents", Style::Heading, &board.agents, agent_cells);
        section(page, "Waiting for an answer", Style::Warn, &self.waiting(), |said| said_cells(said, self.now));
        section(page, "Conflicts", Style::Bad, &board.conflicts, |open| {
            vec![styled(Style::Id, format!("  {}", open.id)), plain(&open.field), plain(&open.record)]
        });
        if !self.events.is_empty() {
            page.heading("Latest");
            let indented = |event: &Event| {
                let mut cells = event_cells(event, self.now);
                cells[0].text.insert_str(0, "  ");
                cells
            };
            page.table(self.told().map(indented).collect());
        }
    }
}

impl Answer {
    /// What waits for an answer, but for what stands above as urgent.
    fn waiting(&self) -> Few<&Said> {
        let Board { urgent, unanswered, .. } = &self.board;
        let above = |said: &&Said| urgent.items.iter().take(FEW).any(|shown| shown.id == said.id);
        let twice = unanswered.items.iter().filter(above).count();
        let items = unanswered.items.iter().filter(|said| !above(said)).collect();
        Few { items, total: unanswered.total - twice }
    }

    /// What happened last, one line for what one commit did to one record.
    fn told(&self) -> impl Iterator<Item = &Event> {
        let again = |n: usize, event: &Event| {
            n > 0 && self.events[n - 1].commit == event.commit && self.events[n - 1].record == event.record
        };
        self.events.iter().enumerate().filter(move |(n, event)| !again(*n, event)).map(|(_, event)| event)
    }
}

fn counts(page: &mut Page, board: &Board) {
    let Counts { open, ready, in_progress, blocked, completed, cancelled, .. } = board.tasks;
    page.line([
        styled(Style::Heading, format!("{open} open")),
        plain(format!(": {ready} ready, {in_progress} in progress, {blocked} blocked")),
        styled(Style::Dim, format!("   {completed} done, {cancelled} cancelled")),
    ]);
    if let (Some(agent), unread @ 1..) = (&board.agent, board.unread) {
        page.line([
            styled(Style::Warn, format!("{unread} unread for {}", text::excerpt(agent, 40))),
            styled(Style::Dim, "  git coord inbox"),
        ]);
    }
    if board.unreadable > 0 {
        page.line([
            styled(Style::Bad, format!("{} files cannot be read", board.unreadable)),
            styled(Style::Dim, "  git coord doctor"),
        ]);
    }
}

/// A heading with a figure, the first few rows, and how many more there are; nothing where there are none.
fn section<T>(page: &mut Page, title: &str, style: Style, few: &Few<T>, row: impl Fn(&T) -> Vec<Span>) {
    if few.total == 0 {
        return;
    }
    page.blank();
    page.line([styled(style, format!("{title} ({})", few.total))]);
    page.table(few.items.iter().take(FEW).map(row).collect());
    let rest = few.total - few.items.len().min(FEW);
    if rest > 0 {
        page.line([styled(Style::Dim, format!("  and {rest} more"))]);
    }
}

fn task_cells(task: &Brief) -> Vec<Span> {
    let holder = task.holder.as_deref().map(|holder| format!("  @{}", text::excerpt(holder, 24))).unwrap_or_default();
    vec![
        styled(Style::Id, format!("  {}", short(&TASK, &task.id))),
        plain(&task.priority),
        styled(word_style(&task.status), &task.status),
        plain(format!("{}{holder}", text::excerpt(&task.title, 200))),
    ]
}

fn sprint_cells(sprint: &Progress, now: Timestamp) -> Vec<Span> {
    let Progress { total, closed, in_progress, blocked, .. } = *sprint;
    let filled = (closed * BAR).checked_div(total).unwrap_or(0);
    let bar = format!("[{}{}]", "#".repeat(filled), ".".repeat(BAR - filled));
    let mut facts = format!("{closed} of {total}");
    for (count, what) in [(in_progress, "in progress"), (blocked, "blocked")] {
        if count > 0 {
            facts.push_str(&format!(", {count} {what}"));
        }
    }
    let end = match sprint.ends_at {
        Some(end) if end > now => format!("ends in {}  ", time::until_in_words(end.since(now))),
        Some(end) => format!("overdue by {}  ", time::in_words(now.since(end))),
        None => String::new(),
    };
    vec![
        styled(Style::Id, format!("  {}", short(&SPRINT, &sprint.id))),
        styled(Style::Good, bar),
        plain(facts),
        plain(format!("{end}{}", text::excerpt(&sprint.title, 60))),
    ]
}

fn agent_cells(agent: &Member) -> Vec<Span> {
    let tasks: Vec<String> = agent.tasks.iter().map(|id| short(&TASK, id)).collect();
    vec![
        styled(Style::Id, format!("  {}", text::excerpt(&agent.name, 24))),
        styled(presence_style(agent.presence), agent.presence.as_str()),
        plain(agent.role.as_deref().map(|role| text::excerpt(role, 24)).unwrap_or_default()),
        plain(tasks.join(", ")),
    ]
}

fn report_cells(report: &Reported, now: Timestamp) -> Vec<Span> {
    let about = report.task.as_deref().or(report.sprint.as_deref()).unwrap_or_default();
    vec![
        styled(word_style(&report.severity), format!("  {}", text::excerpt(&report.severity, 12))),
        styled(Style::Id, short(&TASK, &text::excerpt(about, 24))),
        plain(text::excerpt(&report.agent, 16)),
        styled(Style::Dim, ago(now, report.at)),
        plain(format!("{}: {}", report.status, text::excerpt(&report.text, 120))),
    ]
}

fn silent_cells(silent: &Silent) -> Vec<Span> {
    let gone = time::in_words(Duration::from_secs(silent.silent_seconds));
    let about = silent.task.as_deref().or(silent.sprint.as_deref()).unwrap_or_default();
    vec![
        styled(Style::Id, format!("  {}", short(&TASK, &text::excerpt(about, 40)))),
        plain(text::excerpt(&silent.agent, 24)),
        styled(Style::Warn, format!("silent for {gone}")),
        plain(text::excerpt(silent.title.as_deref().unwrap_or_default(), 200)),
    ]
}

/// The whole id, because it is what one answers to.
fn said_cells(said: &Said, now: Timestamp) -> Vec<Span> {
    let on = said.thread.as_deref().map(|thread| format!(" on {}", short(&TASK, &text::excerpt(thread, 24))));
    vec![
        styled(Style::Id, format!("  {}", said.id)),
        styled(Style::Warn, text::excerpt(&said.r#type, 12)),
        styled(Style::Dim, ago(now, said.at)),
        plain(format!(
            "{}{}: {}",
            text::excerpt(&said.from, 16),
            on.unwrap_or_default(),
            text::excerpt(&said.text, 120)
        )),
    ]
}
