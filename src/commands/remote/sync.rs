//! `sync`: brings the state here and that of a remote together, once or again and again.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::watch;
use crate::base::{Error, Kind, Result, Timestamp};
use crate::commands::page::{Page, Span, Style, plain, styled};
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
/// With --watch it goes on until it is stopped: every ten seconds (coord.publishEvery) it publishes what all processes of
/// this clone have written, and says what has come and gone. Of several in one clone one does it, and another takes over
/// when that ends. What goes wrong is told and tried again.
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
    /// Go on until stopped, every DUR (like 10s) [default: coord.publishEvery]
    #[arg(long, value_name = "DUR", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub watch: Option<String>,
}

/// What was done.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Answer {
    /// The remotes; none where the repository has none.
    pub remotes: Vec<Remote>,
    /// The last commit of the state afterwards.
    pub commit: String,
    /// The settings that were added to git's configuration.
    pub configured: Vec<String>,
    /// With `--watch`, the remotes to which another process of this clone publishes, so that this one does not.
    pub standby: Vec<String>,
    /// When it was done.
    pub at: Timestamp,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    #[serde(skip)]
    pub(super) is_watching: bool,
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

/// Why it did not work with a remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
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
        let asked = match args.remote {
            Some(remote) => Asked::Named(remote),
            None if args.all => Asked::All,
            None => Asked::Shared,
        };
        if let Some(pause) = args.watch {
            return watch::run(&asked, &pause, scene);
        }
        round(scene.opened()?, &asked, |answer, session, remotes| {
            for remote in remotes {
                match sync::sync(session, remote) {
                    Err(error) if remotes.len() == 1 => return Err(error),
                    done => answer.add(remote, done),
                }
            }
            Ok(())
        })
    }
}

/// Prepares a sync, has it done with the remotes that are meant, and returns what came of it.
///
/// # Errors
/// `not_set_up`; as [`meant`]; those of `sync`.
pub(super) fn round(
    session: &Session,
    asked: &Asked,
    sync: impl FnOnce(&mut Answer, &Session, &[String]) -> Result<()>,
) -> Result<Answer> {
    session.tip()?;
    let configured = session.complete_settings()?;
    // Opened anew: what was set just now counts.
    let fresh = (!configured.is_empty()).then(|| Session::open(session.options().clone())).transpose()?;
    let session = fresh.as_ref().unwrap_or(session);
    let remotes = meant(session, asked)?;
    // What other fetches have brought goes along.
    sync::fold_in(session);
    let mut answer = Answer { configured, at: session.now(), ..Answer::default() };
    sync(&mut answer, session, &remotes)?;
    answer.commit = session.store().tip()?.ok_or_else(not_set_up)?.to_string();
    Ok(answer)
}

impl Answer {
    /// Adds what was done with a remote.
    pub(super) fn add(&mut self, remote: &str, done: Result<Done>) {
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

    /// Of one that others follow, when it was.
    fn time(&self) -> Span {
        let time = if self.is_watching { format!("{}Z  ", &self.at.to_string()[11..19]) } else { String::new() };
        styled(Style::Dim, time)
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
    /// Returns whether anything came of it.
    pub(super) fn is_news(&self) -> bool {
        self.came + self.went + self.conflicts > 0 || self.merged || self.published || !self.lost.is_empty()
    }

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
        if self.remotes.is_empty() && self.standby.is_empty() {
            page.say("There is no remote to sync with");
        }
        for remote in &self.remotes {
            match &remote.error {
                Some(error) => {
                    let name = styled(Style::Bad, format!("{}: ", remote.remote));
                    page.line([self.time(), name, plain(&error.message)]);
                }
                None => {
                    page.line([self.time(), plain(format!("Synced with {}: {}", remote.remote, remote.words()))]);
                }
            }
        }
        for remote in &self.standby {
            let message = format!("{remote}: another process of this clone publishes to it, and this one stands by");
            page.line([self.time(), plain(message)]);
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
