//! Several verbs that write, as one commit or none: what `apply` and `bulk` have in common.
//!
//! Each is planned and decided on what those before it leave behind, first beside the state, where all names are settled,
//! then on the very tip that the commit is made on.

use std::collections::BTreeMap;
use std::fmt;

use super::verb::Row;
use super::write::{Desk, Input};
use crate::base::{Error, Id, Kind, Progress, Result};
use crate::ops::batch::{Batch, Bench};
use crate::ops::{Context, Operation};
use crate::records;
use crate::records::record::AnyRecord;
use crate::session::{Outcome, Session};
use crate::state::Overlay;
use crate::sync;

/// A verb among others.
pub struct Part {
    /// Where it stands, for errors: `line 3`.
    pub place: String,
    /// The verb.
    pub row: &'static Row,
    /// By which name later ones refer to the record that it is about.
    pub name: Option<String>,
}

/// The records that a batch gives names, by these.
pub type Names = BTreeMap<String, Named>;

/// A record that has a name in a batch.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its kind.
    pub kind: &'static records::Kind,
    /// Its id.
    pub id: Id,
}

impl Named {
    /// Returns the record as one that has a name.
    pub fn of(record: &AnyRecord) -> Self {
        Named { kind: record.kind(), id: record.id().clone() }
    }
}

/// Does several verbs in one commit, or none: `plan` makes the operation of each, with the names known so far.
///
/// # Errors
/// `operation_refused` (5) where one does not fit, with the details `place`, `op`, and `code`, which is that of the
/// refusal; what the session refuses otherwise.
pub fn carry_out<P>(
    session: &Session,
    subject: &str,
    parts: &[P],
    of: impl Fn(&P) -> &Part,
    plan: impl Fn(&P, &Names, &Desk<'_>) -> Result<Operation>,
    progress: &dyn Progress,
) -> Result<(Outcome, Names)> {
    progress.begin("planning", Some(parts.len() as u64));
    let steps = settle(session, parts, &of, plan, progress);
    progress.begin("storing", None);
    let done = steps.and_then(|(steps, names)| {
        let batch = Operation::Batch(Batch { subject: subject.to_owned(), steps });
        let outcome = sync::transact(session, &batch).map_err(|error| {
            let step = error.details().get("step").and_then(|step| usize::try_from(step.as_u64()?).ok());
            match step.and_then(|step| parts.get(step)) {
                Some(part) => refused(of(part), &error),
                None => error,
            }
        })?;
        Ok((outcome, names))
    });
    progress.end();
    done
}

/// Plans all parts beside the state, each on what those before it leave behind.
fn settle<P>(
    session: &Session,
    parts: &[P],
    of: &impl Fn(&P) -> &Part,
    plan: impl Fn(&P, &Names, &Desk<'_>) -> Result<Operation>,
    progress: &dyn Progress,
) -> Result<(Vec<Operation>, Names)> {
    let identity = session.identity()?;
    let context = Context { signs: session.machine().signs(), ..session.plain_context(&identity) };
    let snapshot = session.snapshot()?;
    let mut bench = Bench::new(Overlay::new(&snapshot), &context);
    let (mut names, mut steps, mut knows_files) = (Names::new(), Vec::new(), false);
    for part in parts {
        let whole = of(part);
        let desk = Desk { snapshot: bench.records(), now: session.now(), input: Input::Literal };
        let operation = plan(part, &names, &desk).map_err(|error| refused(whole, &error))?;
        if operation.looks_at_files() && !knows_files {
            bench.know_files(session.tracked_files()?);
            knows_files = true;
        }
        let change = bench.add(&operation).map_err(|error| refused(whole, &error))?;
        if let (Some(name), Some(record)) = (&whole.name, &change.about) {
            names.insert(name.clone(), Named::of(record));
        }
        steps.push(operation);
        progress.advance(1);
    }
    Ok((steps, names))
}

/// Returns the refusal of one verb as that of all.
pub fn refused(part: &Part, error: &Error) -> Error {
    let message = format!("{} ({}): {}; nothing was written", part.place, part.row.name, error.message());
    // What is wrong with the machine is wrong whatever was asked for.
    if matches!(error.kind(), Kind::Fatal | Kind::Busy | Kind::Remote) {
        return Error::new(error.kind(), error.code(), message);
    }
    let mut refused = Error::invalid("operation_refused", message);
    for (key, value) in error.details() {
        refused = refused.detail(key, value.clone());
    }
    let refused = refused.detail("place", part.place.as_str()).detail("op", part.row.name).detail("code", error.code());
    error.hints().iter().fold(refused, |refused, hint| refused.hint(hint))
}

/// Which verbs there are, and how many of each.
#[derive(Debug, Default)]
pub struct Counts {
    counts: Vec<(&'static str, usize)>,
}

impl Counts {
    /// Adds one of a verb.
    pub fn add(&mut self, verb: &'static str) {
        match self.counts.iter_mut().find(|(name, _)| *name == verb) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((verb, 1)),
        }
    }

    /// Returns how many there are.
    pub fn total(&self) -> usize {
        self.counts.iter().map(|(_, count)| count).sum()
    }
}

/// As in `2 task new, 1 claim`.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> = self.counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        f.write_str(&counts.join(", "))
    }
}
