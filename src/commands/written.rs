//! The answer of every verb that writes: the record as it is now, the commit, what happened.

use schemars::JsonSchema;
use serde::Serialize;

use super::page::{Page, Span};
use super::record::{self, RecordJson};
use super::verb::Report;
use crate::session::Outcome;
use crate::state::{Event, Warning};

/// What a verb wrote.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Written {
    /// The record as it is now; null where the verb was about none.
    pub record: Option<RecordJson>,
    /// The commit; null where nothing had to change.
    pub commit: Option<String>,
    /// What happened.
    pub events: Vec<Event>,
    /// What the user should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    pub warnings: Vec<Warning>,
    #[serde(skip)]
    lines: Vec<Vec<Span>>,
}

impl Written {
    /// Makes the answer of an outcome, and the line that tells a person of it.
    pub fn new(outcome: &Outcome, line: impl IntoIterator<Item = Span>) -> Self {
        Written {
            record: outcome.record.as_ref().map(|record| record::json(record.as_ref(), false)),
            commit: outcome.commit.map(|commit| commit.to_string()),
            events: outcome.events.clone(),
            warnings: outcome.warnings.clone(),
            lines: vec![line.into_iter().collect()],
        }
    }

    /// Adds a line that tells a person more.
    pub fn and(mut self, line: impl IntoIterator<Item = Span>) -> Self {
        self.lines.push(line.into_iter().collect());
        self
    }
}

impl Report for Written {
    fn text(&self, page: &mut Page) {
        for line in &self.lines {
            page.line(line.clone());
        }
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn is_receipt(&self) -> bool {
        true
    }
}
