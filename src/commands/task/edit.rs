//! `task edit`: changes what anybody may change of a task.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::{Error, Result, text};
use crate::commands::args::{text_or_stdin, text_value};
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::{Group, Scene, Verb};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::edit;
use crate::records::task::TASK;
use crate::session::resolve::{self, short};
use std::collections::BTreeMap;

/// Change fields of a task
///
/// Status, assignee and claim change by their verbs: claim, release, block, done and so on.
///
/// Example: git coord task edit t7k2m --priority P0 --label parser --set metrics.lines=450
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// What is to be done, on one line
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = text_value)]
    pub title: Option<String>,
    /// The description in Markdown; `-` reads standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub body: Option<String>,
    /// How much it matters: P0 to P4
    #[arg(long, value_name = "P")]
    pub priority: Option<String>,
    /// What sort of work it is
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
    /// The sprint it belongs to
    #[arg(long, value_name = "ID")]
    pub sprint: Option<String>,
    /// Add a label; may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    #[serde(rename = "label")]
    pub labels: Vec<String>,
    /// Take a label away; may be given several times
    #[arg(long = "remove-label", value_name = "LABEL")]
    #[serde(rename = "remove_label")]
    pub remove_labels: Vec<String>,
    /// Set any other field; `FIELD.KEY=VALUE` sets one key of a map, an empty value clears. May be given several times
    #[arg(long, value_name = "FIELD=VALUE", allow_hyphen_values = true)]
    pub set: Vec<String>,
}

/// The verb.
pub struct Edit;

impl Verb for Edit {
    const NAME: &'static str = "task edit";
    const GROUP: Group = Group::Task;
    type Args = Args;
    type Report = Written;

    fn run(args: Args, scene: &Scene) -> Result<Written> {
        let session = scene.session()?;
        let id = resolve::one(&session.snapshot()?, &TASK, &args.id)?;
        let mut set = assignments(&args.set)?;
        let named =
            [("title", args.title), ("priority", args.priority), ("type", args.r#type), ("sprint", args.sprint)];
        set.extend(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        let nothing = edit::Edit { kind: TASK.name.to_owned(), id: id.to_string(), ..edit::Edit::default() };
        let input = edit::Edit {
            set,
            add: labels(args.labels),
            remove: labels(args.remove_labels),
            body: args.body.as_deref().map(text_or_stdin).transpose()?,
            ..nothing.clone()
        };
        if input == nothing {
            return Err(Error::usage("nothing to change: name a field, as in --title TEXT or --set FIELD=VALUE"));
        }
        let outcome = session.transact(&Operation::Edit(input))?;
        let what = if outcome.commit.is_some() { "Changed " } else { "As it was: " };
        Ok(Written::new(&outcome, [plain(what), styled(Style::Id, short(&TASK, &id))]))
    }
}

fn labels(labels: Vec<String>) -> BTreeMap<String, Vec<String>> {
    if labels.is_empty() { BTreeMap::new() } else { BTreeMap::from([("labels".to_owned(), labels)]) }
}

/// Splits `FIELD=VALUE`.
fn assignments(set: &[String]) -> Result<BTreeMap<String, String>> {
    set.iter()
        .map(|pair| match pair.split_once('=') {
            Some((field, value)) => Ok((field.trim().to_owned(), value.to_owned())),
            None => Err(Error::usage(format!("--set takes FIELD=VALUE, not «{}»", text::excerpt(pair, 40)))),
        })
        .collect()
}
