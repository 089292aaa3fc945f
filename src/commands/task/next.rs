//! `next`: the task to do next; with `--claim` takes it in the same step.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::held::Held;
use crate::base::Result;
use crate::commands::page::Page;
use crate::commands::record::{self, RecordJson, task_cells};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::ops::{Operation, next};
use crate::query::lists::Lists;
use crate::records::Task;
use crate::session::settings;
use crate::state::Warning;
use crate::sync;

/// Show the task to do next, or take it with --claim
///
/// Of several who ask at once each gets another task. Answers with exit code 1 where nothing is ready.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Take it
    #[arg(long)]
    pub claim: bool,
    /// Where nothing is ready, take over the task that has been silent longest
    #[arg(long, requires = "claim")]
    pub takeover: bool,
    /// How long the claim lives without a sign of life: minutes, or a duration like 90m
    #[arg(long, value_name = "DUR", requires = "claim")]
    pub ttl: Option<String>,
    /// A glob of paths that the work will touch, from the top of the repository; may be given several times
    #[arg(long, value_name = "GLOB", requires = "claim")]
    pub paths: Vec<String>,
    /// The id of the new claim
    #[arg(long, value_name = "ID", requires = "claim")]
    pub claim_id: Option<String>,
}

/// The task to do next.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// It was taken.
    Taken(Box<Held>),
    /// It was only looked at.
    Seen {
        /// The task; null where nothing is ready.
        #[schemars(with = "Option<Of<Task>>")]
        record: Option<RecordJson>,
        /// The same for people.
        #[serde(skip)]
        task: Option<Box<Task>>,
    },
}

/// The verb.
pub struct Next;

impl Verb for Next {
    const NAME: &'static str = "next";
    const GROUP: Group = Group::Task;
    const EFFECT: Effect = Effect::Writes;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        if args.claim {
            let ttl_minutes = args.ttl.map(|ttl| settings::parse_minutes("--ttl", &ttl)).transpose()?;
            let input = next::Next { ttl_minutes, claim_id: args.claim_id, paths: args.paths, takeover: args.takeover };
            return Ok(Answer::Taken(Box::new(Held::new(&sync::transact(session, &Operation::ClaimNext(input))?))));
        }
        let snapshot = session.snapshot()?;
        let task = Lists::of(&snapshot).first_ready(session.now(), |_| Ok(true))?.map(Box::new);
        Ok(Answer::Seen { record: task.as_ref().map(|task| record::json(task.as_ref(), false)), task })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        match self {
            Answer::Taken(held) => held.text(page),
            Answer::Seen { task: Some(task), .. } => page.table(vec![task_cells(task)]),
            Answer::Seen { task: None, .. } => page.say("Nothing is ready"),
        }
    }

    fn exit(&self) -> u8 {
        match self {
            Answer::Taken(held) => held.exit(),
            Answer::Seen { task, .. } => u8::from(task.is_none()),
        }
    }

    fn warnings(&self) -> &[Warning] {
        match self {
            Answer::Taken(held) => held.warnings(),
            Answer::Seen { .. } => &[],
        }
    }

    fn is_receipt(&self) -> bool {
        matches!(self, Answer::Taken(held) if held.is_receipt())
    }
}
