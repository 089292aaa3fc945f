//! `read`: takes messages out of the inbox.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, Timestamp};
use crate::commands::page::Page;
use crate::commands::record::message_lines;
use crate::commands::record::{self, RecordJson};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report};
use crate::commands::write::{Desk, Write};
use crate::commands::written::Receipt;
use crate::ops::Operation;
use crate::ops::message;
use crate::records::Message;
use crate::records::record::downcast;
use crate::session::Outcome;
use crate::state::Warning;

/// Read messages, and take them out of your inbox
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The messages; of an id the beginning is enough
    #[arg(value_name = "MSG", required_unless_present = "all")]
    pub messages: Vec<String>,
    /// All that you have not read
    #[arg(long, conflicts_with = "messages")]
    pub all: bool,
}

/// The messages that were read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The messages.
    #[schemars(with = "Vec<Of<Message>>")]
    pub records: Vec<RecordJson>,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub receipt: Receipt,
    #[serde(skip)]
    messages: Vec<Message>,
    #[serde(skip)]
    now: Timestamp,
}

/// The verb.
pub struct Read;

impl Write for Read {
    const NAME: &'static str = "read";
    const GROUP: Group = Group::Message;
    const OPERATION: fn(message::Read) -> Operation = Operation::Read;
    type Args = Args;
    type Input = message::Read;
    type Report = Answer;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<message::Read> {
        let ids = args.messages.iter().map(|name| desk.message(name).map(String::from));
        Ok(message::Read { messages: ids.collect::<Result<_>>()?, all: args.all })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Answer {
        let messages: Vec<Message> = outcome.records.iter().filter_map(downcast::<Message>).cloned().collect();
        Answer {
            records: messages.iter().map(|message| record::json(message, false)).collect(),
            receipt: Receipt::of(outcome),
            messages,
            now: outcome.at,
        }
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.receipt.tell_draft(page) {
            return;
        }
        if self.messages.is_empty() {
            page.say("No messages");
        }
        for message in &self.messages {
            message_lines(page, message, self.now, "");
        }
    }

    fn warnings(&self) -> &[Warning] {
        &self.receipt.warnings
    }
}
