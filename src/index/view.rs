//! The index as of one commit: what the file says of the commit it describes, and what differs.
//!
//! Every answer is of one state of the file: it is read in one transaction, and where another process has brought the
//! file on meanwhile, what differs is found out again.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use rusqlite::Connection;

use super::delta::{Delta, DerivedDelta};
use super::file::{self, Opened, Reading};
use super::lookup::{self, Wanted};
use super::{Attempt, Broken};
use crate::base::{Id, Result};
use crate::records::{Kind, Position, Term};
use crate::state::{End, Page, Paging, Select, Snapshot, select};
use crate::store::{Oid, Store};

/// How many files may differ before the file is brought up to date, for questions about records as they are.
const FAR: usize = 16;

/// The same for questions about derived terms, which cost more per file that differs.
const FAR_DERIVED: usize = 4;

/// The index as of one commit.
pub struct View<'s> {
    store: &'s Store,
    file: Rc<Opened>,
    commit: Oid,
    has_tried: Cell<bool>,
}

/// What differs from one state of the file.
pub(super) struct Known {
    delta: Delta,
    derived: OnceCell<DerivedDelta>,
}

impl<'s> View<'s> {
    pub(super) fn new(store: &'s Store, file: Rc<Opened>, commit: Oid) -> Self {
        View { store, file, commit, has_tried: Cell::new(false) }
    }

    /// Returns what was last found to differ, where it was found for this commit.
    fn known(&self) -> Option<Rc<Known>> {
        let known = self.file.known.borrow();
        known.as_ref().filter(|(commit, _)| *commit == self.commit).map(|(_, known)| Rc::clone(known))
    }

    /// Returns a page of the records that are wanted; nothing where the file cannot answer.
    ///
    /// # Errors
    /// `bad_cursor` (5).
    pub fn select(
        &self,
        snapshot: &dyn Snapshot,
        kind: &'static Kind,
        wanted: &Select,
        paging: &Paging,
        end: End,
    ) -> Result<Option<Page<Id>>> {
        let cursor = paging.cursor.as_deref().map(Position::parse).transpose()?;
        // Whoever asks only how many gets no rows.
        let asks_for_rows = paging.limit > 0;
        let answer = self.with(snapshot, FAR, |connection, known| {
            let (mut changed, gone) = known.delta.found(kind, wanted);
            let (mut positions, mut total) = (Vec::new(), changed.len());
            if let Some(wanted) = Wanted::of(connection, kind.name, wanted)? {
                total += wanted.count(connection)?.saturating_sub(gone);
                if asks_for_rows {
                    let most = paging.limit.saturating_add(1).saturating_add(known.delta.rows.len());
                    positions = wanted.positions(connection, cursor.as_ref(), end, most)?;
                    positions.retain(|position| !known.delta.has(kind, &position.id));
                }
            }
            if asks_for_rows {
                changed.retain(|position| is_behind(position, cursor.as_ref(), end));
                positions.extend(changed);
                positions.sort();
            }
            Ok(select::cut(positions, total, paging.limit, end).map(|position| position.id))
        });
        Ok(answer)
    }

    /// Returns a page of the records with a derived term; nothing where the file cannot answer.
    ///
    /// # Errors
    /// `bad_cursor` (5).
    pub fn derived(
        &self,
        snapshot: &dyn Snapshot,
        kind: &'static Kind,
        term: &Term,
        paging: &Paging,
    ) -> Result<Option<Page<Position>>> {
        let cursor = paging.cursor.as_deref().map(Position::parse).transpose()?;
        let answer = self.with_derived(snapshot, |connection, known, derived| {
            let key = (kind.name, term.clone());
            let touched = derived.ids(kind);
            let mut positions = derived.after.get(&key).cloned().unwrap_or_default();
            let mut total = positions.len();
            positions.retain(|position| is_behind(position, cursor.as_ref(), End::First));
            if let Some((kept, count)) = lookup::term(connection, kind.name, term)? {
                let mut gone = 0;
                for position in derived.before.get(&key).into_iter().flatten() {
                    gone += usize::from(lookup::stands(connection, kept, position)?);
                }
                total += count.saturating_sub(gone);
                if paging.limit > 0
                    && let Some(wanted) = Wanted::of(connection, kind.name, &Select::with(term.clone()))?
                {
                    let most = paging.limit.saturating_add(1).saturating_add(touched.len());
                    let mut kept = wanted.positions(connection, cursor.as_ref(), End::First, most)?;
                    kept.retain(|position| !touched.contains(&position.id) && !known.delta.has(kind, &position.id));
                    positions.extend(kept);
                    positions.sort();
                }
            }
            Ok(select::cut(positions, total, paging.limit, End::First))
        });
        Ok(answer)
    }

