//! What is left of a state whose objects or whose ref are damaged, and how it becomes whole again.
//!
//! `survey` finds what is missing or broken, `traces` where else the state has left its marks. `replay` makes the history
//! again without what cannot be read, and `losses` says what that has cost. `packs` has git open its packs again. `backup` keeps what nothing will refer to
//! any more, `replace` moves the ref, and `strip` takes out of a tree what git would refuse. Which state is wanted,
//! and what is a record in it, is the business of `session::mend`.

mod backup;
mod losses;
mod packs;
mod replace;
mod replay;
mod strip;
mod survey;
mod traces;

pub use backup::Backup;
pub use losses::Loss;
pub use replace::Written;
pub(super) use replace::draft_of;
pub use replay::{Fate, Replay};
pub use strip::Removal;
pub(super) use strip::draft_without;
pub use survey::{Flaw, Place};
pub use traces::{Left, Seen, Trace};
