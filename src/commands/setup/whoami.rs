//! `whoami`: who the asker is to the others, and what it holds.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, text};
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::ops::access;
use crate::query::lists::claimed;
use crate::records::task::TASK;
use crate::session::resolve::short;

/// Show who you are to the others, and what you hold
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {}

/// Who the asker is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The name of the agent.
    pub agent: String,
    /// Where the name comes from: `--agent`, `GIT_COORD_AGENT`, `coord.agent` or `git author`.
    pub source: String,
    /// The session.
    pub session: Option<String>,
    /// The committer of its commits.
    pub committer: String,
    /// The folder in which it works.
    pub worktree: String,
    /// The id of this replica; null before `init`.
    pub replica: Option<String>,
    /// Whether the repository is set up.
    pub set_up: bool,
    /// The tasks it holds.
    pub holds: Vec<Held>,
}

/// A task that the asker holds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Held {
    /// The task.
    pub task: String,
    /// What is to be done.
    pub title: String,
    /// The id of the claim.
    pub claim: String,
    /// Its fencing token.
    pub epoch: u64,
}

/// The verb.
pub struct Whoami;

impl Verb for Whoami {
    const NAME: &'static str = "whoami";
    const GROUP: Group = Group::SetUp;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Answer;

    fn run(_: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let identity = session.identity()?;
        let set_up = session.store().tip()?.is_some();
        let mut holds = Vec::new();
        if set_up {
            let context = session.plain_context(&identity);
            for task in claimed(&session.snapshot()?)? {
                if let Some(claim) = task.claim.filter(|claim| access::holds(&context, claim, None)) {
                    holds.push(Held { task: task.id.into(), title: task.title, claim: claim.id, epoch: claim.epoch });
                }
            }
        }
        let worktree = session.store().work_dir().unwrap_or(session.store().git_dir());
        Ok(Answer {
            agent: identity.agent,
            source: identity.source.to_owned(),
            session: identity.session,
            committer: format!("{} <{}>", identity.committer.name, identity.committer.email),
            worktree: worktree.display().to_string(),
            replica: session.machine().replica(),
            set_up,
            holds,
        })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let session = self.session.as_deref().map(|session| format!(", session {session}")).unwrap_or_default();
        page.line([
            styled(Style::Heading, &self.agent),
            styled(Style::Dim, format!("  from {}{session}", self.source)),
        ]);
        page.say(format!("commits as {}", self.committer));
        page.say(format!("works in {}", self.worktree));
        match &self.replica {
            _ if !self.set_up => page.line([styled(Style::Warn, "not set up: git coord init")]),
            Some(replica) => page.say(format!("replica {replica}")),
            None => page.line([styled(Style::Warn, "no replica id yet: git coord init")]),
        }
        for held in &self.holds {
            let id = short(&TASK, &held.task);
            page.line([
                plain("holds "),
                styled(Style::Id, id),
                plain(format!("  {}", text::excerpt(&held.title, 200))),
            ]);
            page.line([styled(Style::Dim, format!("  claim {}, epoch {}", held.claim, held.epoch))]);
        }
    }
}
