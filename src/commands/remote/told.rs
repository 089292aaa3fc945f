//! A conflict as it is told: its values, who set each, and which of them stands in the record.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::{Id, Result, Timestamp, text};
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::ago;
use crate::ops::resolve;
use crate::records::conflict::{CONFLICT, Status, hash_of};
use crate::records::{Conflict, Term};
use crate::session::resolve::{any, one, short, single};
use crate::state::{Select, Snapshot};

/// Returns the conflict that a text names: by its id or the start of it, or by its record, where that has one that is open.
///
/// # Errors
/// `not_found` or `ambiguous`, both 4.
pub fn named(snapshot: &dyn Snapshot, name: &str) -> Result<Id> {
    let missing = match one(snapshot, &CONFLICT, name) {
        Err(error) if error.code() == "not_found" => error.hint("git coord conflicts"),
        found => return found,
    };
    let Ok((kind, id)) = any(snapshot, name) else { return Err(missing) };
    let open = Select::with(Term::new("record", format!("{}/{id}", kind.name)));
    let open = snapshot.under(&CONFLICT, &open.and(Term::new("status", Status::Open.as_str())))?;
    match open.is_empty() {
        true => Err(missing),
        false => single(open.into_iter().map(|id| (&CONFLICT, id)).collect(), &[&CONFLICT], name).map(|(_, id)| id),
    }
}

/// One of the values.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Held {
    /// Its hash, which `chosen` names.
    pub hash: String,
    /// The value; null where the field was emptied, or where it lies elsewhere and cannot be read.
    pub value: Value,
    /// Who set it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Whether it stands in the record now.
    pub stands: bool,
}

/// A conflict.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Told {
    /// The conflict.
    pub id: String,
    /// The record, as `kind/id`.
    pub record: String,
    /// The field, or the part of one: `gates/pytest`; `*` for the whole file.
    pub field: String,
    /// `open`, or `resolved`.
    pub status: String,
    /// Whether there is nothing to choose any more: it was resolved, the field was edited later, or the record is gone.
    pub settled: bool,
    /// What all values began from; null where that was nothing.
    pub base: Value,
    /// The values, the earliest first.
    pub values: Vec<Held>,
    /// The hash of the value that was chosen; null where none was.
    pub chosen: Option<String>,
    /// Who chose.
    pub resolved_by: Option<String>,
    /// When.
    pub resolved_at: Option<Timestamp>,
    #[serde(skip)]
    short: String,
}

impl Told {
    /// Makes the telling of a conflict.
    ///
    /// # Errors
    /// Whatever of its record and its values cannot be read.
    pub fn of(snapshot: &dyn Snapshot, conflict: &Conflict) -> Result<Self> {
        // A record that is there and cannot be read is as good as any other that the values are not in.
        let record = resolve::record_of(snapshot, conflict).ok().flatten();
        let standing = record.as_ref().and_then(|record| resolve::part(record, &conflict.field));
        let standing = record.as_ref().map(|_| hash_of(&standing.unwrap_or_default()));
        let mut values = Vec::with_capacity(conflict.values.len());
        for (hash, candidate) in &conflict.values {
            values.push(Held {
                stands: standing.as_ref() == Some(hash),
                value: resolve::value_of(snapshot, conflict, hash).unwrap_or_default(),
                by: candidate.by.clone(),
                at: candidate.at,
                hash: hash.clone(),
            });
        }
        values.sort_by(|a, b| (a.at, &a.by, &a.hash).cmp(&(b.at, &b.by, &b.hash)));
        Ok(Told {
            id: conflict.id.to_string(),
            short: short(&CONFLICT, &conflict.id),
            record: conflict.record.clone(),
            field: conflict.field.clone(),
            status: conflict.status.to_string(),
            settled: resolve::is_settled(snapshot, conflict),
            base: resolve::base_of(snapshot, conflict)?,
            values,
            chosen: conflict.chosen.clone(),
            resolved_by: conflict.resolved_by.clone(),
            resolved_at: conflict.resolved_at,
        })
    }

    /// Shows it in a few lines.
    pub fn text(&self, page: &mut Page, now: Timestamp) {
        let state = if self.settled { styled(Style::Dim, "  settled") } else { plain("") };
        page.line([
            styled(Style::Id, &self.short),
            plain(format!("  {}  ", text::excerpt(&self.record, 80))),
            styled(Style::Heading, text::excerpt(&self.field, 80)),
            state,
        ]);
        for held in &self.values {
            let stands = if held.stands { "  stands now" } else { "" };
            page.line([
                plain(format!("    {}: {}", text::excerpt(&held.by, 40), resolve::worded(&held.value))),
                styled(Style::Dim, format!("  {}{stands}", ago(now, held.at))),
            ]);
        }
    }
}
