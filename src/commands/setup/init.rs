//! `init`: sets a repository up, or completes what is missing.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::hooks::HOOKS;
use crate::hooks::install::{self, State};
use crate::session::setup::{Origin, check_git};
use crate::state::Warning;
use crate::store::{STATE_REF, Store};

/// Set the repository up for coordination
///
/// Makes `refs/coord/main`, or takes it over from the remote where the remote has one, and tells git to carry it along
/// with every fetch; and puts hooks in place that keep it along with git pull and git push (see docs/hooks.md). Asks nothing, and does
/// nothing twice.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Put no hooks in place
    #[arg(long)]
    pub no_hooks: bool,
}

/// What setting up did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Done {
    /// How the state came to be here: `created`, `adopted`, `restored` or `existing`.
    pub state: String,
    /// The ref that holds it.
    pub r#ref: String,
    /// The commit that the ref names.
    pub commit: String,
    /// The id of this replica.
    pub replica: String,
    /// The remote that was asked for state.
    pub remote: Option<String>,
    /// The settings that were added to git's configuration.
    pub configured: Vec<String>,
    /// The hooks that were put in place.
    pub hooks: Vec<String>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// The verb.
pub struct Init;

impl Verb for Init {
    const NAME: &'static str = "init";
    const GROUP: Group = Group::SetUp;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Done;

    fn run(args: Args, scene: &Scene) -> Result<Done> {
        let session = scene.opened()?;
        check_git(session.store())?;
        let mut setup = session.set_up()?;
        let hooks = if args.no_hooks { Vec::new() } else { put_hooks(session.store(), &mut setup.warnings) };
        let state = match setup.origin {
            Origin::Existing => "existing",
            Origin::Created => "created",
            Origin::Adopted => "adopted",
            Origin::Restored => "restored",
        };
        Ok(Done {
            state: state.to_owned(),
            r#ref: STATE_REF.to_owned(),
            commit: setup.tip.to_string(),
            replica: setup.replica,
            remote: setup.remote,
            configured: setup.configured,
            hooks,
            warnings: setup.warnings,
        })
    }
}

/// Puts the hooks in place, and returns those that were not. The state is here without them too.
fn put_hooks(store: &Store, warnings: &mut Vec<Warning>) -> Vec<String> {
    let put = install::status(store, HOOKS).and_then(|before| Ok((before, install::install(store, HOOKS)?)));
    let (before, now) = match put {
        Ok(put) => put,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            let message = format!("the hooks are not in place: {error}{cause}");
            warnings.push(Warning::new("hooks_not_installed", message));
            return Vec::new();
        }
    };
    let names = |is_so: fn(&State, &State) -> bool| -> Vec<String> {
        let pairs = before.iter().zip(&now).filter(|(before, now)| is_so(&before.state, &now.state));
        pairs.map(|(_, now)| now.hook.name().to_owned()).collect()
    };
    let by_hand = names(|_, now| matches!(now, State::Foreign { .. }));
    if !by_hand.is_empty() {
        let message = format!(
            "{} must be added by hand, as somebody else looks after the hooks here: git coord hooks status",
            by_hand.join(", ")
        );
        warnings.push(Warning::new("hooks_by_hand", message));
    }
    names(|before, now| !before.is_installed() && now.is_installed())
}

impl Report for Done {
    fn text(&self, page: &mut Page) {
        let remote = self.remote.as_deref().unwrap_or_default();
        let what = match self.state.as_str() {
            "created" => format!("Set up: {} made", self.r#ref),
            "adopted" => format!("Set up: {} taken over from {remote}", self.r#ref),
            "restored" => format!("Set up: {} was gone and names its last commit again", self.r#ref),
            _ => format!("Set up already: {} is there", self.r#ref),
        };
        page.line([styled(Style::Good, what)]);
        for setting in &self.configured {
            page.line([styled(Style::Dim, "  configured  "), plain(setting)]);
        }
        if !self.hooks.is_empty() {
            page.line([styled(Style::Dim, "  hooks       "), plain(self.hooks.join(", "))]);
        }
        if self.state == "created" {
            page.line([styled(Style::Dim, "Next: git coord task new \"…\", git coord ready, git coord next --claim")]);
        }
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn is_receipt(&self) -> bool {
        true
    }
}
