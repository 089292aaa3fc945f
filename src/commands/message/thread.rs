//! `thread`: what was said about a task, in answer to a message, or in the log of an agent.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, Timestamp, id};
use crate::commands::args::ListArgs;
use crate::commands::page::Page;
use crate::commands::record::message_lines;
use crate::commands::record::{self, Listed, RecordJson};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::Message;
use crate::records::agent::AGENT;
use crate::records::message::{MESSAGE, log_of};
use crate::session::resolve::{self};
use crate::state::get;
use crate::state::{Page as Items, all};
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

/// Returns the messages of a thread: those that name it, the one that it is, and the answers to any of them.
fn in_thread(mut messages: Vec<Message>, root: &str) -> Vec<Message> {
    let mut known = BTreeSet::from([id::fold(root)]);
    loop {
        let before = known.len();
        for message in &messages {
            if message.thread.as_ref().is_some_and(|thread| known.contains(&id::fold(thread))) {
                known.insert(message.id.folded());
            }
        }
        if known.len() == before {
            break;
        }
    }
    messages.retain(|message| known.contains(&message.id.folded()));
    messages
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
        let said = in_thread(all::<Message>(&snapshot)?, &root);
        let page = Items::cut(said, &args.list.paging(), |message| message.id.to_string());
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
