//! The answer of the verbs that write: the record as it is now, the commit, what happened; or what would have.

use schemars::JsonSchema;
use serde::Serialize;

use super::draft::Draft;
use super::page::{Page, Span, Style, plain, styled};
use super::record::{self, RecordJson};
use super::schema::of::OfAny;
use super::verb::Report;
use crate::session::Outcome;
use crate::session::resolve::short;
use crate::state::{Event, Warning};

/// The most events, and the most records, that an answer lists.
pub const MOST_LISTED: usize = 200;

/// Returns whether nothing is left out of a list, which then need not be said.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What came of a write, whatever it was about; a part of the answer of every verb that writes.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Receipt {
    /// The commit; null where nothing had to change, and under `--dry-run`.
    pub commit: Option<String>,
    /// What happened; at most 200 events.
    pub events: Vec<Event>,
    /// How much more happened; `git coord events` tells it all.
    #[serde(skip_serializing_if = "is_zero")]
    #[serde(default)]
    pub more_events: usize,
    /// What the user should know; at most 200 warnings, and one that says how many more there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Under `--dry-run`, what would have been written; nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub dry_run: Option<Draft>,
}

impl Receipt {
    /// Makes the receipt of an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        Receipt {
            commit: outcome.commit.map(|commit| commit.to_string()),
            events: outcome.events.iter().take(MOST_LISTED).cloned().collect(),
            more_events: outcome.events.len().saturating_sub(MOST_LISTED) + outcome.more_events,
            warnings: first_of(outcome),
            dry_run: outcome.draft.as_ref().map(Draft::of),
        }
    }

    /// Tells a person what would have been written, where nothing was; returns whether that was so.
    pub fn tell_draft(&self, page: &mut Page) -> bool {
        self.dry_run.as_ref().inspect(|draft| draft.text(page)).is_some()
    }
}

/// Returns the first warnings of an outcome, and how many more there are.
fn first_of(outcome: &Outcome) -> Vec<Warning> {
    let more = outcome.warnings.len().saturating_sub(MOST_LISTED) + outcome.more_warnings;
    let last = (more > 0).then(|| Warning::new("more_warnings", format!("and {more} more warnings")));
    outcome.warnings.iter().take(MOST_LISTED).cloned().chain(last).collect()
}

/// The records that several verbs at once were about; a part of the answer of those that do so.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Listed {
    /// The records, in the order in which they were named, as they are now; at most 200.
    #[schemars(with = "Vec<OfAny>")]
    pub records: Vec<RecordJson>,
    /// How many more there were.
    #[serde(skip_serializing_if = "is_zero")]
    #[serde(default)]
    pub more_records: usize,
}

impl Listed {
    /// Makes the list of an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        let listed = outcome.records.iter().take(MOST_LISTED);
        Listed {
            records: listed.map(|record| record::json(record.as_ref(), false)).collect(),
            more_records: outcome.records.len().saturating_sub(MOST_LISTED) + outcome.more_records,
        }
    }
}

/// What a verb wrote.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Written {
    /// The record as it is now; null where the verb was about none.
    #[schemars(with = "Option<OfAny>")]
    pub record: Option<RecordJson>,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub receipt: Receipt,
    #[serde(skip)]
    lines: Vec<Vec<Span>>,
}

impl Written {
    /// Makes the answer of an outcome, and the line that tells a person of it.
    pub fn new(outcome: &Outcome, line: impl IntoIterator<Item = Span>) -> Self {
        Written {
            record: outcome.record().map(|record| record::json(record.as_ref(), false)),
            receipt: Receipt::of(outcome),
            lines: vec![line.into_iter().collect()],
        }
    }

    /// Makes the answer of an outcome that is about a record: what was done, and its id.
    pub fn about(what: &str, outcome: &Outcome) -> Self {
        let id = outcome.record().map(|record| short(record.kind(), record.id())).unwrap_or_default();
        Self::new(outcome, [plain(what), styled(Style::Id, id)])
    }

    /// Adds to the line that tells a person.
    pub fn and_say(mut self, text: impl AsRef<str>) -> Self {
        self.lines.last_mut().into_iter().for_each(|line| line.push(plain(&text)));
        self
    }

    /// Adds a line that tells a person more.
    pub fn and(mut self, line: impl IntoIterator<Item = Span>) -> Self {
        self.lines.push(line.into_iter().collect());
        self
    }
}

impl Report for Written {
    fn text(&self, page: &mut Page) {
        if self.receipt.tell_draft(page) {
            return;
        }
        for line in &self.lines {
            page.line(line.clone());
        }
    }

    fn warnings(&self) -> &[Warning] {
        &self.receipt.warnings
    }

    fn is_receipt(&self) -> bool {
        self.receipt.dry_run.is_none()
    }
}
