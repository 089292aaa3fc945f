//! `hooks`: the hooks of git's that keep the state along, put in place, looked at, taken out.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::hooks::install::{self, Standing, State};
use crate::hooks::{HOOKS, Hook, SERVER};

/// Put git's hooks in place
///
/// Into git's configuration, where git runs hooks from there; else as files, or as a marked block in the shell script that is there.
/// What is somebody else's (husky, lefthook, pre-commit, core.hooksPath) stays as it is; then it is shown what to add, and the exit
/// code is 1. See docs/hooks.md.
///
/// Example: git coord hooks install
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct InstallArgs {
    /// The hook of a server: pre-receive, which checks what is pushed to the state
    #[arg(long)]
    pub server: bool,
}

/// Show how git's hooks stand
///
/// Exit code 1 where one of them does not call git coord.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StatusArgs {
    /// The hook of a server: pre-receive, which checks what is pushed to the state
    #[arg(long)]
    pub server: bool,
}

/// Take git's hooks out again
///
/// Every file is then as it was before, to the byte. Exit code 1 where something stays that somebody has written himself.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UninstallArgs {
    /// The hook of a server: pre-receive, which checks what is pushed to the state
    #[arg(long)]
    pub server: bool,
}

/// How the hooks stand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The hooks.
    pub hooks: Vec<Item>,
    #[serde(skip)]
    is_wanted: bool,
    #[serde(skip)]
    is_asked: bool,
}

/// How a hook stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// Git's name for it.
    pub hook: String,
    /// Whether git calls git coord in it.
    pub installed: bool,
    /// How: `config`, `file`, `block` (lines in somebody's script), `written` (as somebody has written it); else `missing`, `off`
    /// (turned off in git's configuration), or `by_hand`: somebody has to add it.
    pub state: String,
    /// The file, or the section of git's configuration; for `by_hand` the file to add it to.
    pub place: String,
    /// Why it has to be added by hand.
    pub why: Option<String>,
    /// The lines to add.
    pub add: Option<String>,
}

/// The verb that puts them in place.
pub struct Install;

/// The verb that looks at them.
pub struct Status;

/// The verb that takes them out.
pub struct Uninstall;

impl Verb for Install {
    const NAME: &'static str = "hooks install";
    const GROUP: Group = Group::SetUp;
    const EFFECT: Effect = Effect::Neither;
    type Args = InstallArgs;
    type Report = Answer;

    fn run(args: InstallArgs, scene: &Scene) -> Result<Answer> {
        let standings = install::install(scene.opened()?.store(), asked(args.server))?;
        Ok(Answer { hooks: standings.iter().map(Item::of).collect(), is_wanted: true, is_asked: false })
    }
}

impl Verb for Status {
    const NAME: &'static str = "hooks status";
    const GROUP: Group = Group::SetUp;
    const EFFECT: Effect = Effect::Neither;
    type Args = StatusArgs;
    type Report = Answer;

    fn run(args: StatusArgs, scene: &Scene) -> Result<Answer> {
        let standings = install::status(scene.opened()?.store(), asked(args.server))?;
        Ok(Answer { hooks: standings.iter().map(Item::of).collect(), is_wanted: true, is_asked: true })
    }
}

impl Verb for Uninstall {
    const NAME: &'static str = "hooks uninstall";
    const GROUP: Group = Group::SetUp;
    const EFFECT: Effect = Effect::Neither;
    type Args = UninstallArgs;
    type Report = Answer;

    fn run(args: UninstallArgs, scene: &Scene) -> Result<Answer> {
        let standings = install::uninstall(scene.opened()?.store(), asked(args.server))?;
        Ok(Answer { hooks: standings.iter().map(Item::of).collect(), is_wanted: false, is_asked: false })
    }
}

/// Returns the hooks that are meant.
fn asked(server: bool) -> &'static [Hook] {
    if server { SERVER } else { HOOKS }
}

impl Item {
    /// Makes the telling of how a hook stands.
    pub fn of(standing: &Standing) -> Item {
        let (state, why, add) = match &standing.state {
            State::Configured => ("config", None, None),
            State::File => ("file", None, None),
            State::Block => ("block", None, None),
            State::Written => ("written", None, None),
            State::Missing => ("missing", None, None),
            State::Off => ("off", None, None),
            State::Foreign { why, add } => ("by_hand", Some(why.clone()), Some(add.text.clone())),
        };
        Item {
            hook: standing.hook.name().to_owned(),
            installed: standing.state.is_installed(),
            state: state.to_owned(),
            place: standing.place.clone(),
            why,
            add,
        }
    }

    fn words(&self) -> &'static str {
        match &*self.state {
            "config" => "by git's configuration",
            "file" => "by a file",
            "block" => "by lines in a script",
            "written" => "as it was written",
            "off" => "turned off",
            "by_hand" => "to be added by hand",
            _ => "not there",
        }
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let row = |item: &Item| {
            let style = if item.installed == self.is_wanted { Style::Good } else { Style::Warn };
            vec![styled(Style::Id, &item.hook), styled(style, item.words()), styled(Style::Dim, &item.place)]
        };
        page.table(self.hooks.iter().map(row).collect());
        let by_hand = |item: &&Item| item.add.is_some();
        let mut told: Vec<&str> = Vec::new();
        for item in self.hooks.iter().filter(by_hand) {
            let why = item.why.as_deref().unwrap_or_default();
            page.blank();
            page.line([styled(Style::Heading, format!("Add to {}", item.place)), plain(":")]);
            if !told.contains(&why) {
                page.line([styled(Style::Dim, format!("({why})"))]);
                told.push(why);
            }
            page.text(4, item.add.as_deref().unwrap_or_default());
        }
    }

    fn exit(&self) -> u8 {
        u8::from(self.hooks.iter().any(|item| item.installed != self.is_wanted))
    }

    fn is_receipt(&self) -> bool {
        !self.is_asked && self.exit() == 0
    }
}
