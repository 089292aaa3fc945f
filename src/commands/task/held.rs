//! The answer of the verbs that take a task: the task, and the claim that now owns it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::base::text;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, RecordJson};
use crate::commands::schema::of::Of;
use crate::commands::verb::Report;
use crate::commands::written::Receipt;
use crate::records::Task;
use crate::records::record::downcast;
use crate::records::task::{Claim, TASK};
use crate::session::Outcome;
use crate::session::resolve::short;
use crate::state::Warning;

/// A task and the claim on it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Held {
    /// The task as it is now; null where there is none to take.
    #[schemars(with = "Option<Of<Task>>")]
    pub record: Option<RecordJson>,
    /// The claim: its fields, and `state`, which is `confirmed` or `provisional`.
    pub claim: Option<Owned>,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub receipt: Receipt,
    #[serde(skip)]
    task: Option<Task>,
}

/// A claim, and how sure it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Owned {
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub claim: Claim,
    /// `confirmed`: the remote of the team has it, or there is no remote and this machine decides; `provisional`: the remote
    /// was not asked.
    pub state: &'static str,
}

impl Held {
    /// Makes the answer of an outcome.
    pub fn new(outcome: &Outcome) -> Self {
        let task = outcome.record().and_then(downcast::<Task>).cloned();
        Held {
            record: task.as_ref().map(|task| record::json(task, false)),
            claim: task
                .as_ref()
                .and_then(|task| task.claim.clone())
                .map(|claim| Owned { claim, state: claim_state(!outcome.is_provisional) }),
            receipt: Receipt::of(outcome),
            task,
        }
    }
}

/// Returns the word for a claim that the remote of the team has, or has not.
pub(super) fn claim_state(is_confirmed: bool) -> &'static str {
    if is_confirmed { "confirmed" } else { "provisional" }
}

/// Returns the paths that a claim reserves, for people.
pub(super) fn reserved(claim: &Claim) -> String {
    text::excerpt(&claim.paths.join(", "), 400)
}

impl Report for Held {
    fn text(&self, page: &mut Page) {
        let Some(task) = &self.task else {
            page.say("Nothing is ready");
            return;
        };
        if self.receipt.tell_draft(page) {
            return;
        }
        let had = self.receipt.events.iter().flat_map(|event| &event.changes).find(|change| change.field == "claim");
        let had = had.and_then(|change| change.from.as_ref()?.get("id")?.as_str());
        let what = match (&self.receipt.commit, had) {
            (None, _) => "Held already: ",
            (_, None) => "Claimed ",
            (_, Some(id)) if task.claim.as_ref().is_some_and(|claim| claim.id == id) => "Renewed the claim on ",
            (_, Some(_)) => "Took over ",
        };
        page.line([
            plain(what),
            styled(Style::Id, short(&TASK, &task.id)),
            plain(format!(": {}", text::excerpt(&task.title, 200))),
        ]);
        if let Some(claim) = &task.claim {
            let facts = format!("  claim {}, epoch {}, ttl {} min", claim.id, claim.epoch, claim.ttl_minutes);
            page.line([styled(Style::Dim, facts)]);
            if !claim.paths.is_empty() {
                page.line([styled(Style::Dim, "  reserves "), plain(reserved(claim))]);
            }
        }
    }

    fn exit(&self) -> u8 {
        u8::from(self.task.is_none())
    }

    fn warnings(&self) -> &[Warning] {
        &self.receipt.warnings
    }

    fn is_receipt(&self) -> bool {
        self.receipt.dry_run.is_none()
    }
}
