//! `conflicts show`: one conflict, each value beside what they all began from.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::told::{Told, named};
use crate::base::{Result, Timestamp};
use crate::commands::draft;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::Conflict;
use crate::state::get;

/// Show a conflict: what each value changes
///
/// Each value as a diff against what they all began from.
///
/// Example: git coord conflicts show xsd9m
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The conflict: its id, or the start of it, or the record it is about
    #[arg(value_name = "ID")]
    pub id: String,
}

/// A conflict.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The conflict.
    pub conflict: Told,
    #[serde(skip)]
    now: Timestamp,
}

/// The verb.
pub struct Show;

impl Verb for Show {
    const NAME: &'static str = "conflicts show";
    const GROUP: Group = Group::Remote;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let id = named(&snapshot, &args.id)?;
        let conflict: Conflict = get(&snapshot, &id)?;
        Ok(Answer { conflict: Told::of(&snapshot, &conflict)?, now: session.now() })
    }
}

/// A value as lines: a text as it is, any other value as JSON, nothing where there is none.
fn lines(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        value => serde_json::to_string_pretty(value).unwrap_or_default(),
    };
    if text.ends_with('\n') { text } else { format!("{text}\n") }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        self.conflict.text(page, self.now);
        for held in &self.conflict.values {
            let stands = if held.stands { ", which stands now" } else { "" };
            page.line([
                styled(Style::Heading, format!("{}{stands}", held.by)),
                styled(Style::Dim, format!("  {}", held.hash)),
            ]);
            draft::diff(page, &lines(&self.conflict.base), &lines(&held.value));
        }
        if let Some(by) = &self.conflict.resolved_by {
            let chosen = self.conflict.chosen.as_deref().unwrap_or("none of them");
            page.line([plain(format!("{by} has chosen {chosen}"))]);
        }
    }
}
