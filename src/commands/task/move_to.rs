//! `task move`: puts a task into a sprint, or under another task.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::Result;
use crate::commands::changes::Changes;
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::records::task::TASK;
use crate::session::resolve::{self};

/// Put a task into a sprint, or make it a part of another task
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// The sprint; an empty text takes the task out of its sprint
    #[arg(long, value_name = "ID", required_unless_present = "parent")]
    pub sprint: Option<String>,
    /// The task it becomes a part of; an empty text makes it stand alone
    #[arg(long, value_name = "ID")]
    pub parent: Option<String>,
}

/// The verb.
pub struct MoveTo;

impl Verb for MoveTo {
    const NAME: &'static str = "task move";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let id = resolve::one(&snapshot, &TASK, &args.id)?;
        let parent = args.parent.map(|parent| match parent.as_str() {
            "" => Ok(parent),
            name => resolve::one(&snapshot, &TASK, name).map(String::from),
        });
        let changes =
            Changes { named: vec![("sprint", args.sprint), ("parent", parent.transpose()?)], ..Changes::default() };
        changes.make(session, &TASK, &id)
    }
}
