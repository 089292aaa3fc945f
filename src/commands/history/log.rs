//! `log`: what was done, commit by commit.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Error, Result, Timestamp, text};
use crate::commands::args::limit_value;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::ago;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::session::Session;
use crate::store::Commit;

/// Show what was done, the latest first
///
/// The same as `git log refs/coord/main`, in the words of agents and records.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// At most that many items
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit_value)]
    pub limit: u32,
    /// Go on after this commit, from `next_cursor` of the page before
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
}

/// A commit of the state.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The commit.
    pub commit: String,
    /// What was done, in one line.
    pub subject: String,
    /// Who did it.
    pub agent: String,
    /// When.
    pub at: Timestamp,
    /// What happened, as the commit says of itself; `git coord events` says it surely.
    pub events: Vec<String>,
    /// The records it happened to.
    pub records: Vec<String>,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The commits, the latest first.
    pub items: Vec<Item>,
    /// The cursor to the next page; null where this is the last.
    pub next_cursor: Option<String>,
    #[serde(skip)]
    now: Timestamp,
}

/// Returns at most `limit` commits of the state's history after the one that a cursor names, and the cursor to the rest.
///
/// # Errors
/// `bad_cursor` where the cursor names no commit.
pub fn walk(session: &Session, cursor: Option<&str>, limit: usize) -> Result<(Vec<Commit>, Option<String>)> {
    let tip = session.viewed()?;
    let mut log = session.store().log(tip)?;
    if let Some(cursor) = cursor {
        let after = |found: &Result<Commit>| found.as_ref().map_or(true, |commit| commit.id.to_string() == cursor);
        if !log.by_ref().any(|found| after(&found)) {
            let shown = text::excerpt(cursor, 60);
            let message = format!("cannot go on after «{shown}»: no such commit in the history");
            return Err(Error::invalid("bad_cursor", message).hint("the first page: git coord log"));
        }
    }
    let mut commits = log.by_ref().take(limit).collect::<Result<Vec<_>>>()?;
    let next_cursor = if log.next().is_some() { commits.last().map(|commit| commit.id.to_string()) } else { None };
    commits.truncate(limit);
    Ok((commits, next_cursor))
}

fn item(commit: &Commit) -> Item {
    let trailers = commit.trailers();
    let all =
        |name: &str| trailers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect::<Vec<_>>();
    Item {
        commit: commit.id.to_string(),
        subject: commit.subject(),
        agent: all("Coord-Agent").into_iter().next().unwrap_or_else(|| commit.author.name.clone()),
        at: commit.author_time,
        events: all("Coord-Event"),
        records: all("Coord-Record"),
    }
}

/// The verb.
pub struct Log;

impl Verb for Log {
    const NAME: &'static str = "log";
    const GROUP: Group = Group::History;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let (commits, next_cursor) = walk(session, args.cursor.as_deref(), args.limit as usize)?;
        Ok(Answer { items: commits.iter().map(item).collect(), next_cursor, now: session.now() })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let row = |item: &Item| {
            vec![
                styled(Style::Id, &item.commit[..10.min(item.commit.len())]),
                styled(Style::Dim, ago(self.now, item.at)),
                plain(text::excerpt(&item.agent, 24)),
                plain(text::excerpt(&item.subject, 200)),
            ]
        };
        page.table(self.items.iter().map(row).collect());
        if let Some(cursor) = &self.next_cursor {
            page.line([styled(Style::Dim, format!("more with --cursor {cursor}"))]);
        }
    }
}
