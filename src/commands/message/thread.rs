//! `thread`: what was said about a task, in answer to a message, or in the log of an agent.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Id, Result, Timestamp, id};
use crate::commands::args::ListArgs;
use crate::commands::page::Page;
use crate::commands::record::{self, Listed, RecordJson, message_lines};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::agent::AGENT;
use crate::records::message::{MESSAGE, log_of};
use crate::records::{Message, Term};
use crate::session::resolve;
use crate::state::{Page as Items, Select, Snapshot, get};
use std::collections::BTreeSet;

/// Show what was said about a task or message, or in an agent's log
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task, message or agent
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// What was said.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer {
    #[schemars(with = "Listed<Of<Message>>")]
    listed: Listed<RecordJson>,
    #[serde(skip)]
    messages: Vec<Message>,
    #[serde(skip)]
    now: Timestamp,
}

/// Returns the ids of the messages of a thread, in their order: those that name it, the one that it is, and the answers
/// to any of them.
fn in_thread(snapshot: &dyn Snapshot, root: &str) -> Result<Vec<String>> {
    let mut ids = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut todo = vec![id::fold(root)];
    if let Ok(root) = Id::parse(root) {
        ids.extend(snapshot.contains(&MESSAGE, &root)?.then_some(root));
    }
    while let Some(thread) = todo.pop() {
        if seen.insert(thread.clone()) {
            for message in snapshot.under(&MESSAGE, &Select::with(Term::new("thread", thread)))? {
                todo.push(message.folded());
                ids.insert(message);
            }
        }
    }
    Ok(ids.into_iter().map(String::from).collect())
}

/// The verb.
pub struct Thread;

impl Verb for Thread {
    const NAME: &'static str = "thread";
    const GROUP: Group = Group::Message;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let (kind, id) = resolve::any(&snapshot, &args.id)?;
        let root = match (*kind == MESSAGE).then(|| get::<Message>(&snapshot, &id)).transpose()? {
            Some(message) => message.thread.unwrap_or_else(|| id.into()),
            None if *kind == AGENT => log_of(&id),
            None => id.into(),
        };
        let page = Items::cut(in_thread(&snapshot, &root)?, &args.list.paging(), String::clone);
        let page = page.map(|id| Id::parse(&id)).try_map(|id| id)?.load::<Message>(&snapshot)?;
        let messages = page.items.clone();
        let listed = Listed::new(page, |message| record::json(&message, args.list.stamps));
        Ok(Answer { listed, messages, now: session.now() })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.messages.is_empty() {
            page.say("Nothing was said");
        }
        for message in &self.messages {
            message_lines(page, message, self.now, "");
        }
        self.listed.say_rest(page);
    }
}
