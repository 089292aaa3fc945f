//! The questions that one moment of all records answers.
//!
//! The required methods are what any store of records can do; those with a body are answered by a scan, and an
//! index does them faster.

use std::sync::Arc;

use crate::base::{Error, Id, Result, id};
use crate::records::recipient::Recipient;
use crate::records::record::{Record, Typed, downcast};
use crate::records::{Config, Kind, Task};

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

    /// Returns the ids of the messages that an agent has unread, oldest first.
    fn inbox(&self, agent: &str) -> Result<Vec<Id>> {
        super::inbox::unread(self, agent)
    }

    /// Returns the settings of the team.
    fn config(&self) -> Result<Config>;

    /// Returns the id of the record that this id would collide with: the same without regard to case.
    fn twin(&self, kind: &'static Kind, id: &str) -> Result<Option<Id>> {
        let folded = id::fold(id);
        Ok(self.ids(kind)?.into_iter().find(|other| other.folded() == folded))
    }

    /// Returns the tasks that name this one as their parent, in the order of their ids.
    fn children(&self, task: &str) -> Result<Vec<Task>> {
        let mut tasks = all::<Task>(self)?;
        tasks.retain(|child| child.parent.as_deref() == Some(task));
        Ok(tasks)
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

/// Makes the error for a record that does not exist.
pub fn missing(kind: &Kind, id: &str) -> Error {
    let shown = crate::base::text::excerpt(id, 60);
    Error::not_found(format!("there is no {} {shown}", kind.name)).detail("kind", kind.name).detail("id", id)
}
