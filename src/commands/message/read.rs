//! `read`: takes messages out of the inbox.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, Timestamp};
use crate::commands::page::Page;
use crate::commands::record::message_lines;
use crate::commands::record::{self, RecordJson};
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::ops::Operation;
use crate::ops::message;
use crate::records::Message;
use crate::records::message::MESSAGE;
use crate::session::resolve::{self};
use crate::state::{Event, get};

/// Read messages, and take them out of your inbox
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The messages; of an id the beginning is enough
    #[arg(value_name = "MSG", required = true)]
    pub messages: Vec<String>,
}

/// The messages that were read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The messages.
    pub records: Vec<RecordJson>,
    /// The commit; null where none of them was in the inbox.
    pub commit: Option<String>,
    /// What happened.
    pub events: Vec<Event>,
    #[serde(skip)]
    messages: Vec<Message>,
    #[serde(skip)]
    now: Timestamp,
}

/// The verb.
pub struct Read;

impl Verb for Read {
    const NAME: &'static str = "read";
    const GROUP: Group = Group::Message;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let ids =
            args.messages.iter().map(|name| resolve::one(&snapshot, &MESSAGE, name)).collect::<Result<Vec<_>>>()?;
        let mut messages = Vec::new();
        for id in &ids {
            messages.push(get::<Message>(&snapshot, id)?);
        }
        let input = message::Read { messages: ids.into_iter().map(String::from).collect() };
        let outcome = session.transact(&Operation::Read(input))?;
        Ok(Answer {
            records: messages.iter().map(|message| record::json(message, false)).collect(),
            commit: outcome.commit.map(|commit| commit.to_string()),
            events: outcome.events,
            messages,
            now: session.now(),
        })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        for message in &self.messages {
            message_lines(page, message, self.now, "");
        }
    }
}
