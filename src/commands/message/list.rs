//! `message list`: messages by what they have in common.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, Timestamp};
use crate::commands::args::ListArgs;
use crate::commands::page::Page;
use crate::commands::record::message_lines;
use crate::commands::record::{self, Listed, RecordJson};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::Message;
use crate::state::{Page as Items, all};

/// List messages, the oldest first
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Only messages of this sender
    #[arg(long, value_name = "NAME")]
    pub from: Option<String>,
    /// Only messages to this agent
    #[arg(long, value_name = "NAME")]
    pub to: Option<String>,
    /// Only messages of this type
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

impl Args {
    fn fits(&self, message: &Message) -> bool {
        self.from.as_deref().is_none_or(|from| message.from == from)
            && self.to.as_deref().is_none_or(|to| message.to.contains(to))
            && self.r#type.as_deref().is_none_or(|word| message.r#type.as_str() == word)
    }
}

/// Messages.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer {
    #[schemars(with = "Listed<Of<Message>>")]
    listed: Listed<RecordJson>,
    #[serde(skip)]
    shown: Vec<Message>,
    #[serde(skip)]
    now: Timestamp,
}

/// The verb.
pub struct List;

impl Verb for List {
    const NAME: &'static str = "message list";
    const GROUP: Group = Group::Message;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let mut messages = all::<Message>(&session.snapshot()?)?;
        messages.retain(|message| args.fits(message));
        let page = Items::cut(messages, &args.list.paging(), |message| message.id.to_string());
        let shown = page.items.clone();
        let listed = Listed::new(page, |message| record::json(&message, args.list.stamps));
        Ok(Answer { listed, shown, now: session.now() })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.shown.is_empty() {
            page.say("No messages");
        }
        for message in &self.shown {
            message_lines(page, message, self.now, "");
        }
        self.listed.say_rest(page);
    }
}
