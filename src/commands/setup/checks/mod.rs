//! What `doctor` looks at. Every check only reads, and one that fails is a finding of its own. Where something can be
//! mended, the finding holds the remedy, which `session::mend` carries out.

mod objects;
mod records;
mod refspecs;
mod repository;

use schemars::JsonSchema;
use serde::Serialize;

use super::maintenance::maintenance;
use crate::base::{Error, text};
use crate::session::Session;
use crate::session::mend::Remedy;

/// How many findings of one sort are listed; the last then says how many more there are.
const MOST: usize = 20;

/// Something that is wrong.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Finding {
    /// The stable machine word.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do. Never a command that destroys.
    pub hint: Option<String>,
    /// How `--fix` mends it; null where it cannot.
    pub fix: Option<String>,
    /// Whether it was mended.
    pub fixed: bool,
    #[serde(skip)]
    pub(super) remedy: Option<Remedy>,
}

impl Finding {
    /// Makes a finding.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        let message = text::one_line(&message.into());
        Finding { code: code.to_owned(), message, hint: None, fix: None, fixed: false, remedy: None }
    }

    /// Makes the finding of an error.
    pub fn of(error: &Error) -> Self {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        // To send on to the doctor whom the doctor asks would be no advice.
        let hint = error.hints().iter().find(|hint| !hint.contains("git coord doctor")).cloned();
        Finding { hint, ..Self::new(error.code(), format!("{error}{cause}")) }
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what mends it.
    pub(super) fn remedy(mut self, remedy: Remedy) -> Self {
        self.fix = Some(remedy.words());
        self.hint = self.hint.or_else(|| Some(FIX.to_owned()));
        self.remedy = Some(remedy);
        self
    }
}

impl Finding {
    /// Adds why it could not be mended.
    pub(super) fn say_why_not(&mut self, error: &Error) {
        let why = Finding::of(error);
        self.fix = Some(format!("did not work: {}", why.message));
        self.hint = why.hint;
    }
}

/// What to type to have mended what can be.
const FIX: &str = "git coord doctor --fix";

/// Looks at everything. Returns what is wrong, and how many records were read.
pub(super) fn all(session: &Session) -> (Vec<Finding>, usize) {
    let mut findings = Vec::new();
    repository::git(session, &mut findings);
    repository::settings(session, &mut findings);
    repository::signing(session, &mut findings);
    refspecs::refspecs(session, &mut findings);
    repository::locks(session, &mut findings);
    repository::places(session, &mut findings);
    maintenance(session, &mut findings);
    repository::index(session, &mut findings);
    repository::folded(session, &mut findings);
    repository::leftovers(session, &mut findings);
    let mut count = 0;
    if let Some(tip) = objects::state(session, &mut findings) {
        repository::history(session, tip, &mut findings);
        match session.snapshot_at(tip).and_then(|snapshot| records::records(session, &snapshot, &mut findings)) {
            Ok(read) => count = read,
            Err(error) => findings.push(Finding::of(&error)),
        }
    }
    (findings, count)
}

/// Lists a few findings of one sort, and says how many more there are.
fn few(found: impl Iterator<Item = Finding>, findings: &mut Vec<Finding>) {
    let found: Vec<Finding> = found.collect();
    let more = found.len().saturating_sub(MOST);
    findings.extend(found.into_iter().take(MOST));
    if more > 0
        && let Some(last) = findings.last_mut()
    {
        last.message.push_str(&format!(" (and {more} more like it)"));
    }
}