    /// Returns the ids of a kind that begin like this, readable or not.
    pub fn starting(&self, snapshot: &dyn Snapshot, kind: &'static Kind, folded: &str) -> Option<Vec<Id>> {
        self.with(snapshot, FAR, |connection, known| {
            let mut ids = lookup::starting(connection, kind, folded)?;
            ids.retain(|id| !known.delta.has(kind, id));
            for (place, file) in &known.delta.files {
                let now = place.as_ref().filter(|(of, id)| *of == kind && id.folded().starts_with(folded));
                ids.extend(now.filter(|_| file.is_there.1).map(|(_, id)| id.clone()));
            }
            ids.sort();
            Ok(ids)
        })
    }

    /// Returns the files that should be records and are none, in the order of their paths.
    pub fn broken(&self, snapshot: &dyn Snapshot) -> Option<Vec<Broken>> {
        self.with(snapshot, FAR, |connection, known| {
            let mut broken = lookup::broken(connection)?;
            broken.retain(|file| !known.delta.broken.contains_key(&file.path));
            broken.extend(known.delta.broken.values().flatten().cloned());
            broken.sort();
            Ok(broken)
        })
    }

    /// Has the file brought up to date where it is far behind.
    pub fn prepare(&self, snapshot: &dyn Snapshot) {
        self.with(snapshot, FAR, |_, _| Ok(()));
    }

    fn with_derived<T>(
        &self,
        snapshot: &dyn Snapshot,
        ask: impl Fn(&Connection, &Known, &DerivedDelta) -> Attempt<T>,
    ) -> Option<T> {
        // The terms are found out before the file is read again: what they follow from is asked of it too.
        self.with(snapshot, FAR_DERIVED, |_, _| Ok(()))?;
        for _ in 0..2 {
            let _reading = Reading::begin(&self.file).ok()?;
            let known = self.known()?;
            if known.derived.get().is_none() {
                let derived = self.settle(DerivedDelta::of(&known.delta, snapshot))?;
                let _ = known.derived.set(derived);
            }
            let answer = self.with(snapshot, usize::MAX, |connection, known| {
                known.derived.get().map(|derived| ask(connection, known, derived)).transpose()
            })?;
            if answer.is_some() {
                return answer;
            }
        }
        None
    }

    /// Asks the file, in one transaction, with what differs from it.
    fn with<T>(
        &self,
        snapshot: &dyn Snapshot,
        far: usize,
        ask: impl Fn(&Connection, &Known) -> Attempt<T>,
    ) -> Option<T> {
        loop {
            let attempt = self.attempt(far, &ask);
            match self.settle(attempt)? {
                Step::Done(answer) => return Some(answer),
                Step::Again => {}
                Step::Behind => {
                    self.has_tried.set(true);
                    self.settle(self.catch_up(snapshot))?;
                }
            }
        }
    }

    fn attempt<T>(&self, far: usize, ask: impl Fn(&Connection, &Known) -> Attempt<T>) -> Attempt<Step<T>> {
        let connection = &self.file.connection;
        let reading = Reading::begin(&self.file)?;
        let tip = file::tip(connection)?;
        let known = match self.known().filter(|known| known.delta.from == tip) {
            Some(known) => known,
            // Nothing to find out, and so no need to let others write meanwhile.
            None if tip == self.commit => self.keep(Delta::nothing(tip)),
            None => {
                drop(reading);
                self.keep(Delta::between(self.store, tip, self.commit)?);
                return Ok(Step::Again);
            }
        };
        if known.delta.files.len() > far && !self.has_tried.get() {
            return Ok(Step::Behind);
        }
        ask(connection, &known).map(Step::Done)
    }

    fn keep(&self, delta: Delta) -> Rc<Known> {
        let known = Rc::new(Known { delta, derived: OnceCell::new() });
        *self.file.known.borrow_mut() = Some((self.commit, Rc::clone(&known)));
        known
    }

    /// Writes what differs into the file, where the commit is the tip and nobody else is at it.
    fn catch_up(&self, snapshot: &dyn Snapshot) -> Attempt<()> {
        let Some(known) = self.known() else { return Ok(()) };
        // Only what has landed is written down: a commit that a group is still making may never be.
        if self.store.tip()? != Some(self.commit) {
            return Ok(());
        }
        if known.derived.get().is_none() {
            let _ = known.derived.set(DerivedDelta::of(&known.delta, snapshot)?);
        }
        let Some(derived) = known.derived.get() else { return Ok(()) };
        // Where it cannot be written, it still answers.
        let _ = file::catch_up(self.store, &known.delta, derived, self.commit);
        Ok(())
    }

    /// Turns a failure into no answer: whoever asks reads the records. A file that is no good is taken away.
    fn settle<T>(&self, attempt: Attempt<T>) -> Option<T> {
        match attempt {
            Ok(answer) => Some(answer),
            Err(failure) => {
                file::give_up(self.store, &failure);
                None
            }
        }
    }
}

enum Step<T> {
    Done(T),
    Again,
    Behind,
}

fn is_behind(position: &Position, cursor: Option<&Position>, end: End) -> bool {
    cursor.is_none_or(|cursor| match end {
        End::First => position > cursor,
        End::Last => position < cursor,
    })
}
