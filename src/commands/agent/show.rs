//! `agent show`: one agent by its id.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::task::show::{Shown, shown};
use crate::commands::verb::{Group, Scene, Verb};
use crate::records::agent::AGENT;
use crate::session::resolve::{self};

/// Show the profile of an agent
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The agent
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show when each part was changed, and by whom
    #[arg(long)]
    pub stamps: bool,
}

/// The verb.
pub struct Show;

impl Verb for Show {
    const NAME: &'static str = "agent show";
    const GROUP: Group = Group::Agent;
    type Args = Args;
    type Report = Shown;

    fn run(args: Args, scene: &Scene) -> Result<Shown> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let id = resolve::one(&snapshot, &AGENT, &args.id)?;
        shown(session, &snapshot, &AGENT, &id, args.stamps)
    }
}
