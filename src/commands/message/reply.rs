//! `reply`: answers a message, and takes it out of the inbox.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::page::{Style, styled};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::message;
use crate::records::Message;
use crate::records::record::downcast;
use crate::session::Outcome;

/// Answer a message, and take it out of your inbox
///
/// The answer goes to whoever sent the message, in the same thread. Where a task is named, what waits for you in its
/// thread is answered: the oldest question or blocker, else the latest message.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The message, or the task in whose thread it waits
    #[arg(value_name = "MSG|TASK")]
    pub message: String,
    /// The answer; `-` reads standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    pub text: String,

    /// What the answer is: response, approval, directive, or any word
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
}

/// The verb.
pub struct Reply;

impl Write for Reply {
    const NAME: &'static str = "reply";
    const GROUP: Group = Group::Message;
    const OPERATION: fn(message::Reply) -> Operation = Operation::Reply;
    type Args = Args;
    type Input = message::Reply;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<message::Reply> {
        let message = match desk.message(&args.message) {
            Err(error) if error.code() == "not_found" => desk.task(&args.message).map_err(|_| error)?,
            found => found?.into(),
        };
        Ok(message::Reply { message, body: desk.text(&args.text)?, r#type: args.r#type })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        let answer = outcome.record().and_then(downcast::<Message>);
        let to = answer.map(|answer| answer.to.iter().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default();
        let to = if to.is_empty() { " into the thread".to_owned() } else { format!(" to {to}") };
        let asked = answer.and_then(|answer| answer.references.first().cloned()).unwrap_or_default();
        Written::about("Sent ", outcome).and_say(to).and([styled(Style::Dim, format!("  in answer to {asked}"))])
    }
}
