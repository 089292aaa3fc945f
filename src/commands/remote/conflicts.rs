//! `conflicts`: what merges could not decide, and what does not fit together across records.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::told::Told;
use crate::base::{Result, Timestamp, text};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::Listed;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::ops::resolve;
use crate::query::graph::Node;
use crate::query::{Graph, links};
use crate::records::record::downcast;
use crate::records::sprint::SPRINT;
use crate::records::task::TASK;
use crate::records::{Conflict, Position, Sprint, Task, Term};
use crate::state::{Page as Items, Select, Snapshot, all};

/// List what merges could not decide
///
/// A field that was changed to two values on two machines has the later one, and the other is kept in a conflict until
/// somebody chooses, or edits the field once more. What only shows across records (tasks that wait for each other, links to
/// tasks that are not there, open tasks of closed sprints) is listed below; nothing is repaired by itself.
///
/// Example: git coord conflicts
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Those that are settled too
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// The most problems across records that are listed of each sort.
const MOST: usize = 50;

/// Something that does not fit together across records.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Across {
    /// `cycle`, `missing_target`, or `closed_sprint`.
    pub what: &'static str,
    /// The records, as `kind/id`.
    pub records: Vec<String>,
    /// What is wrong, in words.
    pub text: String,
}

/// The conflicts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    #[serde(flatten)]
    listed: Listed<Told>,
    /// What does not fit together across records; at most 50 of each sort.
    pub across: Vec<Across>,
    #[serde(skip)]
    now: Timestamp,
}

/// The verb.
pub struct List;

impl Verb for List {
    const NAME: &'static str = "conflicts";
    const GROUP: Group = Group::Remote;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        args.list.cursor.as_deref().map(Position::parse).transpose()?;
        let mut wanted = all::<Conflict>(&snapshot)?;
        wanted.retain(|conflict| args.all || !resolve::is_settled(&snapshot, conflict));
        let page = Items::cut(wanted, &args.list.paging(), |conflict| conflict.id.to_string());
        let page = page.try_map(|conflict| Told::of(&snapshot, &conflict))?;
        Ok(Answer { listed: Listed::new(page, |told| told), across: across(&snapshot)?, now: session.now() })
    }
}

fn across(snapshot: &dyn Snapshot) -> Result<Vec<Across>> {
    // Of a task no more is kept than how it hangs together with others.
    let mut nodes = Vec::new();
    snapshot.visit(&TASK, &mut |record| {
        nodes.extend(downcast::<Task>(&record).map(Node::of));
        Ok(())
    })?;
    let graph = Graph::from_nodes(nodes);
    let task = |id: &String| format!("task/{id}");
    let cycles = links::cycles(&graph).into_iter().take(MOST).map(|cycle| Across {
        what: "cycle",
        records: cycle.iter().map(task).collect(),
        text: format!("they wait for each other: {}", cycle.join(", ")),
    });
    let mut found: Vec<Across> = cycles.collect();
    // What a task depends on may have been archived before it, and nobody waits for it any more.
    let parents = graph.tasks().filter(|node| node.is_open()).filter_map(|node| Some((node, node.parent.as_ref()?)));
    for (node, parent) in parents.filter(|(_, parent)| graph.task(parent).is_none()) {
        if found.iter().filter(|across| across.what == "missing_target").count() < MOST
            && !snapshot.contains(&TASK, parent)?
        {
            let text = format!("parent of {} is {parent}, which is not there", node.id());
            found.push(Across { what: "missing_target", records: vec![task(&node.id().to_string())], text });
        }
    }
    let closed = all::<Sprint>(snapshot)?.into_iter().filter(|sprint| !sprint.status.is_open());
    for sprint in closed {
        let tasks = snapshot.under(&TASK, &Select::with(Term::new("sprint/open", sprint.id.as_str())))?;
        if !tasks.is_empty() && found.iter().filter(|across| across.what == "closed_sprint").count() < MOST {
            let mut records = vec![format!("{}/{}", SPRINT.name, sprint.id)];
            records.extend(tasks.iter().take(MOST).map(|id| format!("task/{id}")));
            let are = if tasks.len() == 1 { "task is" } else { "tasks are" };
            let text = format!("sprint {} is closed, and {} {are} open in it", sprint.id, tasks.len());
            found.push(Across { what: "closed_sprint", records, text });
        }
    }
    Ok(found)
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.listed.items.is_empty() && self.across.is_empty() {
            page.say("No conflicts");
            return;
        }
        for told in &self.listed.items {
            told.text(page, self.now);
        }
        if let Some(first) = self.listed.items.iter().find(|told| !told.settled) {
            let hint = format!("Settle one: git coord resolve {} --keep, --ours, --theirs or --value V", first.id);
            page.line([styled(Style::Dim, hint)]);
        }
        for across in &self.across {
            page.line([styled(Style::Warn, across.what), plain(format!("  {}", text::excerpt(&across.text, 200)))]);
        }
        self.listed.say_rest(page);
    }
}
