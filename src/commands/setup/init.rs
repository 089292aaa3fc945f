//! `init`: sets a repository up, or completes what is missing.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::session::setup::{Origin, check_git};
use crate::state::Warning;
use crate::store::STATE_REF;

/// Set the repository up for coordination
///
/// Makes `refs/coord/main`, or takes it over from the remote where the remote has one, and tells git to carry it along
/// with every fetch. Asks nothing, and does nothing twice.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {}

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

    fn run(_: Args, scene: &Scene) -> Result<Done> {
        let session = scene.opened()?;
        check_git(session.store())?;
        let setup = session.set_up()?;
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
            warnings: setup.warnings,
        })
    }
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
