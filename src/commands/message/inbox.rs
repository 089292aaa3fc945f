//! `inbox`: the messages to the asker.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Id, Result, Timestamp, id};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, styled};
use crate::commands::record::{self, RecordJson, message_lines};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::message::MESSAGE;
use crate::records::{Message, Term};
use crate::state::inbox::Reader;
use crate::state::{Page as Items, Select, Snapshot, find};
use std::collections::BTreeSet;

/// List the messages to you that you have not read
///
/// The oldest come first. Listing a message does not read it: `git coord read` does. Answers with exit code 1 where there is none.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Only unread messages, which is what is listed anyway
    #[arg(long, conflicts_with = "all")]
    pub unread: bool,
    /// Messages that you have read as well
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// A message to the asker.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The message.
    #[serde(flatten)]
    #[schemars(with = "Of<Message>")]
    pub message: RecordJson,
    /// Whether it has not been read.
    pub unread: bool,
    /// Whether it was never listed on this machine before.
    pub new: bool,
    #[serde(skip)]
    shown: Message,
}

/// The messages to the asker.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The messages, the oldest first.
    pub items: Vec<Item>,
    /// How many there are.
    pub total: usize,
    /// The cursor to the next page; null where this is the last.
    pub next_cursor: Option<String>,
    #[serde(skip)]
    now: Timestamp,
}

/// Returns the ids of all messages that were ever addressed to an agent, by name or with others.
fn addressed(snapshot: &dyn Snapshot, agent: &str) -> Result<Vec<String>> {
    let reader = Reader::of(snapshot, agent)?;
    let to = |name: String| snapshot.under(&MESSAGE, &Select::with(Term::new("to", name)));
    let mut ids: BTreeSet<Id> = to(id::fold(agent))?.into_iter().collect();
    let own: BTreeSet<Id> =
        snapshot.under(&MESSAGE, &Select::with(Term::new("from", id::fold(agent))))?.into_iter().collect();
    for group in reader.groups() {
        let shared = to(group.to_string())?.into_iter();
        ids.extend(shared.filter(|message| reader.was_there(message) && !own.contains(message)));
    }
    Ok(ids.into_iter().map(String::from).collect())
}

/// The verb.
pub struct Inbox;

impl Verb for Inbox {
    const NAME: &'static str = "inbox";
    const GROUP: Group = Group::Message;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let identity = session.identity()?;
        let snapshot = session.snapshot()?;
        let unread: BTreeSet<String> = snapshot.inbox(&identity.agent)?.into_iter().map(String::from).collect();
        let ids = if args.all { addressed(&snapshot, &identity.agent)? } else { unread.iter().cloned().collect() };
        let page = Items::cut(ids, &args.list.paging(), String::clone);
        let before = session.machine().delivered(&identity.agent);
        let mut messages = Vec::new();
        for id in &page.items {
            // One that cannot be read is named by `doctor` and stops nobody's inbox.
            if let Ok(Some(message)) = find::<Message>(&snapshot, id) {
                let (is_unread, is_new) = (unread.contains(id), !before.contains(id));
                messages.push(Item {
                    message: record::json(&message, args.list.stamps),
                    unread: is_unread,
                    new: is_new,
                    shown: message,
                });
            }
        }
        let listed: BTreeSet<String> = page.items.iter().cloned().collect();
        let noted = unread.iter().filter(|id| listed.contains(*id) || before.contains(*id)).cloned().collect();
        if session.is_at_present() {
            // Where nothing can be written, the answer is the same.
            let _ = session.machine().note_delivered(&identity.agent, &noted);
        }
        let hidden = page.items.len() - messages.len();
        Ok(Answer { items: messages, total: page.total - hidden, next_cursor: page.next_cursor, now: session.now() })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.items.is_empty() {
            page.say("No messages");
        }
        for item in &self.items {
            message_lines(page, &item.shown, self.now, if item.new && item.unread { "new" } else { "" });
        }
        if !self.items.is_empty() {
            page.line([styled(Style::Dim, "git coord read ID… takes messages out of the inbox")]);
        }
        if let Some(cursor) = &self.next_cursor {
            page.line([styled(
                Style::Dim,
                format!("{} of {} shown; more with --cursor {cursor}", self.items.len(), self.total),
            )]);
        }
    }

    fn exit(&self) -> u8 {
        u8::from(self.total == 0)
    }
}
