//! `status`: how things stand, on one page.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, Timestamp, text, time};
use crate::commands::history::events::{event_cells, latest};
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::ago;
use crate::commands::record::presence_style;
use crate::commands::status::board::{Board, Brief, Counts, Member, Said};
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::Message;
use crate::records::task::TASK;
use crate::session::resolve::short;
use crate::state::Event;
use crate::state::all;

/// Show how things stand, on one page
///
/// What is urgent and what is stale first, then what is yours, what is ready, who is here and does what, what waits for
/// an answer, and what happened last.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {}

/// How many events are shown.
const LATEST: usize = 10;

/// How many of each other thing a person is shown; JSON has more.
const FEW: usize = 5;

/// How things stand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub board: Board,
    /// What happened last, the latest first.
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

    fn run(_: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let agent = session.identity().ok().map(|identity| identity.agent);
        let messages = all::<Message>(&snapshot)?;
        let board = Board::of(session, &snapshot, agent.as_deref(), &messages)?;
        let (events, _) = latest(session, None, LATEST, |_| true)?;
        Ok(Answer { board, events, now: session.now() })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let board = &self.board;
        counts(page, board);
        section(page, "Urgent", Style::Bad, &board.urgent, |page, said| said_line(page, said, self.now));
        section(page, "Stale claims", Style::Bad, &board.stale, |page, held| {
            let silent = time::in_words(std::time::Duration::from_secs(held.silent_seconds));
            page.line([
                plain("  "),
                styled(Style::Id, short(&TASK, &held.task)),
                plain(format!("  {} silent for {silent}  ", text::excerpt(&held.agent, 40))),
                styled(Style::Dim, &held.title),
            ]);
        });
        tasks(page, "Yours", &board.mine);
        tasks(page, "Ready", &board.ready);
        agents(page, &board.agents);
        section(page, "Waiting for an answer", Style::Warn, &board.unanswered, |page, said| {
            said_line(page, said, self.now)
        });
        if !self.events.is_empty() {
            page.heading("Latest");
            page.table(self.events.iter().map(|event| event_cells(event, self.now)).collect());
        }
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

fn section<T>(page: &mut Page, title: &str, style: Style, items: &[T], show: impl Fn(&mut Page, &T)) {
    if items.is_empty() {
        return;
    }
    page.blank();
    page.line([styled(style, format!("{title} ({})", items.len()))]);
    items.iter().take(FEW).for_each(|item| show(page, item));
    if items.len() > FEW {
        page.line([styled(Style::Dim, format!("  and {} more", items.len() - FEW))]);
    }
}

fn tasks(page: &mut Page, title: &str, tasks: &[Brief]) {
    if tasks.is_empty() {
        return;
    }
    page.heading(format!("{title} ({})", tasks.len()));
    let row = |task: &Brief| {
        let holder =
            task.holder.as_deref().map(|holder| format!("  @{}", text::excerpt(holder, 24))).unwrap_or_default();
        vec![
            styled(Style::Id, format!("  {}", short(&TASK, &task.id))),
            plain(&task.priority),
            plain(&task.status),
            plain(format!("{}{holder}", text::excerpt(&task.title, 200))),
        ]
    };
    page.table(tasks.iter().take(FEW).map(row).collect());
}

fn agents(page: &mut Page, agents: &[Member]) {
    if agents.is_empty() {
        return;
    }
    page.heading(format!("Agents ({})", agents.len()));
    let row = |agent: &Member| {
        let tasks: Vec<String> = agent.tasks.iter().map(|id| short(&TASK, id)).collect();
        let role = agent.role.as_deref().map(|role| text::excerpt(role, 24)).unwrap_or_default();
        vec![
            styled(Style::Id, format!("  {}", text::excerpt(&agent.name, 24))),
            styled(presence_style(agent.presence), agent.presence.as_str()),
            plain(role),
            plain(tasks.join(", ")),
        ]
    };
    page.table(agents.iter().take(4 * FEW).map(row).collect());
}

fn said_line(page: &mut Page, said: &Said, now: Timestamp) {
    let on = said
        .thread
        .as_deref()
        .map(|thread| format!(" on {}", short(&TASK, &text::excerpt(thread, 40))))
        .unwrap_or_default();
    page.line([
        plain("  "),
        styled(Style::Warn, &said.r#type),
        plain(format!("{on} from {}", text::excerpt(&said.from, 24))),
        styled(Style::Dim, format!("  {}  ", ago(now, said.at))),
        plain(text::excerpt(&said.text, 60)),
    ]);
    page.line([plain("    "), styled(Style::Id, &said.id)]);
}
