//! `reply`: answers a message, and takes it out of the inbox.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::args::{text_or_stdin, text_value};
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::message;
use crate::records::Message;
use crate::records::message::MESSAGE;
use crate::records::record::downcast;
use crate::session::resolve::{self};

/// Answer a message, and take it out of your inbox
///
/// The answer goes to whoever sent the message, in the same thread.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The message; of its id the beginning is enough
    #[arg(value_name = "MSG")]
    pub message: String,
    /// The answer; `-` reads standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true, value_parser = text_value)]
    pub text: String,

    /// What the answer is: response, approval, directive, or any word
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
}

/// The verb.
pub struct Reply;

impl Verb for Reply {
    const NAME: &'static str = "reply";
    const GROUP: Group = Group::Message;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let id = resolve::one(&session.snapshot()?, &MESSAGE, &args.message)?;
        let input = message::Reply { message: id.to_string(), body: text_or_stdin(&args.text)?, r#type: args.r#type };
        let outcome = session.transact(&Operation::Reply(input))?;
        let answer = outcome.record.as_ref().and_then(downcast::<Message>);
        let to = answer.map(|answer| answer.to.iter().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default();
        let id = answer.map(|answer| answer.id.to_string()).unwrap_or_default();
        let to = if to.is_empty() { " into the thread".to_owned() } else { format!(" to {to}") };
        Ok(Written::new(&outcome, [plain("Sent "), styled(Style::Id, id), plain(to)]))
    }
}
