//! `import`: takes over records from a format of other tools.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::export::layout;
use super::input::Input;
use super::rows;
use crate::base::{Error, Result};
use crate::commands::draft::Draft;
use crate::commands::page::Page;
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::ops::import::Tally;
use crate::session::load::{Load, Source};
use crate::state::Warning;

/// Take over records from a format of other tools
///
/// All of them come in one commit. Records that are here and newer stay as they are. A file with a bad line changes nothing.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The format: beads, or json
    #[arg(value_name = "LAYOUT")]
    pub layout: String,
    /// The file to read; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: String,
}

/// What was taken over.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The commit; null where nothing was new, and under `--dry-run`.
    pub commit: Option<String>,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub tally: Tally,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// Under `--dry-run`, what would have been written; nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub dry_run: Option<Draft>,
}

fn file_name(path: &str) -> String {
    std::path::Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The verb.
pub struct Import;

impl Verb for Import {
    const NAME: &'static str = "import";
    const GROUP: Group = Group::Exchange;
    const EFFECT: Effect = Effect::Writes;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let format = layout(&args.layout)?;
        let reader = format.read.ok_or_else(|| Error::usage(format!("{} is only written", format.name)))?;
        session.tip()?;
        let (input, progress) = (Input::open(&args.file)?, scene.progress());
        let packing = session.store().packing()?;
        let name = if args.file == "-" { "standard input".to_owned() } else { file_name(&args.file) };
        let pour = |load: &mut Load<'_>| rows::pour(&input, format.name, reader, packing, load, progress);
        let source = Source { name: &name, speaks_for: (reader.speaks_for)(), rows: &pour, progress };
        let landed = session.take_over(&source);
        progress.end();
        let landed = landed?;
        Ok(Answer {
            commit: landed.commit.map(|commit| commit.to_string()),
            tally: landed.tally,
            warnings: landed.warnings,
            dry_run: landed.draft.as_ref().map(Draft::of),
        })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let Tally { added, updated, unchanged, older, messages, records, .. } = &self.tally;
        let others = match records {
            0 => String::new(),
            1 => ", 1 record of another kind".to_owned(),
            _ => format!(", {records} records of other kinds"),
        };
        let what = if self.dry_run.is_some() { "It would import" } else { "Imported" };
        page.say(format!(
            "{what}: {added} new, {updated} updated, {unchanged} unchanged, {older} older than here, {messages} messages{others}"
        ));
        self.dry_run.iter().for_each(|draft| draft.text(page));
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn is_receipt(&self) -> bool {
        self.dry_run.is_none()
    }
}
