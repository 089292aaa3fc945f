//! The questions that one moment of all records answers.
//!
//! The required methods are what any store of records can do; those with a body are answered by a scan, and an
//! index does them faster.

use std::sync::Arc;

use super::page::{Page, Paging};
use super::select::{self, End, Select};
use crate::base::{Error, Id, Result, id};
use crate::records::recipient::Recipient;
use crate::records::record::{Record, Typed, downcast};
use crate::records::task::TASK;
use crate::records::{Config, Kind, Position, Task, Term};

/// One moment of all records. Every answer of one snapshot is of the same moment.
pub trait Snapshot {
    /// Returns the record of a kind with exactly this id; nothing where there is none.
    ///
    /// # Errors
    /// `unreadable` where there is a file that is no record of this kind.
    fn find(&self, kind: &'static Kind, id: &str) -> Result<Option<Arc<dyn Record>>>;

    /// Returns whether there is a file for a record of a kind with exactly this id, readable or not.
    fn contains(&self, kind: &'static Kind, id: &str) -> Result<bool>;

    /// Returns the ids of all records of a kind, readable or not, in order.
    fn ids(&self, kind: &'static Kind) -> Result<Vec<Id>>;

    /// Returns all readable records of a kind, in the order of their ids.
    fn scan(&self, kind: &'static Kind) -> Result<Vec<Arc<dyn Record>>>;

    /// Calls `visit` with all readable records of a kind, in the order of their ids. They are not kept, however many.
    ///
    /// # Errors
    /// Those of `visit`, and whatever cannot be read.
    fn visit(&self, kind: &'static Kind, visit: &mut dyn FnMut(Arc<dyn Record>) -> Result<()>) -> Result<()> {
        self.scan(kind)?.into_iter().try_for_each(visit)
    }

    /// Calls `visit` with the readable records of a kind, in any order; those in whose file none of these words stands
    /// may be left out.
    ///
    /// # Errors
    /// As [`visit`](Self::visit).
    fn visit_holding(
        &self,
        kind: &'static Kind,
        words: &[&str],
        visit: &mut dyn FnMut(Arc<dyn Record>) -> Result<()>,
    ) -> Result<()> {
        let _ = words;
        self.visit(kind, visit)
    }

    /// Returns the ids of the records of a kind whose file is there and cannot be read.
    fn broken(&self, kind: &'static Kind) -> Result<Vec<Id>> {
        let _ = kind;
        Ok(Vec::new())
    }

    /// Returns the ids of other records of a kind that cannot be read and in whose file this id stands.
    fn broken_naming(&self, kind: &'static Kind, id: &str) -> Result<Vec<Id>> {
        let _ = (kind, id);
        Ok(Vec::new())
    }

    /// Returns the ids of the messages that are linked for a recipient, oldest first, read or not.
    fn linked(&self, recipient: &Recipient) -> Result<Vec<Id>>;

    /// Returns whether a message is linked for a recipient.
    fn is_linked(&self, recipient: &Recipient, message: &Id) -> Result<bool> {
        Ok(self.linked(recipient)?.contains(message))
    }

    /// Returns all links to messages.
    fn links(&self) -> Result<Vec<(Recipient, Id)>>;

    /// Returns the ids of the messages that an agent has unread, oldest first.
    fn inbox(&self, agent: &str) -> Result<Vec<Id>> {
        super::inbox::unread(self, agent)
    }

    /// Returns what a file holds that is no record, as a value that lies beside a conflict; nothing where there is none, or
    /// where no such files are kept.
    fn file(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let _ = path;
        Ok(None)
    }

    /// Returns the settings of the team.
    fn config(&self) -> Result<Config>;

    /// Returns the id of the record that this id would collide with: the same without regard to case.
    fn twin(&self, kind: &'static Kind, id: &str) -> Result<Option<Id>> {
        let folded = id::fold(id);
        Ok(self.ids(kind)?.into_iter().find(|other| other.folded() == folded))
    }

    /// Returns a page of the ids of the readable records that are wanted, in the order of their kind.
    ///
    /// # Errors
    /// `bad_cursor` (5) where the cursor is none of this list.
    fn select(&self, kind: &'static Kind, wanted: &Select, paging: &Paging, end: End) -> Result<Page<Id>> {
        select::scanned(&self.scan(kind)?, wanted, paging, end)
    }

    /// Returns the ids of all readable records that are wanted, in order.
    fn under(&self, kind: &'static Kind, wanted: &Select) -> Result<Vec<Id>> {
        let mut ids = self.select(kind, wanted, &Paging { limit: usize::MAX, cursor: None }, End::First)?.items;
        ids.sort();
        Ok(ids)
    }

    /// Returns how many readable records are wanted.
    fn count(&self, kind: &'static Kind, wanted: &Select) -> Result<usize> {
        Ok(self.select(kind, wanted, &Paging { limit: 0, cursor: None }, End::First)?.total)
    }

    /// Returns the positions of the records with a term that is derived from other records as well; nothing where
    /// such terms are not kept here, and have to be found out.
    fn derived(&self, kind: &'static Kind, term: &Term, paging: &Paging) -> Result<Option<Page<Position>>> {
        let _ = (kind, term, paging);
        Ok(None)
    }

    /// Returns the ids that begin like this, without regard to case.
    fn starting(&self, kind: &'static Kind, folded: &str) -> Result<Vec<Id>> {
        Ok(self.ids(kind)?.into_iter().filter(|id| id.folded().starts_with(folded)).collect())
    }

    /// Returns the tasks that name this one as their parent, in the order of their ids.
    fn children(&self, task: &str) -> Result<Vec<Task>> {
        load(self, &self.under(&TASK, &Select::with(Term::new("parent", task)))?)
    }
}

/// Returns the record of the kind `T` with this id; nothing where there is none.
///
/// # Errors
/// `unreadable` where there is a file that is no record of this kind.
pub fn find<T: Typed>(snapshot: &(impl Snapshot + ?Sized), id: &str) -> Result<Option<T>> {
    Ok(snapshot.find(T::KIND, id)?.as_ref().and_then(downcast::<T>).cloned())
}

/// Returns the record of the kind `T` with this id.
///
/// # Errors
/// `not_found` where there is none, `unreadable` where there is a file that is no record of this kind.
pub fn get<T: Typed>(snapshot: &(impl Snapshot + ?Sized), id: &str) -> Result<T> {
    find(snapshot, id)?.ok_or_else(|| missing(T::KIND, id))
}

/// Returns all readable records of the kind `T`, in the order of their ids.
pub fn all<T: Typed>(snapshot: &(impl Snapshot + ?Sized)) -> Result<Vec<T>> {
    Ok(snapshot.scan(T::KIND)?.iter().filter_map(downcast::<T>).cloned().collect())
}

/// Returns the records of the kind `T` with these ids, in their order; those that are gone or cannot be read are left out.
///
/// # Errors
/// Whatever the snapshot cannot read, but for files that are no records.
pub fn load<T: Typed>(snapshot: &(impl Snapshot + ?Sized), ids: &[Id]) -> Result<Vec<T>> {
    let mut records = Vec::with_capacity(ids.len());
    for id in ids {
        match find::<T>(snapshot, id) {
            Ok(found) => records.extend(found),
            Err(error) if matches!(error.code(), "unreadable" | "too_large") => {}
            Err(error) => return Err(error),
        }
    }
    Ok(records)
}

/// Makes the error for a record that does not exist.
pub fn missing(kind: &Kind, id: &str) -> Error {
    let shown = crate::base::text::excerpt(id, 60);
    Error::not_found(format!("there is no {} {shown}", kind.name)).detail("kind", kind.name).detail("id", id)
}
