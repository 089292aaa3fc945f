//! `heartbeat`: a sign of life, without a commit.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::collections::BTreeSet;

use crate::base::{Id, Result, Timestamp, text};
use crate::commands::page::Page;
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::query::lists::claimed;
use crate::query::stale::SignKey;
use crate::state::Warning;

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
    /// The claims that this worktree remembered and that are over; they are forgotten now.
    pub lost: Vec<String>,
    /// When.
    pub at: Timestamp,
    /// What the user should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// The verb.
pub struct Heartbeat;

impl Verb for Heartbeat {
    const NAME: &'static str = "heartbeat";
    const GROUP: Group = Group::Status;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        // A sign of life where nobody could ever see one would only look like success.
        let snapshot = session.snapshot()?;
        let identity = session.identity()?;
        let machine = session.machine();
        let now = session.now();
        let own = SignKey::Session { agent: &identity.agent, session: identity.session.as_deref().unwrap_or_default() };
        machine.note_sign(own, &identity.agent, now)?;
        let remembered = match &args.claim_id {
            Some(id) => BTreeSet::from([String::from(Id::parse(id)?)]),
            None => machine.held(&identity.agent),
        };
        let tasks = claimed(&snapshot)?;
        let alive: BTreeSet<&str> = tasks.iter().filter_map(|task| Some(task.claim.as_ref()?.id.as_str())).collect();
        let (claims, over): (Vec<String>, Vec<String>) =
            remembered.into_iter().partition(|claim| alive.contains(claim.as_str()));
        let lost: Vec<String> =
            over.into_iter().filter(|claim| machine.is_settled(&identity.agent, claim, now)).collect();
        for claim in &claims {
            machine.note_sign(SignKey::Claim(claim), &identity.agent, now)?;
        }
        lost.iter().for_each(|claim| machine.let_go(&identity.agent, claim));
        machine.forget_old_signs(now);
        let warnings = lost.iter().map(|claim| {
            Warning::new("claim_lost", format!("the claim {claim} is over: its task was taken or closed"))
        });
        Ok(Answer {
            warnings: warnings.collect(),
            agent: identity.agent,
            session: identity.session,
            claims,
            lost,
            at: now,
        })
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

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn is_receipt(&self) -> bool {
        true
    }
}
