//! One moment of all records, what may change in it, and what happened between two moments.
//!
//! A [`Snapshot`] answers questions; a [`Changeset`] says what an operation wants to be different; an
//! [`event::Event`] says what was. How a moment is stored is the business of `store`.

pub mod changeset;
pub mod event;
pub mod inbox;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
pub mod merged;
pub mod overlay;
pub mod page;
pub mod rotation;
pub mod search;
pub mod select;
pub mod snapshot;
pub mod telling;

pub use changeset::{Changeset, Edit, Warning};
pub use event::Event;
pub use overlay::Overlay;
pub use page::{Page, Paging};
pub use rotation::Rotation;
pub use select::{End, Select};
pub use snapshot::{Snapshot, all, find, get, load};
