//! Whose turn it is does its own work and that of others who wait: a commit for each, and the ref moves once.
//!
//! Each operation is decided on the commit of the one before it, which nobody else sees yet. One that is refused leaves
//! nothing behind and is told so when the others have landed: what it was refused for may be one of them. Where the
//! ref has moved meanwhile, all of it is decided anew.

use std::time::{Duration, Instant};

use super::errand::{self, Errand};
use super::making::Made;
use super::{Identity, Outcome, Session, TreeSnapshot, recover};
use crate::base::{Error, Kind, Result, time};
use crate::ops::{self, Context};
use crate::state::Changeset;
use crate::store::{Chain, Published, Request, Writer};

/// What one process has asked for, as far as it could be read.
struct Asked {
    request: Request,
    errand: Result<Errand>,
}

impl Session {
    /// Does what `decide` wants, and what others have asked for. It is decided first, on what everybody can see.
    pub(super) fn lead(
        &self,
        mut writer: Writer<'_>,
        (identity, context): (&Identity, &Context),
        decide: &mut dyn FnMut(&TreeSnapshot<'_>) -> Result<Changeset>,
        requests: Vec<Request>,
    ) -> Result<Outcome> {
        let deadline = Instant::now() + self.settings().lock_timeout;
        let asker = self.asker(identity);
        let read = |request: Request| Asked { errand: Errand::decode(request.bytes()), request };
        let others: Vec<Asked> = requests.into_iter().map(read).collect();
        loop {
            let Some(tip) = recover::bring_back(self, &mut writer, self.tip()?)? else {
                wait_for_git(deadline)?;
                continue;
            };
            let mut chain = writer.chain(Some(tip));
            let own = self.make(&writer, &mut chain, &asker, context, |snapshot| decide(snapshot));
            let made: Vec<Result<Made>> = self.make_all(&writer, &mut chain, &others);
            match self.land(&mut writer, chain, &own, &others, &made) {
                Ok(Published::Moved) => wait_for_git(deadline)?,
                Ok(Published::Landed(tip)) => {
                    self.let_go_all(&own, &asker, &others, &made);
                    drop(writer);
                    let files: usize = own.iter().chain(made.iter().flatten()).map(Made::files).sum();
                    if files > 0 {
                        self.keep_small(tip, files);
                    }
                    return own.map(|made| made.outcome(context));
                }
                // What was refused, or needs no commit, has nothing to do with what happened to the others. They ask on.
                Err(error) => match own {
                    Ok(made) if made.is_commit() => return Err(error),
                    own => return own.map(|made| made.outcome(context)),
                },
            }
        }
    }

    fn make_all(&self, writer: &Writer<'_>, chain: &mut Chain, others: &[Asked]) -> Vec<Result<Made>> {
        // Looked at once, and then kept up to date: whoever has just had its wish is alive.
        let mut signs = None;
        let mut make = |errand: &Errand| {
            let context = if errand.operation.takes_tasks() {
                let signs = signs.get_or_insert_with(|| self.machine().signs()).clone();
                Context { now: time::now().max(errand.context.now), signs, ..errand.context.clone() }
            } else {
                errand.context.clone()
            };
            let decide = |snapshot: &TreeSnapshot<'_>| ops::apply(&errand.operation, snapshot, &context);
            let made = self.make(writer, chain, &errand.asker(), &errand.context, decide)?;
            if let Some(signs) = &mut signs {
                made.note(signs, &errand.context);
            }
            Ok(made)
        };
        others.iter().map(|asked| asked.errand.as_ref().map_err(odd).and_then(&mut make)).collect()
    }

    /// Publishes a chain, and gives the answers; a chain without commits has landed as it is.
    fn land(
        &self,
        writer: &mut Writer<'_>,
        chain: Chain,
        own: &Result<Made>,
        others: &[Asked],
        made: &[Result<Made>],
    ) -> Result<Published> {
        let mut answers = Vec::with_capacity(others.len());
        for (Asked { request, errand }, made) in others.iter().zip(made) {
            let outcome = match (made, errand) {
                (Ok(made), Ok(errand)) => errand::done(&made.outcome(&errand.context)),
                (Err(error), _) | (_, Err(error)) => errand::refused(error),
            };
            answers.push((request, outcome?));
        }
        match chain.head() {
            Some(tip) if chain.is_empty() => writer.answer(&answers).map(|()| Published::Landed(tip)),
            _ => {
                let reflog = reflog(std::iter::once(own).chain(made), chain.len());
                writer.publish_all(chain, &reflog, &answers)
            }
        }
    }

    fn let_go_all(&self, own: &Result<Made>, asker: &super::making::Asker, others: &[Asked], made: &[Result<Made>]) {
        own.iter().for_each(|made| self.let_go(made.ends(), asker));
        for (asked, made) in others.iter().zip(made) {
            if let (Ok(errand), Ok(made)) = (&asked.errand, made) {
                self.let_go(made.ends(), &errand.asker());
            }
        }
    }
}

/// Returns the line for the reflog: the first change, and how many more there are.
fn reflog<'a>(made: impl Iterator<Item = &'a Result<Made>>, commits: usize) -> String {
    let first = made.flatten().find(|made| made.is_commit()).map(Made::reflog).unwrap_or_default();
    match commits.saturating_sub(1) {
        0 => format!("coord: {first}"),
        more => format!("coord: {first}, and {more} more"),
    }
}

fn odd(error: &Error) -> Error {
    Error::new(error.kind(), error.code(), error.message())
}

/// Only a git that writes the ref without our queue can have moved it: gives it a moment, until the time is up.
pub(super) fn wait_for_git(deadline: Instant) -> Result<()> {
    if Instant::now() >= deadline {
        let message = "cannot write: another program keeps moving the ref";
        return Err(Error::new(Kind::Busy, "retry_limit", message).hint("try again"));
    }
    std::thread::sleep(Duration::from_millis(1));
    Ok(())
}
