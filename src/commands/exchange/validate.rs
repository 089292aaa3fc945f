//! `validate`: all that is wrong with a file, before somebody relies on it.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::{Content, Fault};
use super::input::read_file;
use super::schema::named;
use crate::base::{Result, text};
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};

/// The most faults that are listed; all are counted.
const MOST_LISTED: usize = 200;

/// Say what is wrong with a file, line by line
///
/// It may be the file of a record, the lines of `apply`, the lines of `export json`, or the settings of the team; with
/// --as, JSON of anything that has a schema. It is told by its content. Nothing is written, and no repository is needed.
/// Answers with exit code 1 where something is wrong.
///
/// Example: git coord validate plan.jsonl
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The file to read; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: String,
    /// What it holds, by a name that `git coord schema` lists
    #[arg(long = "as", value_name = "NAME")]
    #[serde(rename = "as")]
    pub of: Option<String>,
}

/// What is wrong with a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// What it was held to be, by the name of its schema.
    pub schema: String,
    /// How many records or lines it has.
    pub checked: usize,
    /// What is wrong, by line; at most 200.
    pub items: Vec<Fault>,
    /// How much is wrong.
    pub total: usize,
    #[serde(skip)]
    file: String,
}

/// The verb.
pub struct Validate;

impl Verb for Validate {
    const NAME: &'static str = "validate";
    const GROUP: Group = Group::Exchange;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, _: &Scene) -> Result<Answer> {
        let what = args.of.as_deref().map(named).transpose()?;
        let bytes = read_file(&args.file)?;
        let file = if args.file == "-" { "standard input".to_owned() } else { text::excerpt(&args.file, 200) };
        let content = Content::of(&bytes, what, &file)?;
        let (checked, mut items) = content.faults(&bytes);
        let total = items.len();
        items.truncate(MOST_LISTED);
        Ok(Answer { schema: content.name(), checked, items, total, file })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        for fault in &self.items {
            let place = match (fault.line, fault.item) {
                (Some(line), _) => format!("line {line}"),
                (_, Some(item)) => format!("item {item}"),
                _ => "the file".to_owned(),
            };
            let field =
                fault.field.as_ref().map_or_else(String::new, |field| format!(", {}", text::excerpt(field, 80)));
            page.line([
                styled(Style::Id, format!("{place}{field}")),
                plain(format!(": {} ", text::excerpt(&fault.message, 400))),
                styled(Style::Dim, format!("({})", fault.rule)),
            ]);
        }
        if self.total > self.items.len() {
            page.line([styled(Style::Dim, format!("… and {} more", self.total - self.items.len()))]);
        }
        let held = match self.checked {
            1 => self.schema.clone(),
            several => format!("{}, {several} checked", self.schema),
        };
        page.say(match self.total {
            0 => format!("Nothing is wrong with {} ({held})", self.file),
            1 => format!("1 fault in {} ({held})", self.file),
            several => format!("{several} faults in {} ({held})", self.file),
        });
    }

    fn exit(&self) -> u8 {
        u8::from(self.total > 0)
    }
}
