//! `undo`: takes a commit back.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, RecordJson};
use crate::commands::schema::of::OfAny;
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::commands::written::Receipt;
use crate::ops::Operation;
use crate::session::resolve::short;
use crate::state::Warning;

/// Take a commit back, by a new one
///
/// Without a commit, your own last one. Where something later stands on it, nothing is done, and what stands in the way
/// is named. An undo can be undone.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The commit, as `git coord log` shows it; ~1 is the one before the last
    #[arg(value_name = "COMMIT")]
    pub commit: Option<String>,
    /// Undo a claim although somebody else holds it
    #[arg(long)]
    pub force: bool,
}

/// What was taken back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The commit that was taken back.
    pub undone: String,
    /// The first line of its message.
    pub subject: String,
    /// The records that it changed: as they are now, and as they were where they are gone again; at most 200.
    #[schemars(with = "Vec<OfAny>")]
    pub records: Vec<RecordJson>,
    /// How many records it changed.
    pub total: usize,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub receipt: Receipt,
    #[serde(skip)]
    ids: Vec<String>,
}

/// The verb.
pub struct Undo;

impl Verb for Undo {
    const NAME: &'static str = "undo";
    const GROUP: Group = Group::History;
    const EFFECT: Effect = Effect::Writes;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let identity = session.identity()?;
        let mut undo = session.reversal(args.commit.as_deref(), &identity.agent)?;
        undo.force = args.force;
        let outcome = session.transact(&Operation::Undo(undo.clone()))?;
        let first = outcome.records.iter().take(MOST_RECORDS);
        Ok(Answer {
            undone: undo.commit,
            subject: undo.subject,
            records: first.clone().map(|record| record::json(record.as_ref(), false)).collect(),
            total: outcome.records.len(),
            ids: first.map(|record| short(record.kind(), record.id())).collect(),
            receipt: Receipt::of(&outcome),
        })
    }
}

/// The most records that are answered.
const MOST_RECORDS: usize = 200;

/// The most ids that a person is shown.
const FEW: usize = 8;

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.receipt.tell_draft(page) {
            return;
        }
        page.line([plain("Undid "), styled(Style::Id, &self.undone[..10]), plain(format!(": {}", self.subject))]);
        let rest = self.total.saturating_sub(FEW);
        let mut ids = self.ids.iter().take(FEW).cloned().collect::<Vec<_>>().join(", ");
        if rest > 0 {
            ids.push_str(&format!(" and {rest} more"));
        }
        page.line([styled(Style::Dim, format!("  as before: {ids}"))]);
    }

    fn warnings(&self) -> &[Warning] {
        &self.receipt.warnings
    }

    fn is_receipt(&self) -> bool {
        self.receipt.dry_run.is_none()
    }
}
