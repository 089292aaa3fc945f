//! `sync`: brings the state here and that of a remote together.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Error, Kind, Result};
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::session::{Session, not_set_up};
use crate::state::Warning;
use crate::sync::remotes::{Asked, meant};
use crate::sync::{self, Done};

/// Bring the state here and that of a remote together
///
/// Fetches what the remote has, merges it with what is here, field by field, and publishes the result; tries again where somebody
/// else publishes at the same time. Nothing is forced. Plain git fetch and git pull bring the state too, and the next command takes
/// it in; git push REMOTE refs/coord/main publishes it.
///
/// Example: git coord sync
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The remote; else coord.remote, else the only one, else origin
    #[arg(value_name = "REMOTE", conflicts_with = "all")]
    pub remote: Option<String>,
    /// All remotes, one after the other
    #[arg(long)]
    pub all: bool,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The remotes; none where the repository has none.
    pub remotes: Vec<Remote>,
    /// The last commit of the state afterwards.
    pub commit: String,
    /// The settings that were added to git's configuration.
    pub configured: Vec<String>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    #[serde(skip)]
    exit: u8,
}

/// A remote, and what was done with it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Remote {
    /// Its name.
    pub remote: String,
    /// Whether the state here was merged with that of the remote.
    pub merged: bool,
    /// Whether something was published.
    pub published: bool,
    /// How many commits came.
    pub came: usize,
    /// How many commits went.
    pub went: usize,
    /// How many conflicts came of merging, new or with new values.
    pub conflicts: usize,
    /// How often others published at the same time, so that it was tried again.
    pub races: usize,
    /// The claims that had to give way, as the remote had others first.
    pub lost: Vec<LostClaim>,
    /// Why it did not work.
    pub error: Option<Failure>,
}

/// A claim that had to give way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LostClaim {
    /// The task.
    pub task: String,
    /// The claim.
    pub claim: String,
    /// Who had made it.
    pub agent: String,
    /// The claim that holds; null where that cannot be told.
    pub lost_to: Option<String>,
    /// Who holds the task; null where that cannot be told.
    pub holder: Option<String>,
    /// The branch on which the loser worked; null where that is no worktree of this machine.
    pub branch: Option<String>,
    /// Whether it was made on this machine: then the exit code is 3.
    pub ours: bool,
}

/// Why it did not work with one of several remotes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Failure {
    /// The stable machine word.
    pub code: String,
    /// What did not work.
    pub message: String,
}

/// The verb.
pub struct Sync;

impl Verb for Sync {
    const NAME: &'static str = "sync";
    const GROUP: Group = Group::Remote;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.opened()?;
        session.tip()?;
        let configured = session.complete_settings()?;
        // Opened anew: what was set just now counts.
        let fresh = (!configured.is_empty()).then(|| Session::open(scene.options().clone())).transpose()?;
        let session = fresh.as_ref().unwrap_or(session);
        let asked = match args.remote {
            Some(remote) => Asked::Named(remote),
            None if args.all => Asked::All,
            None => Asked::Shared,
        };
        let remotes = meant(session, &asked)?;
        // What other fetches have brought goes along.
        sync::fold_in(session);
        let mut answer =
            Answer { remotes: Vec::new(), commit: String::new(), configured, warnings: Vec::new(), exit: 0 };
        for remote in &remotes {
            match sync::sync(session, remote) {
                Err(error) if remotes.len() == 1 => return Err(error),
                done => answer.add(remote, done),
            }
        }
        answer.commit = session.store().tip()?.ok_or_else(not_set_up)?.to_string();
        Ok(answer)
    }
}

impl Answer {
    fn add(&mut self, remote: &str, done: Result<Done>) {
        let (done, error) = match done {
            Ok(done) => (done, None),
            Err(error) => (Done::default(), Some(error)),
        };
        if let Some(error) = &error {
            self.exit = self.exit.max(error.kind().exit_code());
        }
        if done.lost.iter().any(|lost| lost.is_ours) {
            self.exit = self.exit.max(Kind::Conflict.exit_code());
        }
        self.remotes.push(Remote {
            remote: remote.to_owned(),
            merged: done.merges > 0,
            published: done.is_published,
            came: done.came,
            went: done.went,
            conflicts: done.conflicts,
            races: done.races,
            lost: done.lost.into_iter().map(LostClaim::of).collect(),
            error: error.as_ref().map(Failure::of),
        });
        self.warnings.extend(done.warnings);
    }
}

impl LostClaim {
    fn of(lost: sync::LostClaim) -> LostClaim {
        let sync::LostClaim { task, lost, is_ours: ours } = lost;
        let (lost_to, holder) = lost.to.map(|to| (to.id, to.agent)).unzip();
        LostClaim { task, claim: lost.claim.id, agent: lost.claim.agent, lost_to, holder, branch: lost.branch, ours }
    }
}

impl Failure {
    fn of(error: &Error) -> Failure {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure { code: error.code().to_owned(), message: format!("{error}{cause}") }
    }
}

impl Remote {
    fn words(&self) -> String {
        let count = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            many => Some(format!("{many} {what}s")),
        };
        let told = [
            count(self.came, "commit").map(|commits| format!("{commits} came")),
            count(self.went, "commit").map(|commits| format!("{commits} went")),
            self.merged.then(|| "merged".to_owned()),
            count(self.conflicts, "conflict"),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        if told.is_empty() { "nothing new".to_owned() } else { told.join(", ") }
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        for setting in &self.configured {
            page.line([styled(Style::Dim, "  configured  "), plain(setting)]);
        }
        if self.remotes.is_empty() {
            page.say("There is no remote to sync with");
        }
        for remote in &self.remotes {
            match &remote.error {
                Some(error) => {
                    page.line([styled(Style::Bad, format!("{}: ", remote.remote)), plain(&error.message)]);
                }
                None => page.say(format!("Synced with {}: {}", remote.remote, remote.words())),
            }
        }
    }

    fn exit(&self) -> u8 {
        self.exit
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn is_receipt(&self) -> bool {
        self.exit == 0
    }
}
