//! `hook`: what git runs, by the shims that `hooks install` puts in place.

use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Error, Result, text};
use crate::commands::page::Page;
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::hooks::{self, HOOKS, Hook as Called, SERVER, chain};
use crate::state::Warning;

/// Do what is to be done in a hook of git's
///
/// Git calls it, by the hooks that git coord hooks install puts in place; see docs/hooks.md. In a repository that is not set up it does
/// nothing.
///
/// Example: git coord hook post-merge 0
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The hook, by git's name for it
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The file that git has called, which is run first
    #[arg(long, value_name = "FILE")]
    pub chain: Option<PathBuf>,
    /// What git says with it
    #[arg(value_name = "ARGUMENT")]
    #[schemars(with = "Vec<String>")]
    pub arguments: Vec<OsString>,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The hook.
    pub hook: String,
    /// Whether the state here has moved.
    pub moved: bool,
    /// Whether the state was published.
    pub published: bool,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    #[serde(skip)]
    exit: u8,
}

/// The verb.
pub struct Hook;

impl Verb for Hook {
    const NAME: &'static str = "hook";
    const GROUP: Group = Group::SetUp;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let hook = Called::find(&args.name).ok_or_else(|| unknown(&args.name))?;
        // Whoever writes to us must get rid of it, whatever becomes of it.
        let input = if hook.reads_input() { read_input()? } else { Vec::new() };
        let mut exit = 0;
        if let Some(script) = &args.chain {
            exit = chain::run(hook, script, &args.arguments, &input)?;
            if exit != 0 && hook.can_refuse() {
                return Ok(Answer { hook: args.name, moved: false, published: false, warnings: Vec::new(), exit });
            }
        }
        let done = hooks::run(hook, &args.arguments, &input, scene.options())?;
        let (moved, published) = (done.has_moved, done.is_published);
        Ok(Answer { hook: args.name, moved, published, warnings: done.warnings, exit })
    }
}

fn read_input() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| Error::invalid("bad_input", "cannot read standard input").because(error))?;
    Ok(bytes)
}

fn unknown(name: &str) -> Error {
    let known: Vec<&str> = HOOKS.iter().chain(SERVER).map(|hook| hook.name()).collect();
    Error::usage(format!(
        "nothing is done in a hook called «{}»: only in {}",
        text::excerpt(name, 40),
        known.join(", ")
    ))
}

impl Report for Answer {
    /// Git shows what a hook prints to whoever has typed something else.
    fn text(&self, _: &mut Page) {}

    fn exit(&self) -> u8 {
        self.exit
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}
