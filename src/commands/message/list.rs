//! `message list`: messages by what they have in common.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, Timestamp, id};
use crate::commands::args::ListArgs;
use crate::commands::page::Page;
use crate::commands::record::{self, Listed, RecordJson, message_lines};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::Message;
use crate::records::message::MESSAGE;
use crate::state::{End, Select, Snapshot};

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
        let snapshot = session.snapshot()?;
        let fold = |name: &Option<String>| name.as_deref().map(id::fold);
        let wanted = Select::all()
            .and_maybe("from", fold(&args.from).as_deref())
            .and_maybe("to", fold(&args.to).as_deref())
            .and_maybe("type", args.r#type.as_deref());
        let page = snapshot.select(&MESSAGE, &wanted, &args.list.paging(), End::First)?.load::<Message>(&snapshot)?;
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
