//! `send`: sends a message.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::split;
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::message;
use crate::session::Outcome;

/// Send a message to one or more agents, to a role, or to all
///
/// `all` reaches every agent but you, `role:reviewer` all agents of that role; agents that are made later do not see it. A message to an agent that does not exist yet waits in its inbox.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Agents, roles as `role:NAME`, or `all`, with commas between them
    #[arg(value_name = "TO")]
    pub to: String,
    /// The content; `-` reads standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    pub text: String,

    /// What it is for: directive, question, response, progress, blocker, error, chat, handoff, approval, or any word
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
    /// The task or message it belongs to, or the agent into whose log it goes
    #[arg(long, value_name = "ID")]
    pub thread: Option<String>,
    /// How soon it wants to be read: low, normal, high, urgent
    #[arg(long, value_name = "P")]
    pub priority: Option<String>,
    /// A record it refers to; may be given several times
    #[arg(long = "reference", value_name = "ID")]
    #[serde(rename = "reference")]
    pub references: Vec<String>,
}

/// The verb.
pub struct Send;

impl Write for Send {
    const NAME: &'static str = "send";
    const GROUP: Group = Group::Message;
    const OPERATION: fn(message::Send) -> Operation = Operation::Send;
    type Args = Args;
    type Input = message::Send;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<message::Send> {
        Ok(message::Send {
            to: split(&[args.to]).collect(),
            body: desk.text(&args.text)?,
            r#type: args.r#type,
            priority: args.priority,
            thread: args.thread.map(|name| desk.thread(&name)).transpose()?,
            references: args.references.into_iter().map(|name| desk.reference(name)).collect::<Result<_>>()?,
            ..message::Send::default()
        })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Written {
        let to = input.to.iter().cloned().collect::<Vec<_>>().join(", ");
        Written::about("Sent ", outcome).and_say(format!(" to {to}"))
    }
}
