//! `ready`: the tasks that can be claimed.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list::Tasks;
use crate::base::Result;
use crate::commands::args::ListArgs;
use crate::commands::page::Page;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::query::lists::Lists;

/// List the tasks that can be claimed
///
/// The most important come first, of equals the oldest. Answers with exit code 1 where there is none.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// The tasks that can be claimed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer(Tasks);

/// The verb.
pub struct Ready;

impl Verb for Ready {
    const NAME: &'static str = "ready";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let page = Lists::of(&snapshot).ready(session.now(), &args.list.paging())?;
        Ok(Answer(Tasks::new(page.load(&snapshot)?, args.list.stamps)))
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.0.is_empty() {
            page.say("Nothing is ready");
        } else {
            self.0.text(page);
        }
    }

    fn exit(&self) -> u8 {
        u8::from(self.0.is_empty())
    }
}
