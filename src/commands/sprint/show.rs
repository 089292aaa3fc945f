//! `sprint show`: one sprint by its id.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::task::show::{Shown, shown};
use crate::commands::verb::{Group, Scene, Verb};
use crate::records::sprint::SPRINT;
use crate::session::resolve::{self};

/// Show a sprint: its goal, its phases, its document, its tasks
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The sprint
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show when each part was changed, and by whom
    #[arg(long)]
    pub stamps: bool,
}

/// The verb.
pub struct Show;

impl Verb for Show {
    const NAME: &'static str = "sprint show";
    const GROUP: Group = Group::Sprint;
    type Args = Args;
    type Report = Shown;

    fn run(args: Args, scene: &Scene) -> Result<Shown> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let id = resolve::one(&snapshot, &SPRINT, &args.id)?;
        shown(session, &snapshot, &SPRINT, &id, args.stamps)
    }
}
