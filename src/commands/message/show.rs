//! `message show`: one message by its id.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::task::show::{Shown, shown};
use crate::commands::verb::{Group, Scene, Verb};
use crate::records::message::MESSAGE;
use crate::session::resolve::{self};

/// Show a message
///
/// Of one to several it says who has read it.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The message
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show when each part was changed, and by whom
    #[arg(long)]
    pub stamps: bool,
}

/// The verb.
pub struct Show;

impl Verb for Show {
    const NAME: &'static str = "message show";
    const GROUP: Group = Group::Message;
    type Args = Args;
    type Report = Shown;

    fn run(args: Args, scene: &Scene) -> Result<Shown> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let id = resolve::one(&snapshot, &MESSAGE, &args.id)?;
        shown(session, &snapshot, &MESSAGE, &id, args.stamps)
    }
}
