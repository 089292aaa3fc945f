//! `schema`: the JSON Schemas of all that goes in and out.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::base::{Error, Result, text};
use crate::commands::VERBS;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::schema::{DRAFT, What};
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};

/// Print the JSON Schema of a record, an operation or an answer
///
/// Without a name it lists what there is. What is printed is the bare schema, draft 2020-12, with or without --json.
///
/// Example: git coord schema answer task new
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// What it is of: a kind of record, record, config, event, error, operation, operation VERB, or answer VERB
    #[arg(value_name = "NAME")]
    pub name: Vec<String>,
    /// All of them, in one document
    #[arg(long, conflicts_with = "name")]
    pub all: bool,
}

/// What has a schema.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The name to ask for.
    pub name: String,
    /// What it is.
    pub about: String,
}

/// What there is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// All that has a schema.
    pub items: Vec<Item>,
    /// How many there are.
    pub total: usize,
    #[serde(skip)]
    schema: Option<String>,
}

/// Returns what has a name.
///
/// # Errors
/// `usage` where there is none.
pub(super) fn named(name: &str) -> Result<What> {
    What::find(name).ok_or_else(|| {
        let shown = text::excerpt(name, 60);
        let error = Error::usage(format!("there is no schema called «{shown}»"));
        match VERBS.iter().any(|row| row.name == name) {
            true => error.hint(format!("git coord schema answer {name}")),
            false => error.hint("git coord schema"),
        }
    })
}

/// Returns one document that holds all schemas, each under its name and with its own `$id`.
fn whole() -> Value {
    let all: Map<String, Value> = What::all().map(|what| (what.name(), what.draw())).collect();
    json!({ "$schema": DRAFT, "$id": "urn:git-coord:1", "title": "All that goes in and out", "$defs": all })
}

fn printed(schema: &Value) -> String {
    format!("{schema:#}\n")
}

/// The verb.
pub struct Schema;

impl Verb for Schema {
    const NAME: &'static str = "schema";
    const GROUP: Group = Group::Exchange;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, _: &Scene) -> Result<Answer> {
        let items: Vec<Item> = What::all().map(|what| Item { name: what.name(), about: what.about() }).collect();
        let schema = match args.name.as_slice() {
            _ if args.all => Some(printed(&whole())),
            [] => None,
            words => Some(printed(&named(&words.join(" "))?.draw())),
        };
        Ok(Answer { total: items.len(), items, schema })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let row = |item: &Item| vec![styled(Style::Id, &item.name), plain(&item.about)];
        page.table(self.items.iter().map(row).collect());
    }

    fn bare(&self) -> Option<&str> {
        self.schema.as_deref()
    }
}
