//! `events`: what happened, derived from what each commit changed.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{Error, Result, Timestamp, text};
use crate::commands::args::limit_value;
use crate::commands::page::{Page, Span, Style, plain, styled};
use crate::commands::record::ago;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::task::TASK;
use crate::session::Session;
use crate::session::resolve::short;
use crate::state::Event;
use crate::state::event::Change;
use crate::state::merged::MERGED;
use crate::state::rotation::STATE;

/// Show what happened, the latest first
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// At most that many items
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit_value)]
    pub limit: u32,
    /// Go on after this event, from `next_cursor` of the page before
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// Only events of this type, or of types that begin so: `task.claimed`, `message`
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
}

/// What happened.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The events, the latest first.
    pub items: Vec<Event>,
    /// The cursor to the next page; null where this is the last.
    pub next_cursor: Option<String>,
    #[serde(skip)]
    now: Timestamp,
}

/// Returns at most `limit` wanted events after the one that a cursor names, the latest first, and the cursor to the rest.
///
/// # Errors
/// `bad_cursor` where the cursor names no event.
fn latest(
    session: &Session,
    cursor: Option<&str>,
    limit: usize,
    wanted: impl Fn(&Event) -> bool,
) -> Result<(Vec<Event>, Option<String>)> {
    let mut found = Vec::new();
    let mut skipping = cursor.is_some();
    for commit in session.store().log(session.viewed()?)? {
        let commit = commit?;
        if skipping && cursor.is_some_and(|cursor| !cursor.starts_with(&commit.id.to_string())) {
            continue;
        }
        for event in session.events_of(&commit)?.into_iter().rev() {
            if skipping {
                skipping = Some(event.id.as_str()) != cursor;
            } else if wanted(&event) {
                found.push(event);
            }
        }
        if found.len() > limit {
            break;
        }
    }
    if skipping {
        let shown = text::excerpt(cursor.unwrap_or_default(), 60);
        let message = format!("cannot go on after «{shown}»: no such event");
        return Err(Error::invalid("bad_cursor", message).hint("the first page: git coord events"));
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = if more { found.last().map(|event| event.id.clone()) } else { None };
    Ok((found, next_cursor))
}

/// Returns the last `limit` events, the latest first; what one commit did to more than `most` files is one of them, and
/// merges that had nothing to decide are none.
///
/// # Errors
/// Whatever the history cannot tell.
pub fn latest_in_brief(session: &Session, limit: usize, most: usize) -> Result<Vec<Event>> {
    let mut found = Vec::new();
    for commit in session.store().log(session.viewed()?)? {
        if found.len() >= limit {
            break;
        }
        let events = session.events_in_brief(&commit?, most)?.into_iter().rev();
        found.extend(events.filter(|event| event.r#type != MERGED || !event.changes.is_empty()));
    }
    found.truncate(limit);
    Ok(found)
}

fn fits(wanted: &str, r#type: &str) -> bool {
    r#type == wanted || r#type.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}

/// Returns the cells of an event in a list.
pub fn event_cells(event: &Event, now: Timestamp) -> Vec<Span> {
    // The type names the kind already, mostly; a bare id is what one types.
    let id = event.record.split_once('/').map_or(event.record.as_str(), |(_, id)| id);
    vec![
        styled(Style::Dim, ago(now, event.at)),
        plain(text::excerpt(&event.agent, 24)),
        styled(Style::Good, &event.r#type),
        styled(Style::Id, short(&TASK, id)),
    ]
}

/// Returns the names of the fields that had another value before; of what is new, none; of what is about the state as a
/// whole, how many records of which kind.
fn changed_fields(event: &Event) -> Span {
    let told = |change: &Change| match &change.to {
        Some(Value::Number(count)) if event.record == STATE => format!("{} {count}", change.field),
        _ => change.field.clone(),
    };
    let is_new = event.changes.iter().any(|change| change.field == "created_at");
    let changed = event.changes.iter().filter(|_| !is_new).map(told).take(6);
    styled(Style::Dim, changed.collect::<Vec<_>>().join(", "))
}

/// The verb.
pub struct Events;

impl Verb for Events {
    const NAME: &'static str = "events";
    const GROUP: Group = Group::History;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let wanted = |event: &Event| args.r#type.as_deref().is_none_or(|wanted| fits(wanted, &event.r#type));
        let (items, next_cursor) = latest(session, args.cursor.as_deref(), args.limit as usize, wanted)?;
        Ok(Answer { items, next_cursor, now: session.now() })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let row = |event: &Event| {
            let mut row = event_cells(event, self.now);
            row.push(changed_fields(event));
            row
        };
        page.table(self.items.iter().map(row).collect());
        if let Some(cursor) = &self.next_cursor {
            page.line([styled(Style::Dim, format!("more with --cursor {cursor}"))]);
        }
    }
}
