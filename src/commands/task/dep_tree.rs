//! `dep tree`: what a task waits for, and what that waits for in turn.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, text};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, Listed, RecordJson, status_style};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::query::Graph;
use crate::query::tree::{Below, Line, Why, tree};
use crate::records::Task;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};
use crate::state::{Page as Items, find};

/// The deepest that a line is indented; below that its depth stands before it.
const DEEPEST: usize = 20;

/// Show what a task waits for, and what that waits for in turn
///
/// Over dependencies, parts, and what the tasks it is part of wait for. Each task is opened once.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// A task in the tree.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// How deep it stands; the task that was asked for has 0.
    pub depth: usize,
    /// The id of the task.
    pub id: String,
    /// Why it stands under the nearest line above it that is less deep.
    pub why: Why,
    /// What follows below it.
    pub below: Below,
    /// The task, without its text; null where there is none to be read.
    #[schemars(with = "Option<Of<Task>>")]
    pub record: Option<RecordJson>,
    #[serde(skip)]
    task: Option<Task>,
}

/// What a task waits for, in the order in which a tree is read.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer {
    listed: Listed<Item>,
}

/// The verb.
pub struct DepTree;

impl Verb for DepTree {
    const NAME: &'static str = "dep tree";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let id = resolve::one(&snapshot, &TASK, &args.id)?;
        let graph = Graph::reach(&snapshot, &id, None)?;
        let lines: Vec<(usize, Line)> = tree(&graph, &id).into_iter().enumerate().collect();
        let page = Items::cut(lines, &args.list.paging(), |(place, _)| format!("{place:09}"));
        let item = |(_, line): (usize, Line)| {
            // One that is gone or cannot be read has said so already.
            let task = find::<Task>(&snapshot, &line.id).ok().flatten();
            Item {
                record: task.as_ref().map(|task| record::head(task, args.list.stamps)),
                task,
                depth: line.depth,
                id: line.id,
                why: line.why,
                below: line.below,
            }
        };
        Ok(Answer { listed: Listed::new(page, item) })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        for item in &self.listed.items {
            let deep = if item.depth > DEEPEST { format!("({}) ", item.depth) } else { String::new() };
            let indent = format!("{}{deep}", "  ".repeat(item.depth.min(DEEPEST)));
            let mark = match (&item.below, &item.why) {
                (Below::Shown, _) => "  (see above)",
                (Below::Cycle, _) => "  (waits for itself)",
                (Below::Missing, _) => "  (there is no such task)",
                (Below::Unreadable, _) => "  (cannot be read)",
                (_, Why::Part) => "  (part)",
                (_, Why::Inherited) => "  (of what it is part of)",
                _ => "",
            };
            let mut line = vec![plain(indent), styled(Style::Id, short(&TASK, &item.id))];
            if let Some(task) = &item.task {
                line.push(styled(status_style(&task.status), format!("  {}", task.status)));
                line.push(plain(format!("  {}", text::excerpt(&task.title, 200))));
            }
            line.push(styled(Style::Dim, mark));
            page.line(line);
        }
        self.listed.say_rest(page);
    }
}
