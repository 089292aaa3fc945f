//! Two machines come together: what a remote has comes in, what is here goes out.
//!
//! ```text
//! ask ─► fetch ─► look at it ─► merge ─► push by commit id, without force ─► note what the remote has
//!  ▲                                              │
//!  └────────── somebody else was first ◄──────────┘
//! ```
//!
//! [`round`] is that loop, [`folded`] brings in what plain `git fetch` has left, [`presence`] tells and hears who is alive, [`remotes`] says with
//! whom, and [`claim`] has the remote decide who gets a task. What becomes of
//! two heads is decided in `session::arrive`, and below it in `merge`.

pub mod claim;
mod coming;
pub mod folded;
mod inflight;
mod look;
pub mod presence;
pub mod remotes;
pub mod round;
mod silence;

pub use claim::{catch_up, transact};
pub use folded::fold_in;
pub use round::{Done, LostClaim, sync, sync_within};
