//! `heartbeat`: a sign of life, without a commit.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Id;
use crate::base::{Result, Timestamp, text};
use crate::commands::page::Page;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::query::stale::SignKey;

/// Give a sign of life for the claims you hold, without a commit
///
/// Every verb that writes is a sign of life too.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
}

/// For whom a sign of life was given.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The agent.
    pub agent: String,
    /// Its session: all claims of it are kept alive.
    pub session: Option<String>,
    /// The claims that this worktree remembers and that were kept alive.
    pub claims: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// The verb.
pub struct Heartbeat;

impl Verb for Heartbeat {
    const NAME: &'static str = "heartbeat";
    const GROUP: Group = Group::Status;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        // A sign of life where nobody could ever see one would only look like success.
        session.tip()?;
        let identity = session.identity()?;
        let machine = session.machine();
        let mut claims: Vec<String> = machine.held(&identity.agent).into_iter().collect();
        if let Some(id) = args.claim_id {
            claims = vec![Id::parse(&id)?.into()];
        }
        let now = session.now();
        machine.note_sign(
            SignKey::Session { agent: &identity.agent, session: identity.session.as_deref().unwrap_or_default() },
            &identity.agent,
            now,
        )?;
        for claim in &claims {
            machine.note_sign(SignKey::Claim(claim), &identity.agent, now)?;
        }
        Ok(Answer { agent: identity.agent, session: identity.session, claims, at: now })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let claims = match self.claims.len() {
            0 => "no claims here".to_owned(),
            1 => "1 claim".to_owned(),
            several => format!("{several} claims"),
        };
        page.say(format!("{} is alive: {claims}", text::excerpt(&self.agent, 40)));
    }

    fn is_receipt(&self) -> bool {
        true
    }
}
