//! `send`: sends a message.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::{split, text_or_stdin, text_value};
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::message;
use crate::session::resolve::{self};

/// Send a message to one or more agents
///
/// A message to an agent that does not exist yet waits in its inbox.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The agents, with commas between them
    #[arg(value_name = "TO")]
    pub to: String,
    /// The content; `-` reads standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true, value_parser = text_value)]
    pub text: String,

    /// What it is for: directive, question, response, progress, blocker, error, chat, handoff, approval, or any word
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
    /// The task or message it belongs to
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

impl Verb for Send {
    const NAME: &'static str = "send";
    const GROUP: Group = Group::Message;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let thread = args.thread.map(|id| resolve::any(&snapshot, &id).map(|(_, id)| String::from(id))).transpose()?;
        // What is not here, or not yet, may be referred to all the same.
        let reference = |name: String| match resolve::any(&snapshot, &name) {
            Err(error) if error.code() == "not_found" => Ok(name),
            found => found.map(|(_, id)| String::from(id)),
        };
        let input = message::Send {
            to: split(&[args.to]).collect(),
            body: text_or_stdin(&args.text)?,
            r#type: args.r#type,
            priority: args.priority,
            thread,
            references: args.references.into_iter().map(reference).collect::<Result<_>>()?,
            ..message::Send::default()
        };
        let to = input.to.iter().cloned().collect::<Vec<_>>().join(", ");
        let outcome = session.transact(&Operation::Send(input))?;
        let id = outcome.record.as_ref().map(|record| record.id().to_string()).unwrap_or_default();
        Ok(Written::new(&outcome, [plain("Sent "), styled(Style::Id, id), plain(format!(" to {to}"))]))
    }
}
