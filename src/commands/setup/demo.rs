//! `demo`: three agents at work in a throw-away repository.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use super::play::{self, Played};
use crate::base::Result;
use crate::commands::verb::{Effect, Group, Scene, Verb};

/// Watch three agents work, in a repository that is thrown away
///
/// Real processes in linked worktrees of a real repository: nothing is played that you could not type. Needs nothing but
/// git, touches nothing of yours, and takes a few seconds.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {}

/// The verb.
pub struct Demo;

impl Verb for Demo {
    const NAME: &'static str = "demo";
    const GROUP: Group = Group::SetUp;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Played;

    fn run(_: Args, _scene: &Scene) -> Result<Played> {
        play::play()
    }
}
