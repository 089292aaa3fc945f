//! The lists that follow from how records hang together: what is ready, what is blocked, what waits, who is at it.
//!
//! Where the snapshot keeps derived terms they are looked up; elsewhere they are found out once, by reading all records.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::graph::{Graph, Node, Reason, Standing};
use super::{derive, whole::Whole};
use crate::base::{Id, Result, Timestamp};
use crate::records::record::Typed;
use crate::records::status::STATUS;
use crate::records::task::TASK;
use crate::records::{Kind, Position, StatusEntry, Task, Term};
use crate::state::{End, Page, Paging, Select, Snapshot, load, select};

/// The most tasks that are looked at at once for the first that can be taken.
const AT_ONCE: usize = 16;

/// The derived lists of one moment.
pub struct Lists<'a> {
    snapshot: &'a dyn Snapshot,
    found: RefCell<BTreeMap<&'static str, BTreeMap<Term, Vec<Position>>>>,
}

impl<'a> Lists<'a> {
    /// Returns the lists of a moment.
    pub fn of(snapshot: &'a dyn Snapshot) -> Self {
        Lists { snapshot, found: RefCell::default() }
    }

    /// Returns a page of the records with a derived term.
    ///
    /// # Errors
    /// `bad_cursor` (5), and whatever the snapshot cannot read.
    pub fn page(&self, kind: &'static Kind, term: &Term, paging: &Paging) -> Result<Page<Position>> {
        if let Some(page) = self.snapshot.derived(kind, term, paging)? {
            return Ok(page);
        }
        if !self.found.borrow().contains_key(kind.name) {
            let mut terms: BTreeMap<Term, Vec<Position>> = BTreeMap::new();
            Whole::of(self.snapshot, kind)?
                .each(kind, |having| terms.entry(having.term).or_default().push(having.position))?;
            terms.values_mut().for_each(|positions| positions.sort());
            self.found.borrow_mut().insert(kind.name, terms);
        }
        let found = self.found.borrow();
        let all = found.get(kind.name).and_then(|terms| terms.get(term)).map(Vec::as_slice).unwrap_or_default();
        select::page(all, paging)
    }

    /// Returns all records of the kind `T` with a derived term, in their order.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read.
    pub fn all<T: Typed>(&self, term: &'static str) -> Result<Vec<T>> {
        let all = Paging { limit: usize::MAX, cursor: None };
        load(self.snapshot, &ids(self.page(T::KIND, &Term::flag(term), &all)?.items))
    }

    /// Returns how many records have a derived term.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read.
    pub fn count(&self, kind: &'static Kind, term: &Term) -> Result<usize> {
        Ok(self.page(kind, term, &Paging { limit: 0, cursor: None })?.total)
    }

    /// Returns a page of the tasks that can be claimed now, the most important and oldest first.
    ///
    /// # Errors
    /// `bad_cursor` (5), and whatever the snapshot cannot read.
    pub fn ready(&self, now: Timestamp, paging: &Paging) -> Result<Page<Id>> {
        let more = Paging { limit: paging.limit.saturating_add(1), cursor: paging.cursor.clone() };
        let Page { items: mut positions, total, .. } = self.page(&TASK, &Term::flag(derive::READY), &more)?;
        let all = Paging { limit: usize::MAX, cursor: None };
        let due = self.page(&TASK, &Term::flag(derive::DUE), &all)?.items;
        let due = due.into_iter().take_while(|position| position.rank <= now.millis()).map(|position| position.id);
        let due: Vec<Task> = load(self.snapshot, &due.collect::<Vec<_>>())?;
        let total = total + due.len();
        let cursor = paging.cursor.as_deref().map(Position::parse).transpose()?;
        let due = due.iter().map(|task| Position { rank: task.rank(), id: task.id.clone() });
        positions.extend(due.filter(|position| cursor.as_ref().is_none_or(|cursor| position > cursor)));
        positions.sort();
        Ok(select::cut(positions, total, paging.limit, End::First).map(|position| position.id))
    }

    /// Returns the first task that can be claimed now and that is `wanted`.
    ///
    /// # Errors
    /// What `wanted` returns, and whatever the snapshot cannot read.
    pub fn first_ready(&self, now: Timestamp, wanted: impl Fn(&Task) -> Result<bool>) -> Result<Option<Task>> {
        let mut paging = Paging { limit: AT_ONCE, cursor: None };
        loop {
            let page = self.ready(now, &paging)?;
            for task in load::<Task>(self.snapshot, &page.items)? {
                // A list that somebody has spoiled must not give away what cannot be taken.
                let graph = Graph::around(self.snapshot, &task)?;
                if graph.standing(&Node::of(&task), now) == Standing::Ready && wanted(&task)? {
                    return Ok(Some(task));
                }
            }
            if page.next_cursor.is_none() {
                return Ok(None);
            }
            paging.cursor = page.next_cursor;
        }
    }

    /// Returns a page of the open tasks that cannot go on, with the reasons, the most important and oldest first.
    ///
    /// # Errors
    /// `bad_cursor` (5), and whatever the snapshot cannot read.
    pub fn blocked(&self, paging: &Paging) -> Result<Page<(Task, Vec<Reason>)>> {
        let Page { items, total, next_cursor } = self.page(&TASK, &Term::flag(derive::BLOCKED), paging)?;
        let mut blocked = Vec::with_capacity(items.len());
        for task in load::<Task>(self.snapshot, &ids(items))? {
            let reasons = Graph::around(self.snapshot, &task)?.reasons(&Node::of(&task));
            blocked.push((task, reasons));
        }
        Ok(Page { items: blocked, total, next_cursor })
    }
}

/// Returns the tasks that somebody holds, in the order of their ids.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn claimed(snapshot: &(impl Snapshot + ?Sized)) -> Result<Vec<Task>> {
    load(snapshot, &snapshot.under(&TASK, &Select::with(Term::flag("claimed")))?)
}

/// Returns the task that a claim of this id holds.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn carrying(snapshot: &(impl Snapshot + ?Sized), claim: &str) -> Result<Option<Task>> {
    Ok(load(snapshot, &snapshot.under(&TASK, &Select::with(Term::new("claim", claim)))?)?.into_iter().next())
}

/// Returns the status entries that name a task, in the order of their ids.
///
/// # Errors
/// Whatever the snapshot cannot read.
pub fn entries_of(snapshot: &(impl Snapshot + ?Sized), task: &Id) -> Result<Vec<StatusEntry>> {
    load(snapshot, &snapshot.under(&STATUS, &Select::with(Term::new("task", task.folded())))?)
}

fn ids(positions: Vec<Position>) -> Vec<Id> {
    positions.into_iter().map(|position| position.id).collect()
}
